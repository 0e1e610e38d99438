#include "librecorder/cd/raw_image.h"

#include <algorithm>
#include <cstring>

#include "librecorder/cd/time.h"

namespace rec::cd {
namespace {

/// MCN and ISRC take the place of the position in one sector of fifty each, so that there is one in any hundred even where the sector in
/// question must tell a new track or index.
constexpr int32_t kEvery = 50, kCatalogAt = 12, kIsrcAt = 37;
constexpr int32_t kFirstLeadOutToggle = 2 * 75;  // P is steady for two seconds, then it changes 4 times a second

}  // namespace

RawImage::RawImage(const DiscLayout& layout, const RawImageOptions& options)
    : layout_(layout), options_(options), lead_out_(layout.lead_out()) {
  for (size_t i = 0; i < layout.tracks.size(); ++i) pauses_.push_back(layout.pause_of(i));
  if (!layout.cd_text.empty()) cd_text_ = encode_cd_text(layout.cd_text, 1, static_cast<uint8_t>(layout.tracks.size()));
  list_contents();
}

void RawImage::list_contents() {
  const auto& tracks = layout_.tracks;
  // 00, 10 or 20 as BCD, like the times.
  const auto disc_type = static_cast<uint8_t>((static_cast<uint8_t>(layout_.session_format) >> 4) * 10);
  for (size_t i = 0; i < tracks.size(); ++i)
    contents_.push_back({tracks[i].control(), static_cast<uint8_t>(i + 1), time_of(layout_.start_of(i))});
  contents_.push_back({tracks.front().control(), 0xA0, {1, disc_type, 0}});
  contents_.push_back({tracks.back().control(), 0xA1, {static_cast<uint8_t>(tracks.size()), 0, 0}});
  contents_.push_back({tracks.back().control(), 0xA2, time_of(lead_out_)});
  if (options_.next_session) {
    // Lead-out, and the lead-in of one minute that follows it, lie between the program areas of two sessions.
    const int32_t next = lead_out_ + static_cast<int32_t>(kLeadOutSectors) + 4500;
    contents_.push_back({tracks.back().control(), 0xB0, time_of(options_.next_session->last_lead_out), 2, 5, time_of(next)});
    contents_.push_back({tracks.back().control(), 0xC0, time_of(options_.lead_in_start), 0, 5, Time{}});
  }
}

Place RawImage::place_of(int32_t lba) const {
  if (lba < -static_cast<int32_t>(kPregap)) return {kLeadInNumber, 0, layout_.tracks.front().control(), 0, 0};
  if (lba >= lead_out_) return {kLeadOutNumber, 1, layout_.tracks.back().control(), static_cast<uint32_t>(lba - lead_out_), 0};
  const size_t number = static_cast<size_t>(std::upper_bound(pauses_.begin(), pauses_.end(), lba) - pauses_.begin()) - 1;
  const Track& track = layout_.tracks[number];
  Place place;
  place.track = static_cast<uint8_t>(number + 1);
  place.control = track.control();
  place.in_track = static_cast<size_t>(lba - pauses_[number]);
  if (place.in_track < track.pregap) {
    place.relative = static_cast<uint32_t>(track.pregap - place.in_track);
    return place;
  }
  place.relative = static_cast<uint32_t>(place.in_track - track.pregap);
  place.index =
      static_cast<uint8_t>(1 + (std::upper_bound(track.indexes.begin(), track.indexes.end(), place.relative) - track.indexes.begin()));
  return place;
}

bool RawImage::has_source(int32_t lba) const {
  const Place place = place_of(lba);
  if (place.track == kLeadInNumber || place.track == kLeadOutNumber) return false;
  const Track& track = layout_.tracks[place.track - 1u];
  return cd::has_source(track, uint64_t{place.in_track} * track.stored_block());
}

void sector_of_block(const Track& track, int32_t lba, std::span<const std::byte> block, SectorSpan out) {
  const auto encode = [&](SectorForm form) { encode_sector(form, lba, block.first(user_bytes(form)), out); };
  switch (track.format) {
    case BlockFormat::audio: return encode(SectorForm::audio);
    case BlockFormat::mode1: return encode(SectorForm::mode1);
    case BlockFormat::mode2: return encode(SectorForm::mode2);
    case BlockFormat::mode2_form1: return encode(SectorForm::mode2_form1);
    case BlockFormat::mode2_form2: return encode(SectorForm::mode2_form2);
    case BlockFormat::mode1_raw:
    case BlockFormat::mode2_raw: break;
  }
  std::copy_n(block.begin(), kSectorBytes, out.begin());
  if (check_sector(SectorView(out)).sync) return move_sector(out, lba);
  // Silence in a raw track, such as its pause, is an empty sector of its mode.
  const bool empty = std::all_of(out.begin(), out.end(), [](std::byte b) { return b == std::byte{0}; });
  if (!empty) return;
  const std::vector<std::byte> zeros(2336);
  const SectorForm form = track.format == BlockFormat::mode1_raw ? SectorForm::mode1 : SectorForm::mode2_form1;
  encode_sector(form, lba, std::span(zeros).first(user_bytes(form)), out);
}

void RawImage::main_channel(int32_t lba, SectorSpan out) const {
  const Place place = place_of(lba);
  const auto& tracks = layout_.tracks;
  if (place.track == kLeadInNumber || place.track == kLeadOutNumber) {
    // The areas around the program are empty sectors of the kind of the track next to them.
    const Track& next_to = place.track == kLeadInNumber ? tracks.front() : tracks.back();
    const std::vector<std::byte> zeros(next_to.stored_block());
    sector_of_block(next_to, lba, zeros, out);
    return;
  }
  const Track& track = tracks[place.track - 1u];
  std::array<std::byte, kRawBlockBytes> block;
  const auto bytes = std::span(block).first(track.stored_block());
  read_track(track, uint64_t{place.in_track} * bytes.size(), bytes);
  sector_of_block(track, lba, bytes, out);
}

std::array<std::byte, 72> RawImage::cd_text_of(int32_t lba) const {
  std::array<std::byte, 72> packed{};
  if (cd_text_.empty()) return packed;
  // Counted back from the end of the lead-in would do as well; a reader takes the packs from wherever it begins.
  const size_t first = static_cast<size_t>(lba - options_.lead_in_start) * 4;
  for (size_t i = 0; i < 4; ++i)
    std::memcpy(packed.data() + i * sizeof(CdTextPack), &cd_text_[(first + i) % cd_text_.size()], sizeof(CdTextPack));
  return packed;
}

void RawImage::subchannel(int32_t lba, SubchannelSpan out) const {
  std::fill(out.begin(), out.end(), std::byte{0});
  const Place place = place_of(lba);
  if (place.track == kLeadInNumber) {
    // Each entry three times, and the whole list over and over.
    const Content& entry = contents_[static_cast<size_t>(lba - options_.lead_in_start) / 3 % contents_.size()];
    put_pq(out, false, q_toc(entry.control, entry.point, entry.time.value_or(time_of(lba)), entry.ptime, entry.zero, entry.adr));
    if (!cd_text_.empty()) put_rw(out, cd_text_of(lba));
    return;
  }
  if (place.track == kLeadOutNumber) {
    const int32_t since = lba - lead_out_;
    const bool p = since >= kFirstLeadOutToggle && (since - kFirstLeadOutToggle) * 4 / 75 % 2 == 0;
    put_pq(out, p, q_position(place.control, kLeadOutNumber, 1, place.relative, lba));
    return;
  }
  const Track& track = layout_.tracks[place.track - 1u];
  if (track.has_rw) {
    std::array<std::byte, kRawBlockBytes> block;
    const auto bytes = std::span(block).first(track.stored_block());
    read_track(track, uint64_t{place.in_track} * bytes.size(), bytes);
    const auto symbols = bytes.last<kSubchannelBytes>();
    std::transform(symbols.begin(), symbols.end(), out.begin(), [](std::byte b) { return b & std::byte{0x3F}; });
  }
  // The first sector of a track and of an index must say so.
  const bool boundary =
      place.relative == 0 || place.in_track == 0 || std::binary_search(track.indexes.begin(), track.indexes.end(), place.relative);
  const int32_t turn = (lba + static_cast<int32_t>(kPregap)) % kEvery;
  QFrame q;
  if (turn == kCatalogAt && !boundary && !layout_.mcn.empty())
    q = q_catalog(place.control, layout_.mcn, lba);
  else if (turn == kIsrcAt && !boundary && place.index > 0 && !track.isrc.empty())
    q = q_isrc(place.control, track.isrc, lba);
  else
    q = q_position(place.control, place.track, place.index, place.relative, lba);
  // The flag that tells a player of the next track is there for two seconds, pause or not.
  const bool last = place.track == layout_.tracks.size();
  const bool soon = !last && lba >= layout_.start_of(place.track) - static_cast<int32_t>(kPregap);
  put_pq(out, place.index == 0 || soon, q);
}

void RawImage::raw_block(int32_t lba, std::span<std::byte, kRawBlockBytes> out) const {
  const auto main = out.first<kSectorBytes>();
  main_channel(lba, main);
  if (place_of(lba).control & kControlIsData) scramble(main);
  subchannel(lba, out.last<kSubchannelBytes>());
}

}  // namespace rec::cd
