// Reading file data while the image streams: exactly the promised bytes, and the truth about
// what was not as promised.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "libfsi/source/tree.h"

namespace fsi {

enum class DriftKind : uint8_t { shrank = 1, grew = 2, vanished = 3, failed = 4 };

/// A file that was not what the scan promised.
struct Drift {
  ContentId content = kNone;
  DriftKind kind = DriftKind::failed;
  uint64_t promised = 0;
  uint64_t found = 0;  ///< its size now, or how far it could be read
  int error = 0;       ///< errno of vanished and failed
};

/// One per thread; keeps the last directory and file open. Reads never throw for a file's sake.
class ContentReader {
 public:
  explicit ContentReader(const SourceTree& tree);
  ~ContentReader();
  ContentReader(const ContentReader&) = delete;
  ContentReader(ContentReader&&) noexcept;

  /// Fills `out` with the bytes [offset, offset + out.size()) of the content, which lie inside its
  /// promised size. What is not there becomes zeros and is reported, by each call that meets it; that
  /// a file grew is seen by the call that reads its end, and by direct() and check().
  std::optional<Drift> read(ContentId id, uint64_t offset, std::span<std::byte> out);

  /// A descriptor of the regular file that holds the content, and the content's offset in it, for
  /// cloning and splicing; fd -1 when it has none or drifted. Valid until the next call.
  struct Direct {
    int fd = -1;
    uint64_t offset = 0;
    std::optional<Drift> drift;
  };
  Direct direct(ContentId id);

  /// Looks at the size only: for contents that are never read because they were promised empty.
  std::optional<Drift> check(ContentId id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fsi
