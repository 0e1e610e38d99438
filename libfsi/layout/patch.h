// Bytes of a file that differ in the image from the file's own: what boot programs want to know of where they lie. The
// source is never written to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "libfsi/source/tree.h"

namespace fsi {

/// `bytes` instead of those from `offset` of the content on; they lie inside of its size. All names that share the content
/// show them, so a content is patched only when its names are hard links of one file (see own_boot_contents()).
struct Patch {
  ContentId content = kNone;
  uint64_t offset = 0;
  std::vector<std::byte> bytes;
};

/// `out` holds bytes from `offset` on of what `bytes` at `at` belong to: lays the common part over it.
inline void lay_over(std::span<std::byte> out, uint64_t offset, std::span<const std::byte> bytes, uint64_t at) {
  const uint64_t from = std::max(offset, at), to = std::min(offset + out.size(), at + bytes.size());
  if (from < to) std::memcpy(out.data() + (from - offset), bytes.data() + (from - at), to - from);
}

}  // namespace fsi
