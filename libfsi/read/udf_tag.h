// What can be wrong with the tag of a descriptor (ECMA-167 3/7.2), and the one way in which it is said.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libfsi/disc/ecma167.h"
#include "libfsi/read/issue.h"

namespace fsi {

// A set of faults.
using TagFaults = unsigned;
inline constexpr TagFaults kTagKind = 1, kTagChecksum = 2, kTagCrc = 4, kTagVersion = 8, kTagLocation = 16;
/// What stands behind the tag cannot be believed.
constexpr bool damaged(TagFaults faults) { return faults & (kTagKind | kTagChecksum | kTagCrc); }

/// Checks the tag at the beginning of `bytes`, which are all the bytes that the descriptor may have. `third_edition`:
/// the volume says NSR03; empty: not known.
TagFaults check_tag(std::span<const std::byte> bytes, disc::TagId wanted, uint32_t location, std::optional<bool> third_edition);

/// Where a descriptor is, for issues.
struct DescriptorPlace {
  std::string_view name;  ///< "file entry", ...
  std::string_view path;  ///< what it describes; may be empty
  uint64_t sector = 0;    ///< absolute, of 2048 bytes
  uint32_t location = 0;  ///< block, as its tag should say
  bool of_files = false;  ///< part 4 of ECMA-167 instead of part 3
};

/// One issue for each fault. `needed`: what it describes cannot be believed when it is damaged; there is no copy.
void report_tag(TagFaults faults, std::span<const std::byte> bytes, const DescriptorPlace& place, IssueLog& log, bool needed = true);

}  // namespace fsi
