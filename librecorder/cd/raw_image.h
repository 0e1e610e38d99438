// The raw image of a CD: every sector from the beginning of the lead-in to the end of the lead-out as 2352 bytes of main channel and 96
// of subchannel, as DAO-96 records them. A function: any sector can be asked for at any time. ECMA-130 clause 20 to 22; the lead-in's
// table of contents 22.3.5, P 22.2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "librecorder/cd/layout.h"
#include "librecorder/cd/subchannel.h"

namespace rec::cd {

inline constexpr uint32_t kRawBlockBytes = kSectorBytes + kSubchannelBytes;  ///< 2448
inline constexpr uint32_t kLeadOutSectors = 6750;                            ///< 90 s, of the first session

struct RawImageOptions {
  int32_t lead_in_start = -11635;  ///< of the medium's ATIP; before -150
  /// The disc stays open: where the next session's program area may begin, and the last possible lead-out, for the points B0 and C0.
  struct NextSession {
    int32_t last_lead_out;
  };
  std::optional<NextSession> next_session;
};

/// Where a sector belongs and what its Q says of it.
struct Place {
  uint8_t track = 0;  ///< 1 to 99, 0 in the lead-in, AA in the lead-out
  uint8_t index = 0;
  uint8_t control = 0;
  uint32_t relative = 0;  ///< sectors to or from INDEX 01
  size_t in_track = 0;    ///< sectors from INDEX 00
};

/// The layout must be recordable and outlive the image. read functions are for one thread at a time, as ByteSource is.
class RawImage {
 public:
  RawImage(const DiscLayout& layout, const RawImageOptions& options);

  int32_t first() const { return options_.lead_in_start; }
  int32_t lead_out() const { return lead_out_; }
  int32_t end() const { return lead_out_ + static_cast<int32_t>(kLeadOutSectors); }

  Place place_of(int32_t lba) const;
  /// Does the sector come from one of the layout's sources? Lead-in, lead-out and silence do not.
  bool has_source(int32_t lba) const;
  /// 2352 bytes, not scrambled: zeros with sync and header where there is no data.
  void main_channel(int32_t lba, SectorSpan out) const;
  /// P to W.
  void subchannel(int32_t lba, SubchannelSpan out) const;
  /// Both, the data sectors scrambled: a block of data block type 3.
  void raw_block(int32_t lba, std::span<std::byte, kRawBlockBytes> out) const;

  /// The packs of the layout's CD-TEXT, empty without one.
  const std::vector<CdTextPack>& cd_text() const { return cd_text_; }
  /// 72 bytes for R to W of a lead-in sector: four packs, over and over.
  std::array<std::byte, 72> cd_text_of(int32_t lba) const;

 private:
  void list_contents();

  const DiscLayout& layout_;
  RawImageOptions options_;
  int32_t lead_out_;
  std::vector<int32_t> pauses_;  ///< INDEX 00 of each track
  std::vector<CdTextPack> cd_text_;
  struct Content {
    uint8_t control, point;
    Time ptime;
    uint8_t zero = 0, adr = 1;
    std::optional<Time> time{};
  };
  std::vector<Content> contents_;
};

/// One sector of a track as it is on the disc at `lba`, not scrambled; `block` has the track's stored_block() bytes.
void sector_of_block(const Track& track, int32_t lba, std::span<const std::byte> block, SectorSpan out);

}  // namespace rec::cd
