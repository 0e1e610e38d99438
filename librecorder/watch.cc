// Drives that come and go: the list, taken again when udev says something or two seconds have passed, and compared.
#include <algorithm>

#include "librecorder/drive/hotplug.h"
#include "librecorder/drives.h"

namespace rec {

using namespace std::chrono_literals;

namespace {
constexpr auto kLookAgain = 2s;
constexpr auto kStopWithin = 200ms;

bool same_drive(const DriveEntry& a, const DriveEntry& b) { return a.node == b.node; }
/// A drive that is in use does not tell; what is in it afterwards is compared with what was in it before, by the caller's eyes.
bool same_medium(const DriveEntry& a, const DriveEntry& b) {
  if (!a.medium || !b.medium) return true;
  return a.medium->name == b.medium->name && a.medium->state == b.medium->state;
}
bool same_state(const DriveEntry& a, const DriveEntry& b) {
  return a.vendor == b.vendor && a.product == b.product && a.revision == b.revision && a.serial == b.serial &&
         a.mounted_at == b.mounted_at && a.in_use_by == b.in_use_by && same_medium(a, b);
}

std::vector<DriveChange> difference(const std::vector<DriveEntry>& before, const std::vector<DriveEntry>& after,
                                    const std::vector<std::string>& told) {
  using What = DriveChange::What;
  std::vector<DriveChange> out;
  const auto in = [](const std::vector<DriveEntry>& list, const DriveEntry& drive) {
    return std::find_if(list.begin(), list.end(), [&](const DriveEntry& other) { return same_drive(drive, other); });
  };
  for (const DriveEntry& drive : before)
    if (in(after, drive) == after.end()) out.push_back({What::removed, drive});
  for (const DriveEntry& drive : after) {
    const auto old = in(before, drive);
    if (old == before.end())
      out.push_back({What::added, drive});
    else if (!same_state(*old, drive) || std::find(told.begin(), told.end(), drive.node) != told.end())
      out.push_back({What::changed, drive});
  }
  return out;
}
}  // namespace

struct DriveMonitor::News {
  Hotplug hotplug;
};

// First the news, then the list: what happens between the two is told rather than lost.
DriveMonitor::DriveMonitor() : news_(std::make_unique<News>()), drives_(list_drives()) {}
DriveMonitor::~DriveMonitor() = default;

std::vector<DriveChange> DriveMonitor::wait(std::chrono::milliseconds at_most, const std::stop_token& stop) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + at_most;
  auto look = Clock::now() + kLookAgain;
  while (!stop.stop_requested()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(std::min(end, look) - Clock::now());
    const auto told = news_->hotplug.wait(std::clamp<std::chrono::milliseconds>(left, 0ms, kStopWithin));
    if (told.empty() && Clock::now() < std::min(end, look)) continue;
    auto now = list_drives();
    auto changes = difference(drives_, now, told);
    drives_ = std::move(now);
    if (!changes.empty() || Clock::now() >= end) return changes;
    look = Clock::now() + kLookAgain;
  }
  return {};
}

}  // namespace rec
