// Symbolic links as path components (ECMA-167 4/14.16).
#pragma once

#include <string>
#include <string_view>

namespace fsi::udf {

/// The data of a symbolic link that points at `target`.
std::string link_components(std::string_view target);

/// The target that a reader makes of the data; `target` again when it could be recorded as it is.
std::string target_of_components(std::string_view components);

}  // namespace fsi::udf
