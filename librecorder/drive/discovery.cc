#include "librecorder/drive/discovery.h"

#include <libudev.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

namespace rec {

namespace {
namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  line.erase(line.find_last_not_of(" \t\r\n") + 1);
  return line;
}

bool is_sr(std::string_view name) {
  return name.size() > 2 && name.substr(0, 2) == "sr" && name.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

/// What sysfs has about a block device `name`.
FoundDrive described(const std::string& sys, const std::string& name, std::string node) {
  const fs::path device = fs::path(sys) / "block" / name / "device";
  FoundDrive found{std::move(node), {}, first_line(device / "vendor"), first_line(device / "model"), first_line(device / "rev"), {}};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(device / "scsi_generic", none))
    found.sg_node = "/dev/" + entry.path().filename().string();
  return found;
}

/// sr2 before sr10.
void sort_by_name(std::vector<FoundDrive>& drives) {
  std::sort(drives.begin(), drives.end(), [](const FoundDrive& a, const FoundDrive& b) {
    return a.node.size() != b.node.size() ? a.node.size() < b.node.size() : a.node < b.node;
  });
}

template <auto unref>
struct Unref {
  template <class T>
  void operator()(T* p) const {
    unref(p);
  }
};
}  // namespace

std::vector<FoundDrive> find_drives_in_sysfs(const std::string& sys) {
  std::vector<FoundDrive> out;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(fs::path(sys) / "block", none)) {
    const std::string name = entry.path().filename().string();
    if (is_sr(name)) out.push_back(described(sys, name, "/dev/" + name));
  }
  sort_by_name(out);
  return out;
}

std::vector<FoundDrive> find_drives() {
  const std::unique_ptr<udev, Unref<udev_unref>> context(udev_new());
  if (!context) return find_drives_in_sysfs("/sys");
  const std::unique_ptr<udev_enumerate, Unref<udev_enumerate_unref>> list(udev_enumerate_new(context.get()));
  if (!list || udev_enumerate_add_match_subsystem(list.get(), "block") < 0 || udev_enumerate_scan_devices(list.get()) < 0)
    return find_drives_in_sysfs("/sys");
  std::vector<FoundDrive> out;
  for (auto* entry = udev_enumerate_get_list_entry(list.get()); entry; entry = udev_list_entry_get_next(entry)) {
    const std::unique_ptr<udev_device, Unref<udev_device_unref>> device(
        udev_device_new_from_syspath(context.get(), udev_list_entry_get_name(entry)));
    if (!device) continue;
    const char* name = udev_device_get_sysname(device.get());
    const char* node = udev_device_get_devnode(device.get());
    const char* cdrom = udev_device_get_property_value(device.get(), "ID_CDROM");
    // Where no udev daemon runs there are no properties; the kernel's name still says it.
    if (name && node && (is_sr(name) || (cdrom && std::string_view(cdrom) == "1"))) {
      out.push_back(described("/sys", name, node));
      const char* serial = udev_device_get_property_value(device.get(), "ID_SERIAL_SHORT");
      if (serial) out.back().serial = serial;
    }
  }
  sort_by_name(out);
  return out;
}

}  // namespace rec
