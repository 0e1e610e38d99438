// What boots, from the options of an image to its writers: the part of the recipe (fsi.cc) that an image without boot
// images does not have.
#pragma once

#include <memory>
#include <optional>

#include "libfsi/eltorito/eltorito.h"
#include "libfsi/fsi.h"
#include "libfsi/hybrid/hybrid.h"

namespace fsi {

/// The boot options with the EFI system partition that is made of a folder. Throws Error{usage} for what cannot be together.
BootOptions complete_boot(const ImageOptions& options);

/// Puts the boot catalog into the tree when it is to be seen there. Throws Error{usage} when the place is taken.
std::optional<CatalogFile> add_boot_catalog(const BootOptions& boot, Time time, TreeBuilder& tree);

struct BootWriters {
  std::unique_ptr<ElTorito> el_torito;  ///< null when nothing boots
  std::unique_ptr<Hybrid> hybrid;       ///< null when no disk is to boot; refers to el_torito
};
BootWriters make_boot_writers(const HybridOptions& hybrid, const BootOptions& boot, const CatalogFile* catalog, const Volume& volume,
                              const SourceTree& tree, const Layout& layout);

}  // namespace fsi
