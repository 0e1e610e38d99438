// Just enough of the ustar header (POSIX.1-2017, pax, "ustar Interchange Format") to prove that a
// member's data begins where libarchive seems to stand. Reads nothing else of a tar.
#pragma once

#include <cstdint>

namespace fsi {

/// True when the 512 bytes before `offset` of the file `fd` are a tar header with a right checksum, for
/// a file of `size` bytes, or of more than its octal field can hold (the size is then in a pax record).
bool tar_data_begins_at(int fd, uint64_t offset, uint64_t size);

}  // namespace fsi
