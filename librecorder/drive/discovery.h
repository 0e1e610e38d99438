// Which optical drives the machine has, in a steady order. Looks into udev and sysfs and opens no drive.
#pragma once

#include <string>
#include <vector>

namespace rec {

struct FoundDrive {
  std::string node;                       ///< "/dev/sr0"
  std::string sg_node;                    ///< "/dev/sg1", its generic twin; empty when there is none
  std::string vendor, product, revision;  ///< as the kernel remembers the INQUIRY
  std::string serial;                     ///< as udev found it; empty when it is not known without asking the drive
};

/// By name: sr0, sr1, … sr10. libudev; without it the same from sysfs. An empty list is an answer.
std::vector<FoundDrive> find_drives();

/// The fallback, with the mount point of sysfs for tests.
std::vector<FoundDrive> find_drives_in_sysfs(const std::string& sys);

}  // namespace rec
