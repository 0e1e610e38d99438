#include "librecorder/drive/hotplug.h"

#include <libudev.h>
#include <poll.h>

#include <thread>

namespace rec {

Hotplug::Hotplug() {
  udev_ = udev_new();
  if (!udev_) return;
  monitor_ = udev_monitor_new_from_netlink(udev_, "udev");
  if (!monitor_) return;
  udev_monitor_filter_add_match_subsystem_devtype(monitor_, "block", "disk");
  if (udev_monitor_enable_receiving(monitor_) < 0) {
    udev_monitor_unref(monitor_);
    monitor_ = nullptr;
  }
}

Hotplug::~Hotplug() {
  if (monitor_) udev_monitor_unref(monitor_);
  if (udev_) udev_unref(udev_);
}

std::vector<std::string> Hotplug::wait(std::chrono::milliseconds at_most) {
  if (!monitor_) {
    std::this_thread::sleep_for(at_most);
    return {};
  }
  std::vector<std::string> nodes;
  pollfd fd{udev_monitor_get_fd(monitor_), POLLIN, 0};
  if (poll(&fd, 1, static_cast<int>(at_most.count())) <= 0) return nodes;
  while (udev_device* device = udev_monitor_receive_device(monitor_)) {
    if (const char* node = udev_device_get_devnode(device)) nodes.emplace_back(node);
    udev_device_unref(device);
    if (poll(&fd, 1, 0) <= 0) break;
  }
  return nodes;
}

}  // namespace rec
