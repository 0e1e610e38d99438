// What the media that are written from inside to outside have in common: tracks in sessions, one next writable address a
// track. The families differ in the numbers of SequentialRules and in how they are closed.
#pragma once

#include <optional>

#include "librecorder/virtual/medium.h"

namespace rec::virt {

struct SequentialRules {
  uint32_t unit;               ///< sectors that lie on the disc as a whole; a track begins and ends with one
  uint32_t track_gap;          ///< sectors from the end of a track to the start of the next in the same session
  uint32_t run_out;            ///< sectors at the end of a closed track that count in its size and cannot be read
  uint32_t minimum_track;      ///< user data sectors below which a track is not closed
  uint32_t first_session_gap;  ///< sectors from the end of the first session's last track to the next session's first
  uint32_t later_session_gap;
  uint16_t most_tracks;
  uint16_t most_sessions;
  uint16_t most_open_tracks;
  bool sync_ends_track;  ///< SYNCHRONIZE CACHE closes the open track
  bool invisible_track;  ///< track number FF stands for the open or next track
  Duration close_track_time, close_session_time, finalize_time;
  CheckCondition gap_sense;  ///< reading between tracks and sessions
};

class SequentialMedium : public Medium {
 public:
  SequentialMedium(Disc& disc, const SequentialRules& rules) : Medium(disc), rules_(rules) {}

  DiscInformation disc_information() const override;
  TrackInformation track_information(TrackAddress address, uint32_t number) const override;
  ReadCapacityData read_capacity() const override;
  CurrentCapacity current_capacity() const override;
  Bytes toc(TocFormat format, bool msf, uint8_t first) const override;
  uint32_t image_sectors() const override;

  void check_read(uint32_t lba, uint32_t sectors) const override;
  void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const override;
  std::optional<Written> wrote(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) override;
  bool survives_underrun(const WriteParameters&) const override { return true; }
  void spoil() override;
  Duration synchronize(const WriteParameters& parameters) override;
  Duration reserve(uint32_t sectors, const WriteParameters& parameters) override;

 protected:
  /// Is recording possible with these write parameters? Throws when not.
  virtual void check_mode(const WriteParameters&) const {}
  /// Are parts of a unit gathered in the buffer until it is whole? SYNCHRONIZE CACHE and closing fill the last one with zeros.
  /// Otherwise every WRITE is a multiple of the unit.
  virtual bool gathers(const WriteParameters&) const { return true; }
  /// What of READ TRACK INFORMATION only the family knows.
  virtual void complete(TrackInformation&) const {}

  /// The open track without reservation, which there is at most one of, or null.
  const Track* open_track() const;
  /// Where the next track would start; nullopt when there is no room or no right for one.
  std::optional<uint32_t> next_start() const;
  const Track* last_track_of_closed_sessions() const;
  /// Track numbers count from 1.
  const Track* track_by_number(uint32_t number) const;

  Duration close_track(uint16_t number);
  Duration close_session(bool final);
  /// BLANK of the whole disc, quick or full; other types are refused.
  Duration erase(uint8_t type);
  void end_track(Track& track);
  /// `sectors` and what is missing to whole units.
  uint32_t whole_units(uint32_t sectors) const { return (sectors + rules_.unit - 1) / rules_.unit * rules_.unit; }

  const SequentialRules rules_;
  /// A reservation that exists for a test write only.
  std::optional<uint32_t> test_reserved_;

 private:
  const Track* writable_track_at(uint32_t lba) const;
  uint32_t space_from(uint32_t start) const { return disc_.capacity > start ? disc_.capacity - start : 0; }

  /// How far a test write has come; ends with SYNCHRONIZE CACHE.
  std::optional<uint32_t> tested_to_;
};

}  // namespace rec::virt
