// Standard input, output and error, as a program may have been started without them.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <string_view>
#include <utility>

namespace tool {

/// Takes the place of those that are closed, so that no file that is opened later gets their number: a message would be written into it.
/// What is read from or written to them fails, as it would without this. Call first.
void keep_standard_streams();

/// To standard error. Whether somebody can hear it or not, the work goes on: a full disk or a closed pipe there must not cost a disc.
void say(std::string_view text) noexcept;
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  say(std::string_view(fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace tool
