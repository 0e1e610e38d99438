// What a kind of medium makes of the commands that depend on it: where may be written and read, what closing does, what
// the disc says of itself. One subclass for each family, in media_….cc; this is all that the drive knows of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "librecorder/scsi/capacity.h"
#include "librecorder/scsi/disc_information.h"
#include "librecorder/scsi/disc_structure.h"
#include "librecorder/scsi/feature.h"
#include "librecorder/scsi/mode_page.h"
#include "librecorder/scsi/profile.h"
#include "librecorder/scsi/toc.h"
#include "librecorder/virtual/check_condition.h"
#include "librecorder/virtual/clock.h"
#include "librecorder/virtual/disc.h"

namespace rec::virt {

using Bytes = std::vector<std::byte>;

/// Every member that refuses throws CheckCondition and has changed nothing.
class Medium {
 public:
  explicit Medium(Disc& disc) : disc_(disc) {}
  virtual ~Medium() = default;
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  // What it is.
  virtual Profile profile() const { return disc_.type->profile; }
  /// Is this feature current with this medium, in this state?
  virtual bool current(Feature feature) const = 0;
  virtual DiscInformation disc_information() const = 0;
  virtual TrackInformation track_information(TrackAddress address, uint32_t number) const = 0;
  virtual ReadCapacityData read_capacity() const = 0;
  virtual CurrentCapacity current_capacity() const = 0;
  /// The whole answer to READ TOC/PMA/ATIP, its header included.
  virtual Bytes toc(TocFormat format, bool msf, uint8_t first) const = 0;
  /// The whole answer to READ DISC STRUCTURE, its header included.
  virtual Bytes disc_structure(StructureMedia media, uint32_t address, uint8_t layer, uint8_t format) const = 0;
  /// Sectors from LBA 0 that an image of the disc has.
  virtual uint32_t image_sectors() const = 0;

  // Reading and writing.
  virtual void check_read(uint32_t lba, uint32_t sectors) const = 0;
  /// `sectors` is not 0.
  virtual void check_write(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) const = 0;
  struct Written {
    size_t track;  ///< index whose written_to moved
    uint32_t written_to;
  };
  /// The laser stays low: nothing is to be stored.
  virtual bool test_write(const WriteParameters&) const { return false; }
  /// After check_write() of the same. A test write moves no track.
  virtual std::optional<Written> wrote(uint32_t lba, uint32_t sectors, const WriteParameters& parameters) = 0;
  virtual bool survives_underrun(const WriteParameters& parameters) const = 0;
  /// The buffer ran dry and the medium did not survive it.
  virtual void spoil() = 0;

  // Each returns how long the drive is busy with it, apart from emptying its buffer.
  virtual Duration synchronize(const WriteParameters& parameters) = 0;
  virtual Duration close(uint8_t function, uint16_t track, const WriteParameters& parameters) = 0;
  virtual Duration reserve(uint32_t sectors) = 0;
  /// `type`: of BLANK, MMC-6 6.2.
  virtual Duration blank(uint8_t type, uint32_t address);

  /// Has the disc changed since the last call in a way that must be stored?
  bool take_changed() { return std::exchange(changed_, false); }
  /// Has all user data been erased since the last call?
  bool take_erased() { return std::exchange(erased_, false); }

 protected:
  Disc& disc_;
  bool changed_ = false;
  bool erased_ = false;
};

std::unique_ptr<Medium> make_medium(Disc& disc);

// The families, each in its own file.
std::unique_ptr<Medium> make_cd(Disc& disc);
std::unique_ptr<Medium> make_dvd_plus_r(Disc& disc);
std::unique_ptr<Medium> make_bd_r(Disc& disc);

/// Appends the bytes of a record.
template <class Record>
void append(Bytes& bytes, const Record& record) {
  const auto more = fsi::bytes_of(record);
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace rec::virt
