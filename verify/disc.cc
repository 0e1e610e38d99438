#include "verify/disc.h"

namespace tool {

std::unique_ptr<const rec::DiscSource> open_disc(const std::string& drive, const std::stop_token& stop) {
  return rec::disc_source(rec::find_drive(drive), stop);
}

std::string drive_key(const std::string& drive) {
  const rec::DriveEntry entry = rec::find_drive(drive);
  return entry.block_node.empty() ? entry.node : entry.block_node;
}

}  // namespace tool
