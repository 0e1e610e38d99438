// ISO 9660 as a format writer: primary volume descriptor, path tables and directories, with Rock Ridge
// when the volume wants it. The hierarchy itself is hierarchy.h, which Joliet uses too.
#pragma once

#include <memory>

#include "libfsi/layout/layout.h"
#include "libfsi/layout/recorded_names.h"
#include "libfsi/layout/volume.h"

namespace fsi {

/// A format that shows the tree as directories and names. Order of calls: prepare(), regions(),
/// then measuring, assigning and rendering through the regions.
class HierarchyWriter : public FormatWriter, public RecordedNames {};

/// `tree`, `volume` and `layout` must outlive the writer; the layout is read only by render().
/// `descriptor_at`: sector of the primary volume descriptor, relative to the session start; `enhanced_at`: of the enhanced
/// one, which only ISO 9660:1999 has (iso_level 4): it points at the same hierarchy.
/// `checksums`: the region of the MD5 sums of libisofs, to which Rock Ridge then leads; null when there are none.
/// Throws Error{usage} when a text of the volume cannot be recorded (volume_texts.h).
/// prepare() throws Error{limit} for what ISO 9660 cannot hold (a file of 4 GiB and more below level 3, a
/// parent directory numbered above 65,535) and, when the volume is strict and has no Rock Ridge,
/// for a name that would have to change.
std::unique_ptr<HierarchyWriter> make_iso9660(const SourceTree& tree, const Volume& volume, const Layout& layout,
                                              uint64_t descriptor_at = 16, uint64_t enhanced_at = 17, const Region* checksums = nullptr);

/// The volume descriptor set terminator (ECMA-119 8.3).
std::unique_ptr<Region> make_set_terminator(uint64_t descriptor_at);

}  // namespace fsi
