// Where the bytes of a track come from: a file, decoded audio, memory. Nothing of them is kept; whoever writes the disc reads them then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace rec::cd {

/// read() may be called from one thread at a time, in any order; reading forward is fast.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t bytes() const = 0;
  /// The whole of `out`, from `offset`; the range lies inside bytes(). Throws Error (source).
  virtual void read(uint64_t offset, std::span<std::byte> out) const = 0;
  /// Reads it through where only that can show whether it is whole: damage that is found in the midst of a burn costs the disc. Throws as
  /// read() does, and Error (interrupted).
  virtual void check(const std::stop_token&) const {}
  /// For messages.
  virtual std::string name() const = 0;
};

/// A file as it is. `swapped`: the two bytes of each 16-bit word change places, for audio whose samples begin with the most significant.
std::shared_ptr<ByteSource> open_file_bytes(const std::string& path, bool swapped = false);
std::shared_ptr<ByteSource> memory_bytes(std::vector<std::byte> bytes, std::string name);

}  // namespace rec::cd
