// Is this drive mounted, and where? A mounted disc must not be written: the file system would keep what it has cached.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace rec {

/// Where the block device is mounted, in the mount namespace of this process. Empty when it is not, or is no block device.
std::vector<std::string> mount_points(const std::string& node);

/// The same from the text of a mountinfo file (proc(5)) for a device number.
std::vector<std::string> mount_points_in(std::string_view mountinfo, unsigned major, unsigned minor);

}  // namespace rec
