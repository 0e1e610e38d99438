// A disc in a drive as a SectorSource: READ(10) alone, so that what comes is what the disc holds, not what the kernel cached.
#include <algorithm>
#include <map>
#include <mutex>

#include "libfsi/base/wire.h"
#include "librecorder/medium/probe.h"
#include "librecorder/open_drive.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;
using fsi::kSectorSize;
using fsi::SectorRange;

namespace {
// Readers of directories ask for the same few sectors again and again, and a laser takes a tenth of a second to get there.
constexpr uint64_t kSmall = 16;
constexpr size_t kKept = 64 * 1024 * 1024;

class DiscInDrive final : public DiscSource {
 public:
  DiscInDrive(OpenDrive open, uint64_t sectors, std::vector<SectorRange> sessions, uint64_t run_out)
      : open_(std::move(open)),
        sectors_(sectors),
        sessions_(std::move(sessions)),
        run_out_(run_out),
        at_once_(std::max<uint64_t>(open_.drive->transport().limits().max_bytes / kSectorSize, 1)) {}

  uint64_t sectors() const override { return sectors_; }
  std::string name() const override { return open_.drive->name(); }
  const std::vector<SectorRange>& sessions() const override { return sessions_; }
  uint64_t run_out_sectors() const override { return run_out_; }

  std::chrono::nanoseconds now() const override { return open_.drive->transport().now(); }
  Effort effort() const override {
    const std::lock_guard lock(mutex_);
    return {open_.drive->resent(), open_.drive->recoveries()};
  }
  void give_up(SectorRange range) const override {
    const std::lock_guard lock(mutex_);
    lost_[range.first] = std::max(lost_[range.first], range.count);
  }

  void read(SectorRange range, std::span<std::byte> out) const override {
    const std::lock_guard lock(mutex_);  // a drive takes one command at a time
    if (take_kept(range, out)) return;
    refuse_lost(range);
    for (uint64_t done = 0; done < range.count;) {
      const uint64_t count = std::min(range.count - done, at_once_);
      read_once({range.first + done, count},
                out.subspan(static_cast<size_t>(done * kSectorSize), static_cast<size_t>(count * kSectorSize)));
      done += count;
    }
    keep(range, out);
  }

 private:
  void read_once(SectorRange range, std::span<std::byte> out) const {
    Drive& drive = *open_.drive;
    const Answer answer = drive.read(static_cast<fsi::Lba>(range.first), out);
    if (answer.good() && !answer.residual) return;
    const std::string doing = "reading LBA " + std::to_string(range.first);
    if (range.count == 1) lost_[range.first] = std::max<uint64_t>(lost_[range.first], 1);
    const DriveError error = drive_error(drive.name(), doing, answer, drive.phase());
    if (answer.good()) throw Error(ErrorKind::corrupt, drive.name(), doing, "the drive sent less than it was asked for");
    // No disc, another disc, no drive: what comes next would say nothing about this disc.
    const bool over =
        answer.outcome == Outcome::gone || (answer.outcome == Outcome::check && (answer.sense.is(2, 0x3A) || answer.sense.is(6, 0x28)));
    throw DriveError(over ? ErrorKind::unsuitable : ErrorKind::failed, error.where(), error.doing(), error.why(), answer);
  }

  void refuse_lost(SectorRange range) const {
    auto at = lost_.upper_bound(range.end() - 1);
    if (at == lost_.begin()) return;
    --at;
    if (at->first + at->second > range.first)
      throw Error(ErrorKind::failed, open_.drive->name(), "reading LBA " + std::to_string(range.first), "it could not be read before");
  }

  bool take_kept(SectorRange range, std::span<std::byte> out) const {
    if (range.count > kSmall) return false;
    const auto found = kept_.find({range.first, range.count});
    if (found == kept_.end()) return false;
    std::ranges::copy(found->second, out.begin());
    return true;
  }
  void keep(SectorRange range, std::span<const std::byte> bytes) const {
    if (range.count > kSmall) return;
    if ((kept_bytes_ += bytes.size()) > kKept) {
      kept_.clear();
      kept_bytes_ = bytes.size();
    }
    kept_[{range.first, range.count}].assign(bytes.begin(), bytes.end());
  }

  OpenDrive open_;
  const uint64_t sectors_;
  const std::vector<SectorRange> sessions_;
  const uint64_t run_out_, at_once_;
  mutable std::mutex mutex_;
  mutable std::map<uint64_t, uint64_t> lost_;  // first sector, count
  mutable std::map<std::pair<uint64_t, uint64_t>, std::vector<std::byte>> kept_;
  mutable size_t kept_bytes_ = 0;
};

/// A CD track written at once ends in two run-out blocks that are counted and cannot be read; one written session-at-once
/// has none. Nothing but reading tells them apart.
uint64_t without_run_out(Drive& drive, uint64_t end) {
  std::vector<std::byte> sector(kSectorSize);
  for (int tries = 0; tries < 2 && end > 0; ++tries) {
    const Answer answer = drive.read(static_cast<fsi::Lba>(end - 1), sector);
    if (answer.good()) break;
    if (answer.outcome == Outcome::gone) drive.fail("reading the end of the last track", answer);
    // A drive that stalls or is broken tells nothing about the track; the reader will find out.
    if (answer.outcome != Outcome::check || answer.sense.key == 4) return end;
    --end;
  }
  return end;
}

std::vector<SectorRange> sessions_of(const Medium& medium, uint64_t end) {
  std::map<uint16_t, uint64_t> starts;
  for (const Track& track : medium.tracks)
    if (!track.blank) starts.try_emplace(track.session, track.start);
  std::vector<SectorRange> sessions;
  for (const auto& [number, start] : starts) {
    if (start >= end) continue;
    if (!sessions.empty()) sessions.back().count = start - sessions.back().first;
    sessions.push_back({start, end - start});
  }
  if (sessions.empty()) sessions.push_back({0, end});
  return sessions;
}
}  // namespace

std::unique_ptr<DiscSource> disc_source(const DriveEntry& entry, const std::stop_token& stop) {
  OpenDrive open = open_drive(entry, Access::look);
  const Medium medium = probe_medium(*open.drive, stop);
  open.drive->enter(Phase::read);
  const auto unsuitable = [&](const std::string& why) { return Error(ErrorKind::unsuitable, entry.node, "reading the disc", why); };
  if (medium.state == MediumState::absent)
    throw unsuitable(medium.tray_open ? "the tray is open; put a disc in and close it" : "there is no disc in it; put one in");
  if (medium.state == MediumState::blank) throw unsuitable("the disc is blank; there is nothing on it");
  uint64_t end = recorded_end(medium);
  if (end == 0) {
    // Pressed discs on drives that do not tell of tracks.
    const auto capacity = open.drive->capacity();
    if (capacity && capacity->block_length == kSectorSize && capacity->last_lba.get() != 0) end = uint64_t{capacity->last_lba} + 1;
  }
  const bool data = medium.tracks.empty() || medium.tracks.back().data;
  if (!data) throw unsuitable("the last track is audio; there are no sectors of 2048 bytes to read");
  const uint64_t counted = end;
  if (end && is_cd(medium.profile) && !(medium.tracks.size() && medium.tracks.back().packet)) end = without_run_out(*open.drive, end);
  if (end == 0) throw unsuitable("nothing is recorded on the disc that can be read");
  return std::make_unique<DiscInDrive>(std::move(open), end, sessions_of(medium, end), counted - end);
}

}  // namespace rec
