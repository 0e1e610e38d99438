// Permission rules in the manner of chmod: octal numbers and symbolic clauses. Knows only mode bits.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace fsi {

/// Comma-separated clauses, applied in order. Each is an octal number (`644`), or who, operator and
/// permissions (`a+rX`, `u=rw`, `go-w`, `g=u`, `+t`); no who means all, whatever the umask. A clause
/// after `D` holds for directories only, after `F` for everything else (`D755,F644`). Symbolic links
/// are never touched. Immutable, thread-safe.
class ModeRule {
 public:
  /// Throws Error{usage} that names the clause.
  static ModeRule parse(std::string_view text);

  uint16_t apply(uint16_t mode, bool is_directory) const;

 private:
  struct Step {
    bool directories, files;
    bool octal;
    char op;        // + - =
    uint16_t who;   // mask of the bits that the who letters own
    uint16_t bits;  // r w x s t of all classes, cut by `who` when applied; octal: the mode
    bool x_if_any;  // X
    char copy;      // u, g or o: permissions copied from that class, else 0
  };
  std::vector<Step> steps_;
};

}  // namespace fsi
