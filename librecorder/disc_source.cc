// A disc in a drive as a SectorSource: READ(10) alone, so that what comes is what the disc holds, not what the kernel cached.
#include <algorithm>
#include <mutex>

#include "librecorder/content.h"
#include "librecorder/open_drive.h"

namespace rec {

using fsi::kSectorSize;

namespace {
class DiscInDrive final : public DiscSource {
 public:
  DiscInDrive(OpenDrive open, uint64_t sectors, fsi::Lba session_start)
      : open_(std::move(open)),
        sectors_(sectors),
        session_start_(session_start),
        at_once_(std::max<uint64_t>(open_.drive->transport().limits().max_bytes / kSectorSize, 1)) {}

  uint64_t sectors() const override { return sectors_; }
  std::string name() const override { return open_.drive->name(); }
  fsi::Lba session_start() const override { return session_start_; }

  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    const std::lock_guard lock(mutex_);  // a drive takes one command at a time
    for (uint64_t done = 0; done < range.count;) {
      const uint64_t count = std::min(range.count - done, at_once_);
      const auto lba = static_cast<fsi::Lba>(range.first + done);
      const Answer answer =
          open_.drive->read(lba, out.subspan(static_cast<size_t>(done) * kSectorSize, static_cast<size_t>(count) * kSectorSize));
      if (!answer.good() || answer.residual) open_.drive->fail("reading LBA " + std::to_string(lba), answer);
      done += count;
    }
  }

 private:
  OpenDrive open_;
  uint64_t sectors_;
  fsi::Lba session_start_;
  uint64_t at_once_;
  mutable std::mutex mutex_;
};

/// A CD track written at once ends in two run-out blocks that are counted and cannot be read; one written session-at-once
/// has none. Nothing but reading tells them apart.
uint64_t without_run_out(Drive& drive, uint64_t end) {
  std::vector<std::byte> sector(kSectorSize);
  for (int tries = 0; tries < 2 && end > 0; ++tries) {
    const Answer answer = drive.read(static_cast<fsi::Lba>(end - 1), sector);
    if (answer.good()) break;
    if (answer.outcome != Outcome::check || answer.sense.key == 4) drive.fail("reading the end of the last track", answer);
    --end;
  }
  return end;
}
}  // namespace

std::unique_ptr<DiscSource> disc_source(const DriveEntry& entry, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  const Medium medium = look_at_medium(*open.drive, stop);
  open.drive->enter(Phase::read);
  const auto unsuitable = [&](const std::string& why) {
    return fsi::Error(fsi::ErrorKind::unsuitable, entry.node, "reading the disc", why);
  };
  if (medium.state == MediumState::absent)
    throw unsuitable(medium.tray_open ? "the tray is open; put a disc in and close it" : "there is no disc in it; put one in");
  if (medium.state == MediumState::blank || medium.looks_blank) throw unsuitable("the disc is blank; there is nothing on it");
  if (medium.volume_end) return std::make_unique<DiscInDrive>(std::move(open), *medium.volume_end, medium.volume_start);
  uint64_t end = recorded_end(medium);
  if (end == 0) {
    // Pressed discs on drives that do not tell of tracks.
    const auto capacity = open.drive->capacity();
    if (capacity && capacity->block_length == kSectorSize && capacity->last_lba.get() != 0) end = uint64_t{capacity->last_lba} + 1;
  }
  const bool data = medium.tracks.empty() || medium.tracks.back().data;
  if (!data) throw unsuitable("the last track is audio; there are no sectors of 2048 bytes to read");
  if (end && is_cd(medium.profile) && !(medium.tracks.size() && medium.tracks.back().packet)) end = without_run_out(*open.drive, end);
  if (end == 0) throw unsuitable("nothing is recorded on the disc that can be read");
  return std::make_unique<DiscInDrive>(std::move(open), end, last_session_start(medium));
}

}  // namespace rec
