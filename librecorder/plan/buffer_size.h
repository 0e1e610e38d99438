// How large the ring between source and drive is when nobody says it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace rec {

/// Bytes that let the slowest speed (bytes of user data a second, 0: not known) go on through half a minute of silence, or,
/// where an empty buffer spoils the disc, as long as Pacer::kProofTime and a bit. From 64 to 640 MiB.
inline size_t buffer_size(uint64_t slowest, bool may_stop) {
  constexpr uint64_t kLeast = uint64_t{64} << 20, kMost = uint64_t{640} << 20;
  return static_cast<size_t>(std::clamp(slowest * (may_stop ? 32 : 80), kLeast, kMost));
}

}  // namespace rec
