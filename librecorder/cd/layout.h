// A CD as a value: its tracks, what each of them is made of, and everything the subchannel tells of them. Readers of cue and toc files
// and `burn audio` make one; RawImage and the cue sheet are made from it. Knows no drive.
//
// Addresses are LBAs: 0 is 00:02:00, and the pause of the first track begins at -150. Lengths are sectors of 1/75 s.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "librecorder/cd/byte_source.h"
#include "librecorder/cd/cd_text.h"
#include "librecorder/cd/sector.h"

namespace rec::cd {

/// What the blocks of a track's bytes are. The raw ones are whole sectors as on the disc, descrambled.
enum class BlockFormat : uint8_t {
  audio,        ///< 2352, samples
  mode1,        ///< 2048
  mode1_raw,    ///< 2352
  mode2,        ///< 2336 without form, or with subheaders (CD-ROM XA): taken as they are
  mode2_form1,  ///< 2048
  mode2_form2,  ///< 2324
  mode2_raw,    ///< 2352
};
uint32_t block_bytes(BlockFormat format);
constexpr bool is_audio(BlockFormat format) { return format == BlockFormat::audio; }

/// A run of bytes of a track; without a source they are zeros.
struct Part {
  std::shared_ptr<ByteSource> source;
  uint64_t offset = 0, bytes = 0;
};

struct Track {
  BlockFormat format = BlockFormat::audio;
  bool copy_permitted = false, pre_emphasis = false, four_channel = false;
  std::string isrc;     ///< 12 characters, or empty
  bool has_rw = false;  ///< each block is followed by 96 bytes of subchannel, of which R to W are recorded
  std::vector<Part> parts;
  uint32_t sectors = 0;      ///< in all, from INDEX 00 on; audio that ends inside of the last one is filled up with silence
  uint32_t pregap = 0;       ///< how many of them come before INDEX 01; of the first track at least 150, made by whoever makes the layout
  std::string described_at;  ///< where it stands in a description, for messages; empty when it stands in none
  std::vector<uint32_t> indexes;  ///< INDEX 02 and up: sectors after INDEX 01, ascending

  uint8_t control() const;
  uint32_t stored_block() const { return block_bytes(format) + (has_rw ? static_cast<uint32_t>(kSubchannelBytes) : 0); }
};

/// Byte 8 of the table of contents' point A0.
enum class SessionFormat : uint8_t { cd_rom = 0x00, cd_i = 0x10, cd_xa = 0x20 };

struct DiscLayout {
  std::string name;  ///< of what it was made of, for messages
  SessionFormat session_format = SessionFormat::cd_rom;
  std::string mcn;  ///< 13 digits, or empty
  std::vector<Track> tracks;
  CdText cd_text;
  std::vector<std::string> notes;  ///< what the user should know, a sentence each

  /// INDEX 00 of a track, counted from 0; INDEX 01; and the first sector after it.
  int32_t pause_of(size_t track) const;
  int32_t start_of(size_t track) const;
  int32_t end_of(size_t track) const;
  int32_t lead_out() const { return tracks.empty() ? 0 : end_of(tracks.size() - 1); }
  bool all_audio() const;
};

/// Holds a layout against the rules of ECMA-130 and the Red Book, for recording: 1 to 99 tracks, each four seconds long from INDEX 01
/// on, 98 indexes and they ascend, legal ISRC and MCN, a pause of 150 before the first track, no end after 89:59:74 less the lead-out.
/// Throws Error (usage) that names the track.
void check_recordable(const DiscLayout& layout);

/// Is there a source for the byte of a track at `offset`, or is it zero without one?
bool has_source(const Track& track, uint64_t offset);
/// Fills bytes of a track from `offset` of its own; what lies after the last part is zero.
void read_track(const Track& track, uint64_t offset, std::span<std::byte> out);

}  // namespace rec::cd
