#include "librecorder/content.h"

#include <algorithm>

#include "librecorder/medium/probe.h"
#include "librecorder/plan/source_facts.h"
#include "librecorder/plan/superblock.h"

namespace rec {

using fsi::kSectorSize;

namespace {
/// As many of the sectors from `first` as can be read. What was never written may refuse to be.
std::vector<std::byte> readable(Drive& drive, uint64_t first, uint64_t count) {
  const uint64_t at_once = std::max<uint64_t>(std::min<uint64_t>(drive.transport().limits().max_bytes, 64 * 1024) / kSectorSize, 1);
  std::vector<std::byte> bytes(static_cast<size_t>(count) * kSectorSize);
  uint64_t done = 0;
  while (done < count) {
    const uint64_t now = std::min(at_once, count - done);
    const auto piece = std::span(bytes).subspan(static_cast<size_t>(done) * kSectorSize, static_cast<size_t>(now) * kSectorSize);
    const Answer answer = drive.read(static_cast<fsi::Lba>(first + done), piece);
    if (answer.outcome == Outcome::check && (answer.sense.key == 3 || answer.sense.key == 5 || answer.sense.key == 8)) break;
    if (!answer.good() || answer.residual) drive.fail("reading what is on the disc", answer);
    done += now;
  }
  bytes.resize(static_cast<size_t>(done) * kSectorSize);
  return bytes;
}

/// A further session has its own descriptors where it begins; those at the start of the disc are a copy.
fsi::Lba session_start(Drive& drive, const SourceFacts& at_start) {
  if (!at_start.path_table || *at_start.path_table < kDescriptorSectors * 2) return 0;
  constexpr int kMostTries = 128;
  uint64_t start = (*at_start.path_table - kDescriptorSectors) / kSessionUnit * kSessionUnit;
  for (int tries = 0; tries < kMostTries && start > 0; ++tries, start -= kSessionUnit) {
    std::vector<std::byte> head(kDescriptorSectors * kSectorSize);
    const auto descriptors = readable(drive, start + kDescriptorSectors, kDescriptorSectors);
    head.insert(head.end(), descriptors.begin(), descriptors.end());
    if (source_facts("", std::nullopt, head).path_table == at_start.path_table) return static_cast<fsi::Lba>(start);
  }
  return 0;
}
Medium look_once(Drive& drive, const std::stop_token& stop) {
  Medium medium = probe_medium(drive, stop);
  if (medium.state != MediumState::rewritable || (medium.status & kUnsupported)) return medium;
  if (medium.status & kFormatRequired) {
    medium.looks_blank = true;
    return medium;
  }
  const Phase phase = drive.phase();
  drive.enter(Phase::read);
  const auto head = readable(drive, 0, std::min<uint64_t>(kPeekSectors, medium.total_sectors));
  const SourceFacts facts = source_facts("", std::nullopt, head);
  auto end = facts.volume_sectors;
  if (!end && facts.volume_at_least) {
    end = facts.volume_at_least;
    const uint64_t behind = std::min<uint64_t>(kBehindPartition, medium.total_sectors - std::min(*end, medium.total_sectors));
    if (const auto last = end_by_anchor(head, *end, readable(drive, *end, behind))) end = last;
  }
  if (end && *end <= medium.total_sectors) {
    medium.volume_end = *end;
    medium.volume_start = session_start(drive, facts);
    const uint64_t next = (*end + kSessionUnit - 1) / kSessionUnit * kSessionUnit;
    if (next < medium.total_sectors) medium.next_writable = static_cast<fsi::Lba>(next);
  } else {
    medium.looks_blank = std::all_of(head.begin(), head.end(), [](std::byte b) { return b == std::byte{0}; });
    if (medium.looks_blank) medium.status |= kBlankMedium;
  }
  drive.enter(phase);
  return medium;
}
}  // namespace

Medium look_at_medium(Drive& drive, const std::stop_token& stop) {
  constexpr int kMostDiscs = 3;
  const Phase phase = drive.phase();
  for (int discs = 1;; ++discs) try {
      return look_once(drive, stop);
    } catch (const DriveError& e) {
      // The disc was changed meanwhile: what was seen so far is of another one.
      drive.enter(phase);
      if (discs == kMostDiscs || e.answer().outcome != Outcome::check || !e.answer().sense.is(6, 0x28)) throw;
    }
}

}  // namespace rec
