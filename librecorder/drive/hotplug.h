// Waits for drives to come, go and change their disc: the news of udev. It tells that something happened; what there is then,
// discovery.h says. Where no udev daemon runs nothing is ever told, and looking now and then must do.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct udev;
struct udev_monitor;

namespace rec {

class Hotplug {
 public:
  Hotplug();
  ~Hotplug();
  Hotplug(const Hotplug&) = delete;
  Hotplug& operator=(const Hotplug&) = delete;

  /// Nodes of block devices ("/dev/sr0") that were added, removed or have another disc; empty after `at_most`.
  std::vector<std::string> wait(std::chrono::milliseconds at_most);

 private:
  udev* udev_ = nullptr;
  udev_monitor* monitor_ = nullptr;
};

}  // namespace rec
