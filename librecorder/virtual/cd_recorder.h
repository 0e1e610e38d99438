// How a virtual drive records on CD what is not a track of data at once: whole sessions by a cue sheet (SAO), whole discs by the host's own
// subchannel (RAW), and tracks of audio. It keeps sectors of 2352 + 96 bytes in the CdLayer, computes or checks every Q, and adds the
// tracks to the disc when a session is complete. Until then the disc has one damaged track, for that is what an abandoned burn leaves.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "librecorder/virtual/cd_cue_sheet.h"
#include "librecorder/virtual/cd_layer.h"
#include "librecorder/virtual/disc.h"
#include "librecorder/virtual/medium.h"

namespace rec::virt {

/// All that refuse throw CheckCondition and have stored nothing.
class CdRecorder {
 public:
  CdRecorder(Disc& disc, CdLayer& layer) : disc_(disc), layer_(layer) {}

  /// Is a WRITE with these parameters our business?
  static bool takes(const WriteParameters& parameters);

  void take_cue_sheet(std::span<const std::byte> bytes, const WriteParameters& parameters);

  /// Bytes of one block at this address; the whole range has blocks of one size and continues what was written.
  uint32_t check_write(int32_t lba, uint32_t blocks, const WriteParameters& parameters) const;
  /// After check_write(); `bytes` are whole blocks.
  void write(int32_t lba, std::span<const std::byte> bytes, uint32_t block_bytes, const WriteParameters& parameters);
  /// A track of audio written at once: `track` is the one that grows, `first` says that its pause must be made.
  void write_audio(const Track& track, uint8_t number, bool first, int32_t lba, std::span<const std::byte> bytes,
                   const WriteParameters& parameters);

  /// SYNCHRONIZE CACHE: true when that completes a session.
  bool synchronize(const WriteParameters& parameters);
  /// Whatever is being recorded cannot be completed any more. True when something was.
  bool abandon();

  /// Where the next session's program area begins: with the pause of its first track.
  int32_t first_of_session() const;

  /// User data of a sector, for who reads 2048 bytes: empty when there is none of that size.
  static std::span<const uint8_t> cooked(const CdBlock& block, const CdSectorState& state);

 private:
  struct Point {
    uint8_t control = 0;
    Msf time, ptime;
    uint32_t seen = 0;
  };
  struct RawTrack {
    uint8_t number = 0, control = 0;
    int32_t pause = 0, start = 0;
  };
  struct Raw {
    std::map<uint8_t, Point> points;  ///< of the lead-in
    std::vector<RawTrack> tracks;
    uint8_t track = 0, index = 0;
    std::optional<int32_t> lead_out;
  };

  void begin(const WriteParameters& parameters);
  uint32_t sent(int32_t lba) const;
  int32_t next_sent() const;
  void write_by_cue(int32_t lba, std::span<const uint8_t> bytes);
  void write_program(int32_t lba, std::span<const uint8_t> bytes);
  void write_raw(int32_t lba, std::span<const uint8_t> bytes);
  static void check_raw(Raw& raw, int32_t lba, const Q& q);
  static void check_contents(const Raw& raw);
  Q q_by_cue(int32_t lba, bool& p) const;
  bool complete() const;
  void add_tracks(const WriteParameters& parameters);

  Disc& disc_;
  CdLayer& layer_;
  std::optional<CueProgram> program_;
  std::optional<Raw> raw_;
  std::optional<int32_t> next_;  ///< where writing goes on; none before the first block
  bool test_ = false;
};

}  // namespace rec::virt
