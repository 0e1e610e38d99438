// Where an image goes: a file that appears whole or not at all, or a stream.
#pragma once

#include <string>

#include "libfsi/image/image.h"
#include "libfsi/image/slabs.h"

namespace fsi {

/// Writes the image to `path` in parallel and seals it. The bytes go into a nameless file of the same
/// directory that takes the name only when it is complete: whatever stops the process, a file that was
/// there before is unharmed (it keeps its mode and owner in the new one). A symbolic link is followed. A
/// target that is not a regular file (a device, a fifo) is written as a stream.
/// Throws Error: no_space before the first byte when the file system is too small.
void write_image_file(const Image& image, const std::string& path, const SlabOptions& options);

/// Writes the image in order to a descriptor (pipe, socket, anything) with bounded memory, and seals it.
/// SIGPIPE is the caller's business; a closed pipe is an Error.
void write_image_stream(const Image& image, int fd, const std::string& name, const SlabOptions& options);

}  // namespace fsi
