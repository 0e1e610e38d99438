// The one exception family of discpress. A library throws it where the fault is found;
// a tool turns it into one line: `tool: where: what was being done: why, and what to do`.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fsi {

/// What sort of fault it is. The tools derive their exit code from it.
enum class ErrorKind : unsigned char {
  failed,       ///< the work could not be done (exit 1)
  usage,        ///< the caller asked for something impossible (exit 2)
  differs,      ///< verify found differences (exit 3)
  unsuitable,   ///< the drive or the medium cannot take it (exit 4)
  interrupted,  ///< a stop was asked for (exit 130)
  limit,        ///< a number or name does not fit the format (exit 1)
  no_space,     ///< the target has too little room (exit 1)
  source,       ///< something in the source could not be read (exit 1)
  corrupt,      ///< structures read from a disc or archive are not legal (exit 1)
};

/// Thread-safe to copy; owns its text.
class Error : public std::runtime_error {
 public:
  /// `where`: the path or device. `what`: what was being done. `why`: the reason, and what to do.
  Error(ErrorKind kind, std::string where, std::string what, std::string why);

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& where() const noexcept { return where_; }
  const std::string& doing() const noexcept { return doing_; }
  const std::string& why() const noexcept { return why_; }

 private:
  ErrorKind kind_;
  std::string where_, doing_, why_;
};

/// An Error made of the current (or given) errno, e.g. "No such file or directory".
Error system_error(std::string where, std::string what, int error_number = errno, ErrorKind kind = ErrorKind::failed);

/// strerror, thread-safe.
std::string errno_text(int error_number);

/// The exit code of DESIGN 8 for a kind.
int exit_code(ErrorKind kind) noexcept;

/// A path made safe for one line of a message: control bytes and invalid UTF-8 become \xNN.
std::string printable(std::string_view text);

}  // namespace fsi
