// What the media that can be written anywhere and again have in common: one track from LBA 0, no sessions, no next writable
// address. The families differ in how they are formatted and closed.
#pragma once

#include "librecorder/virtual/medium.h"

namespace rec::virt {

class OverwritableMedium : public Medium {
 public:
  /// `unit`: sectors that a WRITE must be aligned to and a multiple of. The drive itself fills up ECC blocks.
  OverwritableMedium(Disc& disc, uint32_t unit) : Medium(disc), unit_(unit) {}

  DiscInformation disc_information() const override;
  TrackInformation track_information(TrackAddress address, uint32_t number) const override;
  ReadCapacityData read_capacity() const override;
  CurrentCapacity current_capacity() const override;
  Bytes toc(TocFormat format, bool msf, uint8_t first) const override;
  uint32_t image_sectors() const override { return disc_.tracks.empty() ? 0 : disc_.tracks[0].written_to; }

  void check_read(uint32_t lba, uint32_t sectors) const override;
  void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const override;
  std::optional<Written> wrote(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) override;
  bool survives_underrun(const WriteParameters&) const override { return true; }
  void spoil() override {}
  Duration synchronize(const WriteParameters&) override { return {}; }
  Duration reserve(uint32_t, const WriteParameters&) override { refuse(5, 0x2C, 0x00); }
  bool verifies_writes() const override { return disc_.format.spares; }

 protected:
  /// Sectors that can be read now: all of the formatted ones, but not of a border that is still open.
  virtual uint32_t readable() const { return disc_.format.blocks; }
  /// A new, empty format; what was there is gone.
  void formatted(Format::State state, uint32_t blocks, bool spares);
  /// The time that writing so many sectors at a multiple of 1x takes.
  Duration time_for(uint64_t sectors, uint32_t times) const;

  const uint32_t unit_;
};

}  // namespace rec::virt
