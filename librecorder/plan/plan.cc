#include "librecorder/plan/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "librecorder/medium/finish.h"
#include "librecorder/plan/buffer_size.h"

namespace rec {

using fsi::Error;
using fsi::ErrorKind;
using fsi::kSectorSize;

namespace {
std::string amount(uint64_t sectors) {
  const double mib = static_cast<double>(sectors) * kSectorSize / (1024 * 1024);
  char text[64];
  std::snprintf(text, sizeof text, "%llu sector%s (%.1f MiB)", static_cast<unsigned long long>(sectors), sectors == 1 ? "" : "s", mib);
  return text;
}

Error unsuitable(const std::string& drive, const std::string& why) { return {ErrorKind::unsuitable, drive, "choosing how to burn", why}; }

/// Is there something that must be blanked before the disc can be written to from its start?
bool blanks_first(const Medium& medium, const BurnOptions& options) {
  const bool erasable = medium.profile == Profile::cd_rw || medium.profile == Profile::dvd_rw_sequential;
  return options.overwrite && erasable && medium.state != MediumState::blank && medium.state != MediumState::absent;
}

/// As it will be then.
Medium blanked(const Medium& medium, bool full) {
  Medium blank = medium;
  blank.state = MediumState::blank;
  blank.status = kBlankMedium;
  blank.reasons.clear();
  blank.tracks.clear();
  blank.open_track.reset();
  blank.sessions = 0;
  blank.next_writable = 0;
  blank.total_sectors = blank.free_sectors = medium.capacity_sectors ? medium.capacity_sectors : UINT32_MAX;
  blank.at_once_only = medium.profile == Profile::dvd_rw_sequential && !full;
  return blank;
}

/// The medium must be there, of a kind we write, and have room that nobody has closed.
void check_medium(const std::string& drive, const Medium& medium, const BurnOptions& options) {
  if (medium.state == MediumState::absent)
    throw unsuitable(
        drive, medium.tray_open ? "the tray is open; put a blank disc in and close it" : "there is no disc in it; put a blank one in");
  if (medium.status & kUnsupported) throw unsuitable(drive, "the disc cannot be used: " + medium.reasons.back());
  if (medium.status & kWriteProtected) throw unsuitable(drive, "the disc cannot be written to: " + medium.reasons.back());
  if (options.overwrite && medium.state != MediumState::rewritable && !medium.erasable)
    throw Error(ErrorKind::usage, drive, "choosing how to burn",
                "--overwrite is for rewritable discs, and " + medium.name() + " can be written only once; leave it out");
  if (medium.state == MediumState::rewritable) return;
  if (medium.state == MediumState::closed)
    throw unsuitable(drive, "the disc is not blank: " + medium.name() + ", closed, " + amount(medium.total_sectors) + " recorded; " +
                                (medium.erasable ? "burn erase makes it blank, and --overwrite does so first" : "take a blank one"));
  if (!medium.next_writable)
    throw unsuitable(drive, "the drive tells no address to write at" +
                                (medium.reasons.empty() ? std::string() : ": " + medium.reasons.front()) + "; take another disc");
  if (medium.state != MediumState::blank && medium.state != MediumState::appendable)
    throw unsuitable(drive, "the disc is neither blank nor appendable; take another one");
  if (medium.free_sectors == 0) throw unsuitable(drive, "the disc is full; take a blank one");
  if (has_unended_track(medium))
    throw unsuitable(drive, "a burn before this one was not ended, and its track is open up to LBA " +
                                std::to_string(*medium.next_writable) +
                                "; end it with burn close --multi, then another session can follow" +
                                (medium.erasable ? ", or blank the disc with --overwrite" : ""));
}

/// The source must be whole sectors, and as long as it says itself.
void check_source(const SourceFacts& source) {
  if (!source.bytes) return;
  const auto wrong = [&](ErrorKind kind, const std::string& why) -> Error { return {kind, source.name, "looking at the image", why}; };
  const uint64_t bytes = *source.bytes;
  if (bytes == 0) throw wrong(ErrorKind::usage, "it is empty; there is nothing to burn");
  if (source.raw_sectors && bytes % 2352 == 0)
    throw wrong(ErrorKind::usage,
                "it has raw sectors of 2352 bytes (a .bin file?); convert it to sectors of 2048 bytes first, for example with bchunk");
  const uint64_t sectors = bytes / kSectorSize;
  if (const uint64_t least = source.volume_sectors.value_or(source.volume_at_least.value_or(0)); sectors < least)
    throw wrong(ErrorKind::source,
                "it is cut off: its volume has " + amount(least) + ", there are " + amount(sectors) + "; make it or copy it again");
  if (bytes % kSectorSize)
    throw wrong(ErrorKind::usage, "its length of " + std::to_string(bytes) +
                                      " bytes is not a multiple of 2048; it is cut off or no image of a disc " +
                                      "(if it is meant so: truncate -s %2048 fills it up)");
}

/// Absolute addresses in the image must point into the session it will be in.
void check_session(const std::string& drive, const SourceFacts& source, uint64_t start) {
  const auto volume = source.volume_sectors ? source.volume_sectors : source.volume_at_least;
  if (!volume || !source.path_table) return;
  // The path table: an image that takes over files of earlier sessions still brings a path table of its own.
  const uint64_t sectors = source.bytes ? *source.bytes / kSectorSize : *volume;
  if (*source.path_table >= start + 16 && *source.path_table < start + sectors) return;
  const std::string made_for = " (its path table is at LBA " + std::to_string(*source.path_table) + ")";
  const auto wrong = [&](const std::string& why) -> Error {
    return {ErrorKind::unsuitable, drive, "choosing where to burn " + source.name, why};
  };
  if (start == 0)
    throw wrong("the image was made to follow an earlier session" + made_for +
                ", and this disc is blank; put that disc in, or make the image for a blank one");
  throw wrong("the disc has a session already and goes on at LBA " + std::to_string(start) +
              ", but the image was made for another address" + made_for + "; take a blank disc, or make the image for that address");
}

/// Media that are written anywhere: at the start, or behind what is there when the image was made for that place.
uint64_t choose_start(const std::string& drive, const Medium& medium, const SourceFacts& source, const BurnOptions& options) {
  if (medium.state != MediumState::rewritable) return *medium.next_writable;
  const bool follows = medium.next_writable && source.path_table && *source.path_table >= *medium.next_writable + 16;
  if (follows) return *medium.next_writable;
  if (medium.looks_blank || options.overwrite) return 0;
  const std::string has = medium.volume_end ? "a volume that ends at LBA " + std::to_string(*medium.volume_end) : "data on it";
  throw unsuitable(drive, "the disc is not blank: " + medium.name() + " with " + has + "; --overwrite writes over it" +
                              (medium.next_writable ? ", and an image made for LBA " + std::to_string(*medium.next_writable) + " follows it"
                                                    : std::string()));
}

/// The length of a volume made for a later session: some count it from the start of the disc, others from that of the
/// session, and only the first can be told for certain, when a whole file is there to hold it against.
SourceFacts within_session(SourceFacts source, uint64_t start) {
  if (start == 0 || !source.volume_sectors || *source.volume_sectors <= start) return source;
  if (source.bytes && *source.bytes / kSectorSize >= *source.volume_sectors) return source;  // from the session's start
  const uint64_t length = *source.volume_sectors - start;
  source.volume_sectors.reset();
  // A stream may turn out longer. It is burned as far as it comes, and must not be shorter.
  if (source.bytes)
    source.volume_sectors = length;
  else
    source.volume_at_least = length;
  return source;
}
}  // namespace

std::optional<uint32_t> choose_speed(const SpeedWish& wish, const Medium& medium) {
  const auto& speeds = medium.write_speeds;
  switch (wish.kind) {
    case SpeedWish::Kind::automatic: return std::nullopt;
    case SpeedWish::Kind::fastest: return speeds.empty() ? 0xFFFF : speeds.front();
    case SpeedWish::Kind::slowest: return speeds.empty() ? static_cast<uint32_t>(std::ceil(speed_1x(medium.profile))) : speeds.back();
    case SpeedWish::Kind::times: break;
  }
  if (!(wish.times > 0) || wish.times > 1000)
    throw Error(ErrorKind::usage, "--speed", "choosing a speed", "it must be more than 0 and at most 1000 times");
  const double wanted = wish.times * speed_1x(medium.profile);
  // The fastest that is not above the wish, else the slowest there is: a drive rounds as it likes, we would rather know.
  // Drives round what they offer, so a little above still counts.
  for (const uint32_t speed : speeds)
    if (speed <= wanted * 1.02 + 2) return speed;
  return speeds.empty() ? static_cast<uint32_t>(std::ceil(wanted)) : speeds.back();
}

std::optional<std::string> speed_note(const SpeedWish& wish, std::optional<uint32_t> chosen_kb, const Medium& medium) {
  if (wish.kind != SpeedWish::Kind::times || !chosen_kb || medium.write_speeds.empty()) return {};
  const double times = *chosen_kb / speed_1x(medium.profile);
  if (std::abs(times - wish.times) <= wish.times * 0.03) return {};
  char text[128];
  std::snprintf(text, sizeof text, "the drive does not offer speed %.1fx for this disc; %.1fx is the nearest it does", wish.times, times);
  return text;
}

uint64_t WritePlan::padding_after(uint64_t sectors) const {
  const auto up_to_unit = [&](uint64_t n) { return (n + rules.unit - 1) / rules.unit * rules.unit; };
  const uint64_t least = std::max<uint64_t>(up_to_unit(sectors), up_to_unit(rules.smallest_track));
  const uint64_t wished = std::max<uint64_t>(up_to_unit(sectors + postgap), up_to_unit(rules.smallest_track));
  return std::clamp(free_sectors, least, std::max(wished, least)) - sectors;
}

namespace {
void choose_family(WritePlan& plan, const Medium& medium, const BurnOptions& options) {
  const WriteWish wish{plan.data_sectors.has_value(), options.multi, options.at_once, options.dvd_compat};
  plan.family = family_for(medium, wish);
  plan.rules = plan.family->rules();
  const std::string name(plan.family->name());
  const std::string why =
      medium.at_once_only ? medium.name() + " that was blanked quickly can only be written at once" : name + " is for a whole disc";
  if (plan.rules.needs_length && !wish.known_length)
    throw unsuitable(plan.drive, why + ", and the length of the stream is not known; burn a file, use --spool" +
                                     (medium.at_once_only ? ", or erase the disc with --full" : ""));
  if (plan.rules.closes_disc && options.multi)
    throw unsuitable(plan.drive,
                     why + " and closes it; leave --multi out" + (medium.at_once_only ? ", or erase the disc with --full" : ""));
  if (plan.rules.needs_length && medium.state != MediumState::blank)
    throw unsuitable(plan.drive, why + ", and this one has a session already; leave --disc-at-once out or take a blank one");
  if (options.at_once && !plan.rules.needs_length)
    plan.notes.push_back(medium.name() + " knows no writing at once; it is written as " + name);
  if (options.simulate && !plan.rules.can_simulate)
    throw unsuitable(plan.drive, "there is no test write on " + medium.name() + "; --dry-run shows what would be done");
}

void choose_layer_break(WritePlan& plan, const Medium& medium, const BurnOptions& options, uint64_t sectors) {
  const bool dual = medium.profile == Profile::dvd_plus_r_dl || medium.profile == Profile::dvd_r_dl_sequential;
  if (!dual || medium.state != MediumState::blank) {
    if (options.layer_break.value_or(0))
      throw unsuitable(plan.drive, "--layer-break is for blank DVD+R DL and DVD-R DL, and the disc is " + medium.name());
    return;
  }
  constexpr uint64_t kUnit = 16;
  if (options.layer_break) {
    if (*options.layer_break == 0) return;
    const uint64_t most = medium.total_sectors / 2;
    if (*options.layer_break % kUnit || *options.layer_break > most)
      throw Error(ErrorKind::usage, "--layer-break", "choosing where the first layer ends",
                  "it must be a multiple of 16 and at most " + std::to_string(most));
    if (plan.data_sectors && sectors > uint64_t{2} * *options.layer_break)
      throw unsuitable(
          plan.drive, amount(sectors) + " do not fit on two layers of " + amount(*options.layer_break) + "; choose a larger --layer-break");
    plan.layer_break = options.layer_break;
    plan.insist_on_layer_break = true;
    plan.free_sectors = uint64_t{2} * *options.layer_break;
    return;
  }
  // Both layers are filled equally, or the drive has to fill up the rest of the second one. What may still come is not known
  // when the disc stays open.
  if (!plan.data_sectors || options.multi) return;
  plan.layer_break = static_cast<uint32_t>((sectors + 2 * kUnit - 1) / (2 * kUnit) * kUnit);
}
}  // namespace

WritePlan make_plan(const std::string& drive, const Medium& found, const SourceFacts& whole_source, const BurnOptions& options,
                    uint32_t transport_max_bytes) {
  if (blanks_first(found, options)) {
    // A disc that is blanked quickly takes nothing but a whole disc of known length.
    const bool full =
        found.profile == Profile::dvd_rw_sequential && (options.multi || !(whole_source.bytes || whole_source.volume_sectors));
    BurnOptions then = options;
    then.overwrite = false;
    WritePlan plan = make_plan(drive, blanked(found, full), whole_source, then, transport_max_bytes);
    plan.erase_first = full;
    return plan;
  }
  const Medium& medium = found;
  check_medium(drive, medium, options);
  const uint64_t start = choose_start(drive, medium, whole_source, options);
  const SourceFacts source = within_session(whole_source, start);
  check_source(source);
  check_session(drive, source, start);

  WritePlan plan;
  plan.drive = drive;
  plan.source = source.name;
  plan.profile = medium.profile;
  plan.start = static_cast<fsi::Lba>(start);
  plan.free_sectors = medium.state == MediumState::rewritable ? medium.total_sectors - start : medium.free_sectors;
  plan.multi = options.multi;
  plan.simulate = options.simulate;
  plan.dvd_compat = options.dvd_compat;
  plan.session = static_cast<uint16_t>(medium.sessions + 1);
  plan.eject = options.eject;
  plan.speed_kb = choose_speed(options.speed, medium);

  if (source.bytes) {
    plan.data_sectors = *source.bytes / kSectorSize;
    if (source.volume_sectors && *plan.data_sectors > *source.volume_sectors)
      plan.notes.push_back("the image has " + amount(*plan.data_sectors - *source.volume_sectors) +
                           " after the end of its volume; they are burned as well");
  } else if (source.volume_sectors) {
    plan.data_sectors = *source.volume_sectors;
  } else {
    plan.notes.push_back("the length of the stream is not known: whether it fits will be seen when the disc is full");
  }

  choose_family(plan, medium, options);
  plan.renews_start = plan.rules.overwrites && start != 0;
  plan.least_sectors = plan.data_sectors.value_or(source.volume_at_least.value_or(0));

  const uint64_t data = std::max<uint64_t>(plan.least_sectors, 1);
  const uint64_t up = (std::max<uint64_t>(data, plan.rules.smallest_track) + plan.rules.unit - 1) / plan.rules.unit * plan.rules.unit;
  if (up > plan.free_sectors)
    throw Error(ErrorKind::unsuitable, drive, "choosing how to burn",
                "the disc is too small: " + source.name + " needs " + amount(up) + ", " + medium.name() + " has " +
                    amount(plan.free_sectors) + " free, " + amount(up - plan.free_sectors) + " too few; take a larger disc");
  choose_layer_break(plan, medium, options, up);
  // A file that is longer than its volume brings its own gap.
  const uint64_t behind = source.bytes && source.volume_sectors ? data - *source.volume_sectors : 0;
  plan.postgap = plan.rules.postgap > behind ? plan.rules.postgap - behind : 0;

  const uint32_t most = std::min<uint32_t>(transport_max_bytes, 64 * 1024) / kSectorSize;
  if (most < plan.rules.unit)
    throw Error(ErrorKind::unsuitable, drive, "choosing how to burn",
                "the connection to the drive carries " + std::to_string(transport_max_bytes) + " bytes at once, " + medium.name() +
                    " needs " + std::to_string(plan.rules.unit * kSectorSize) + "; connect it in another way");
  plan.chunk_sectors = most / plan.rules.unit * plan.rules.unit;
  // The ring counts on chunks that divide 64 KiB.
  while (32 % plan.chunk_sectors) plan.chunk_sectors -= plan.rules.unit;

  plan.underrun_protection = options.underrun_protection;
  if (!options.underrun_protection && plan.rules.needs_underrun_protection) {
    plan.underrun_protection = true;
    plan.notes.push_back("underrun protection cannot be switched off for " + medium.name() + "; it stays on");
  } else if (options.underrun_protection && !medium.underrun_protection) {
    plan.underrun_protection = false;
    plan.notes.push_back("the drive has no underrun protection; a larger --buffer and a slower --speed make an underrun less likely");
  }

  // A short image does not need a large ring; two chunks are the least (ring.h).
  plan.buffer_bytes = options.buffer_bytes;
  if (plan.buffer_bytes == 0)
    plan.buffer_bytes =
        buffer_size(medium.write_speeds.empty() ? 0 : uint64_t{medium.write_speeds.back()} * 1000, plan.underrun_protection);
  if (plan.data_sectors)
    plan.buffer_bytes = static_cast<size_t>(std::min<uint64_t>(plan.buffer_bytes, (*plan.data_sectors + 32) * kSectorSize));
  plan.streaming = options.streaming && plan.rules.can_stream && medium.spare_areas;
  if (medium.spare_areas && !plan.streaming)
    plan.notes.push_back(
        "the disc has spare areas: the drive reads back what it writes, which takes about twice as long (--stream-recording does without)");
  if (options.streaming && !plan.streaming)
    plan.notes.push_back("--stream-recording has no effect: " + medium.name() +
                         (plan.rules.can_stream ? " without spare areas is not read back anyway" : " is not read back anyway"));
  if (const auto note = speed_note(options.speed, plan.speed_kb, medium)) plan.notes.push_back(*note);
  if (medium.status & kDamaged)
    for (const std::string& reason : medium.reasons) plan.notes.push_back(reason);
  return plan;
}

}  // namespace rec
