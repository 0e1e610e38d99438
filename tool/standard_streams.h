// What a program may expect of its standard streams, and the last word of one that fails: the same in mkimage, burn and verify.
#pragma once

#include <string_view>

namespace tool {

/// Takes the place of streams that are closed, so that no file that is opened later gets their numbers and the words meant for
/// them: reading and writing there fails, but for standard error, where nobody listens. Call first.
void keep_standard_streams();

/// One line on standard error. That it cannot be written is no further error.
void complain(std::string_view tool, std::string_view what) noexcept;

}  // namespace tool
