// What a program may expect of its standard streams, and how it speaks: the same in mkimage, burn and verify.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace tool {

/// Takes the place of streams that are closed, so that no file that is opened later gets their numbers and the words meant for
/// them: reading and writing there fails, but for standard error, where nobody listens. Call first.
void keep_standard_streams();

/// To standard error. Whether somebody can hear it or not, the work goes on: a full disk or a closed pipe there must not cost a disc.
void say(std::string_view text) noexcept;
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say(std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

/// The last line of one that fails.
void complain(std::string_view tool, std::string_view what) noexcept;

}  // namespace tool
