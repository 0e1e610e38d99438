// A stream copied to a temporary file first, so that its length is known and no slow sender can hold up the drive.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "librecorder/pipeline/input.h"

namespace rec {

class Ring;

/// Called now and then with the bytes copied so far.
using SpoolProgress = std::function<void(uint64_t)>;

/// Copies all of `input` into a file without a name in $TMPDIR, else /var/tmp. `expected`: bytes that are known to come; the
/// room for them is made sure of before the first is copied. Throws Error (no_space, source, interrupted).
std::unique_ptr<FileInput> spool(Input& input, std::optional<uint64_t> expected, const SpoolProgress& progress,
                                 const std::stop_token& stop);
/// The same from a ring that is being filled, to its end. `name`: of the source.
std::unique_ptr<FileInput> spool(Ring& ring, const std::string& name, std::optional<uint64_t> expected, const SpoolProgress& progress,
                                 const std::stop_token& stop);

}  // namespace rec
