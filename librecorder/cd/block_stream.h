// What is sent to a drive, block by block, for each way of writing a CD; and the cue sheet of one of them. Pure: no drive.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "librecorder/cd/raw_image.h"
#include "librecorder/scsi/cue_sheet.h"

namespace rec::cd {

/// Blocks with consecutive addresses; their size may change on the way.
class BlockStream {
 public:
  virtual ~BlockStream() = default;
  virtual int32_t first() const = 0;
  virtual int32_t end() const = 0;
  virtual uint32_t block_bytes(int32_t lba) const = 0;
  /// Is something read for it? Lead-in, lead-out and silence are made of nothing.
  virtual bool has_source(int32_t lba) const = 0;
  /// `out` has block_bytes(lba) bytes. For one thread at a time. Throws Error (source).
  virtual void fill(int32_t lba, std::span<std::byte> out) const = 0;
};

/// SEND CUE SHEET for a session that begins at LBA -150. With CD-TEXT the lead-in's R to W come from the host.
std::vector<CueSheetEntry> cue_sheet_of(const DiscLayout& layout);

/// Session at once: from -150, or from the beginning of the lead-in when there is CD-TEXT to be sent, to the lead-out. What the cue sheet
/// of the same layout says. Both outlive the stream.
std::unique_ptr<BlockStream> session_at_once_blocks(const DiscLayout& layout, const RawImage& image);
/// DAO-96: 2448 bytes each, from the beginning of the lead-in to the end of the lead-out, data scrambled.
std::unique_ptr<BlockStream> raw_blocks(const RawImage& image);
/// Track at once: the samples of one track from INDEX 01 on, at `start`; silence up to four seconds.
std::unique_ptr<BlockStream> track_at_once_blocks(const Track& track, int32_t start);

}  // namespace rec::cd
