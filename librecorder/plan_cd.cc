#include "librecorder/plan_cd.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "librecorder/cd/raw_image.h"
#include "librecorder/cd/time.h"
#include "librecorder/medium/finish.h"
#include "librecorder/pipeline/ring.h"
#include "librecorder/plan/buffer_size.h"
#include "librecorder/scsi/feature.h"
#include "librecorder/set_speed.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;

namespace {

Error unsuitable(const std::string& drive, const std::string& why) { return {ErrorKind::unsuitable, drive, "choosing how to burn", why}; }

std::string length_text(uint64_t sectors) { return cd::time_text(sectors) + " (" + std::to_string(sectors) + " sectors)"; }

void check_medium(const std::string& drive, const Medium& medium, CdMode mode) {
  if (medium.state == MediumState::absent)
    throw unsuitable(drive,
                     medium.tray_open ? "the tray is open; put a blank CD in and close it" : "there is no disc in it; put a blank CD in");
  if (!is_cd(medium.profile)) throw unsuitable(drive, "the disc is " + medium.name() + " and this needs a CD-R or CD-RW; take one");
  if (medium.state == MediumState::closed)
    throw unsuitable(
        drive, "the disc is not blank and closed; take a blank one" + std::string(medium.erasable ? ", or erase it: burn erase" : ""));
  if (medium.state != MediumState::blank && mode != CdMode::track_at_once)
    throw unsuitable(drive, "the disc is not blank, and " + std::string(cd_mode_name(mode)) + " needs one that is; take a blank one, " +
                                (medium.erasable ? "erase it (burn erase), " : "") + "or add tracks of audio with --mode tao");
  if (has_unended_track(medium))
    throw unsuitable(drive, "a burn before this one was not ended, and its track is open; end it with burn close --multi");
  if (!medium.next_writable) throw unsuitable(drive, "the drive tells no address to write at; take another disc");
}

/// What the drive says it can do with this disc; a drive that says nothing is asked by doing.
void check_drive(Drive& drive, CdPlan& plan) {
  const auto configuration = drive.configuration();
  if (!configuration) return;
  const bool tao = plan.mode == CdMode::track_at_once;
  const auto* feature = configuration->find(tao ? Feature::cd_track_at_once : Feature::cd_mastering);
  const uint8_t flags = feature && !feature->body.empty() ? std::to_integer<uint8_t>(feature->body[0]) : 0;
  const bool can =
      feature && feature->current && (tao || flags & (plan.mode == CdMode::raw_96 ? CdMasteringFeature::kRaw : CdMasteringFeature::kSao));
  if (!can)
    throw unsuitable(plan.drive, "this drive cannot write " + std::string(cd_mode_name(plan.mode)) + "; try " +
                                     (plan.mode == CdMode::raw_96 ? "--mode dao"
                                      : tao                       ? "--mode dao"
                                                                  : "--mode tao"));
  if (plan.simulate && !(flags & CdMasteringFeature::kTestWrite))
    throw unsuitable(plan.drive, "this drive cannot simulate; leave out --simulate");
  // It may have it for tracks and not for a whole disc. The bit is the same in both features.
  static_assert(CdTrackAtOnceFeature::kBufferUnderrunFree == CdMasteringFeature::kBufferUnderrunFree);
  if (plan.underrun_protection && !(flags & CdMasteringFeature::kBufferUnderrunFree)) {
    plan.underrun_protection = false;
    plan.notes.push_back("the drive has no underrun protection for " + std::string(cd_mode_name(plan.mode)) +
                         "; files that have not shown to be fast enough go through a temporary file first");
  }
}

/// Where the lead-in may begin and the lead-out at last: the disc's own pregroove tells.
void read_pregroove(Drive& drive, CdPlan& plan) {
  const auto bytes = drive.toc(TocFormat::atip);
  Atip atip;
  if (fsi::load(bytes, 0, atip)) {
    plan.lead_in_start = lba_of(atip.lead_in_start);
    plan.last_lead_out = lba_of(atip.last_lead_out_start);
  }
  const bool sensible = plan.lead_in_start < -static_cast<int32_t>(cd::kPregap) && plan.lead_in_start > -30000;
  if (!sensible && plan.mode == CdMode::raw_96)
    throw unsuitable(plan.drive, "the disc does not tell where its lead-in begins, and a raw disc must begin there; use --mode dao");
  if (!sensible) plan.lead_in_start = -11635;  // needed for CD-TEXT alone, and only to know how often it is repeated
}

/// The table of contents, three times each point, must have room before the program.
void check_lead_in(const CdPlan& plan, const cd::DiscLayout& layout) {
  const auto needed = static_cast<int32_t>(3 * (layout.tracks.size() + (plan.multi ? 5 : 3)));
  if (-static_cast<int32_t>(cd::kPregap) - plan.lead_in_start < needed)
    throw unsuitable(plan.drive, "lead-in too short: the disc has " + std::to_string(-150 - plan.lead_in_start) + " sectors for it and " +
                                     std::to_string(needed) + " are needed; take another disc");
  if (layout.cd_text.empty() || plan.mode == CdMode::track_at_once) return;
  const size_t packs = cd::encode_cd_text(layout.cd_text, 1, static_cast<uint8_t>(layout.tracks.size())).size();
  const auto sectors = static_cast<int32_t>((packs + 3) / 4);
  if (-static_cast<int32_t>(cd::kPregap) - plan.lead_in_start < sectors)
    throw unsuitable(plan.drive, "lead-in too short for CD-TEXT: the disc has " + std::to_string(-150 - plan.lead_in_start) +
                                     " sectors for it and " + std::to_string(sectors) +
                                     " are needed; take another disc, shorten the texts, or burn without them (--no-cd-text)");
}

/// The last digit of an EAN makes the others, in turn once and three times, a multiple of ten.
void check_catalog_number(CdPlan& plan, const std::string& mcn) {
  if (mcn.empty()) return;
  int sum = 0;
  for (size_t i = 0; i < 12; ++i) sum += (mcn[i] - '0') * (i % 2 ? 3 : 1);
  const char digit = static_cast<char>('0' + (10 - sum % 10) % 10);
  if (mcn[12] != digit)
    plan.notes.push_back("the last digit of the catalog number " + mcn + " should be " + digit + " by EAN-13; it is recorded as it is");
}

/// What of the layout the mode cannot record.
void check_track_at_once(CdPlan& plan, const Medium& medium, const cd::DiscLayout& layout) {
  if (!layout.all_audio())
    throw Error(ErrorKind::usage, layout.name, "choosing how to burn",
                "track at once is for audio alone; a disc with data needs --mode dao or raw");
  if (medium.tracks.size() + layout.tracks.size() > 99)
    throw Error(ErrorKind::usage, layout.name, "choosing how to burn",
                "with the " + std::to_string(medium.tracks.size()) + " tracks on the disc there would be " +
                    std::to_string(medium.tracks.size() + layout.tracks.size()) + ", and a CD takes 99");
  const auto lost = [&](const std::string& what) { plan.notes.push_back("track at once has no " + what + "; use --mode dao for it"); };
  const auto any = [&](const auto& is) { return std::any_of(layout.tracks.begin(), layout.tracks.end(), is); };
  if (!layout.cd_text.empty()) lost("CD-TEXT");
  if (any([](const cd::Track& t) { return t.has_rw; })) lost("subchannel R to W");
  if (any([](const cd::Track& t) { return !t.indexes.empty(); })) lost("index but the first of a track");
  if (any([](const cd::Track& t) { return t.pregap != cd::kPregap; })) {
    const bool hidden = layout.tracks.front().pregap > cd::kPregap;
    lost(std::string("pause but one of two seconds before each track") + (hidden ? ", and no hidden first track" : ""));
  }
  if (plan.simulate && layout.tracks.size() > 1)
    plan.notes.push_back("only the first track is simulated: one that is not there has no next one");
}

/// From the beginning of the first track on, as the mode lays it out.
uint32_t sectors_of(const cd::DiscLayout& layout, CdMode mode) {
  if (mode != CdMode::track_at_once) return static_cast<uint32_t>(layout.lead_out());
  uint32_t sectors = 0;
  for (const cd::Track& track : layout.tracks) sectors += track.sectors - track.pregap + (sectors ? kTrackPause : 0);
  return sectors;
}

/// What a ring can be filled with: the whole disc, or its longest track. A larger one would never be full.
uint64_t largest_ring(const CdPlan& plan, const cd::DiscLayout& layout) {
  constexpr uint64_t kLeastInChunk = Ring::kChunk / cd::kRawBlockBytes;
  uint64_t sectors = plan.sectors + cd::kPregap;
  if (plan.mode == CdMode::raw_96) sectors += static_cast<uint64_t>(-plan.lead_in_start) + cd::kLeadOutSectors;
  if (plan.mode == CdMode::track_at_once) {
    sectors = 0;
    for (const cd::Track& track : layout.tracks) sectors = std::max<uint64_t>(sectors, track.sectors - track.pregap);
  }
  // Blocks of R to W alone are small, and there are few chunks of them. Each change of size may leave a chunk that is not full.
  const uint64_t lead_in = layout.cd_text.empty() ? 0 : 20;
  return (sectors / kLeastInChunk + lead_in + layout.tracks.size() + 2) * Ring::kChunk;
}
}  // namespace

CdPlan make_cd_plan(Drive& drive, const std::string& node, const Medium& medium, const cd::DiscLayout& layout,
                    const CdBurnOptions& options) {
  cd::check_recordable(layout);
  check_medium(node, medium, options.mode);
  CdPlan plan;
  plan.drive = node;
  plan.source = layout.name;
  plan.profile = medium.profile;
  plan.mode = options.mode;
  plan.multi = options.multi;
  plan.simulate = options.simulate;
  plan.underrun_protection = options.underrun_protection;
  plan.tracks = layout.tracks.size();
  plan.notes = layout.notes;
  plan.speed_kb = choose_speed(options.speed, medium);
  if (const auto note = speed_note(options.speed, plan.speed_kb, medium)) plan.notes.push_back(*note);
  check_drive(drive, plan);
  read_pregroove(drive, plan);
  check_lead_in(plan, layout);
  check_catalog_number(plan, layout.mcn);
  if (plan.mode == CdMode::track_at_once) check_track_at_once(plan, medium, layout);
  plan.free_sectors = static_cast<uint32_t>(medium.free_sectors);
  plan.sectors = sectors_of(layout, plan.mode);
  if (plan.sectors > plan.free_sectors)
    throw unsuitable(node, "the disc is too small: " + layout.name + " needs " + length_text(plan.sectors) + ", " + medium.name() +
                               " has " + length_text(plan.free_sectors) + " free, " + length_text(plan.sectors - plan.free_sectors) +
                               " too few; take a larger one, or leave something out");
  plan.buffer_bytes = options.buffer_bytes;
  if (plan.buffer_bytes == 0)
    plan.buffer_bytes =
        modest_ring(buffer_size(medium.write_speeds.empty() ? 0 : uint64_t{medium.write_speeds.back()} * 1000, plan.underrun_protection));
  plan.buffer_bytes = static_cast<size_t>(std::min<uint64_t>(plan.buffer_bytes, largest_ring(plan, layout)));
  return plan;
}

}  // namespace rec
