// How a library tells of its progress and hears that it should stop. It never prints.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "libfsi/base/error.h"

namespace fsi {

struct ProgressEvent {
  std::string_view phase;    ///< "scanning", "writing", "closing", ...
  std::string_view current;  ///< the file or structure being worked on; may be empty
  uint64_t done = 0;         ///< sectors (scanning: items)
  uint64_t total = 0;        ///< 0 when not known yet
};

/// Called from one thread at a time, about twice a second and at each change of phase. May be empty.
using Progress = std::function<void(const ProgressEvent&)>;

/// A warning that does not stop the work: where, and the sentence. Called from one thread at a time.
using Warn = std::function<void(const std::string& where, const std::string& message)>;

inline void check_stop(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::interrupted, "", "", "interrupted");
}

}  // namespace fsi
