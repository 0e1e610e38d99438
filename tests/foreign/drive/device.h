// The virtual drive as the kernel would show it to a program: a descriptor that answers SG_IO, the ioctls of an optical drive, and plain
// reading and writing. All is asked of server.cc over a socket; shim.cc hands the calls of a program over. Test code only.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace device {

inline constexpr int kMostDescriptors = 4096;
inline constexpr off64_t kSector = 2048;

/// Which descriptors are the drive, and where reading goes on.
extern std::array<std::atomic<bool>, kMostDescriptors> ours;
extern std::array<std::atomic<off64_t>, kMostDescriptors> position;

bool is_ours(int fd);
/// SHIM_DEVICE, or a path that names a descriptor of ours.
bool is_path(const char* path);
/// A new descriptor; -1 and errno without one.
int open();

// As the system calls: -1 and errno.
int ioctl(int fd, unsigned long request, void* argument);
ssize_t read(int fd, void* to, size_t bytes, off64_t at);
ssize_t write(int fd, const void* from, size_t bytes, off64_t at);
int synchronize(int fd);

/// Sectors, as the kernel has it: READ CAPACITY, or how far the last track is recorded where that is more.
uint64_t capacity(int fd);

}  // namespace device
