// Gzip streams (RFC 1952) with their checksums looked at: libarchive's own filter reads them but
// does not compare the CRC, so that damaged data would pass as good. Anything else goes through as it is.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace fsi {

class GzipStream {
 public:
  /// Reads from the descriptor's position; `name` is for messages. The descriptor stays the caller's.
  GzipStream(int fd, std::string name);
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;

  /// The next bytes; empty at the end. Valid until the next call. Throws Error{corrupt} on damage.
  std::span<const std::byte> next();
  /// Whether the stream is gzip: known after the first next().
  bool compressed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether the file begins like a gzip stream. `fd` is seekable; its position is not moved.
bool begins_like_gzip(int fd);

}  // namespace fsi
