// The system use field of a directory record: SUSP 1.12 and Rock Ridge (RRIP 1.09, 1.10, 1.12), read from
// untrusted bytes. One record at a time; knows nothing of trees.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "libfsi/disc/susp.h"
#include "libfsi/read/careful.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// What one record's system use field says. Reused from record to record so that no memory is allocated.
struct SystemUseRead {
  std::optional<PosixAttributes> posix;
  bool has_name = false, has_target = false, relocated = false, has_device = false;
  std::string name;                  // NM
  std::string attributes;            // AL: component records, one after the other; see aaip.h
  std::string target;                // SL, components joined by "/"
  std::optional<Lba> child, parent;  // CL, PL
  uint64_t device_high = 0, device_low = 0;
  EntryTime created, modified, accessed, changed;
  std::optional<Compressed> compressed;  // ZF

  void clear();
};

/// SUSP 5.3: the "." of the root tells whether the protocol is in use, and how many bytes to skip in all the
/// other records. Looks behind a CD-ROM XA field too.
std::optional<uint8_t> susp_skip(std::span<const std::byte> system_use);

class SystemUseReader {
 public:
  SystemUseReader(CarefulReader& reader, IssueLog& log, const ReadLimits& limits, uint8_t skip);
  /// Whose record is being read: asked for an issue only.
  std::function<std::string()> place{};

  /// `area`: the field; `record`: the sector of its record, for issues. `continuation` hears of every sector that
  /// holds a continuation area.
  void read(std::span<const std::byte> area, Lba record, SystemUseRead& out, const std::function<void(Lba)>& continuation);
  /// SUSP 5.3: the "." of the root, where nothing is skipped but an XA field.
  void read_root(std::span<const std::byte> area, Lba record, SystemUseRead& out, const std::function<void(Lba)>& continuation);

 private:
  struct Continuation {
    uint32_t extent, offset, length;
  };
  void read_areas(std::span<const std::byte> area, SystemUseRead& out, const std::function<void(Lba)>& continuation);
  std::optional<Continuation> read_area(std::span<const std::byte> area, SystemUseRead& out);
  void read_entry(const disc::SuspHeader& header, std::span<const std::byte> entry, SystemUseRead& out);
  void read_name(std::span<const std::byte> entry, SystemUseRead& out);
  void read_link(std::span<const std::byte> entry, SystemUseRead& out);
  void read_times(std::span<const std::byte> entry, SystemUseRead& out);
  template <class T>
  bool load_entry(std::span<const std::byte> entry, T& record);
  void fault(const char* what, const char* clause, const std::string& detail = {}, Severity severity = Severity::error);
  template <class Both>
  void check_both(const char* clause, const char* field, const Both& number);

  CarefulReader& reader_;
  IssueLog& log_;
  const ReadLimits& limits_;
  uint8_t skip_;
  uint64_t budget_;  // continuation bytes: a legal image has each of them once
  // of the record being read
  Lba record_ = 0;
  bool name_goes_on_ = false, component_goes_on_ = false, ended_ = false;
};

}  // namespace fsi
