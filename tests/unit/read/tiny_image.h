// Small images built byte by byte in memory, so that tests can make exactly the right one and then break it; and a
// SectorSource over bytes that can have unreadable sectors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/sectors.h"
#include "libfsi/disc/iso9660.h"
#include "libfsi/disc/susp.h"

namespace fixture {

using Bytes = std::vector<unsigned char>;

class MemorySource final : public fsi::SectorSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  uint64_t sectors() const override { return bytes_.size() / fsi::kSectorSize; }
  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    if (range.end() > sectors() || out.size() != range.count * fsi::kSectorSize) throw std::logic_error("a read outside of the source");
    for (const uint64_t bad : unreadable)
      if (bad >= range.first && bad < range.end()) throw fsi::Error(fsi::ErrorKind::failed, "memory", "reading", "unrecovered read error");
    std::memcpy(out.data(), bytes_.data() + range.first * fsi::kSectorSize, out.size());
  }
  std::string name() const override { return "memory"; }
  Bytes& bytes() { return bytes_; }
  std::set<uint64_t> unreadable;

 private:
  Bytes bytes_;
};

/// System use entries one after the other.
class SystemUseBytes {
 public:
  template <class T>
  SystemUseBytes& add(const T& record, const std::string& rest = {}) {
    const auto bytes = fsi::bytes_of(record);
    const size_t at = text_.size();
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text_ += rest;
    text_[at + 2] = static_cast<char>(bytes.size() + rest.size());
    return *this;
  }
  SystemUseBytes& sp() { return add(fsi::disc::SuspSP{}); }
  SystemUseBytes& px(uint32_t mode, uint32_t links, uint32_t serial = 0) {
    fsi::disc::RripPX px;
    px.mode = mode, px.links = links, px.uid = 7, px.gid = 8, px.serial = serial;
    return add(px);
  }
  SystemUseBytes& nm(const std::string& name, uint8_t flags = 0) {
    fsi::disc::RripNM nm;
    nm.flags = flags;
    return add(nm, name);
  }
  SystemUseBytes& sl(const std::string& components, uint8_t flags = 0) {
    fsi::disc::RripSL sl;
    sl.flags = flags;
    return add(sl, components);
  }
  SystemUseBytes& ce(uint32_t extent, uint32_t offset, uint32_t length) {
    fsi::disc::SuspCE ce;
    ce.extent = extent, ce.offset = offset, ce.length = length;
    return add(ce);
  }
  SystemUseBytes& raw(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  operator std::string() const { return text_; }

 private:
  std::string text_;
};

/// One directory record with its identifier and system use field.
inline std::string record(const std::string& identifier, uint32_t extent, uint32_t bytes, uint8_t flags = 0,
                          const std::string& system_use = {}) {
  fsi::disc::DirectoryRecord r;
  const size_t used = sizeof r + identifier.size() + (identifier.size() % 2 == 0);
  const size_t length = used + system_use.size() + (system_use.size() % 2);
  r.length = length;
  r.extent = extent;
  r.data_length = bytes;
  r.time.year = 126, r.time.month = 1, r.time.day = 2;
  r.flags = flags;
  r.identifier_length = identifier.size();
  const auto head = fsi::bytes_of(r);
  std::string out(reinterpret_cast<const char*>(head.data()), head.size());
  out += identifier;
  out.resize(used);
  out += system_use;
  out.resize(length);
  return out;
}

inline const std::string kDot(1, '\0'), kDotDot(1, '\1');

/// An image of `sectors` sectors: PVD at 16, terminator at 17, path tables at 18 and 19, root directory at 20.
class TinyImage {
 public:
  explicit TinyImage(uint32_t sectors = 64) : bytes_(size_t{sectors} * fsi::kSectorSize) {
    fsi::disc::VolumeDescriptor& d = primary;
    d.header.type = 1;
    d.volume_id.set("TINY");
    d.volume_space_size = sectors;
    d.path_table_size = 10;
    d.path_table_l = 18;
    d.path_table_m = 19;
    d.root.length = 34;
    d.root.extent = 20;
    d.root.data_length = fsi::kSectorSize;
    d.root.flags = fsi::disc::kDirectory;
    d.root.identifier_length = 1;
    put(17, fsi::disc::SetTerminator{});
    path_table({{20, 1, kDot}});
  }
  fsi::disc::VolumeDescriptor primary;

  template <class T>
  void put(uint32_t lba, const T& record) {
    text(lba, 0, {reinterpret_cast<const char*>(&record), sizeof record});
  }
  void text(uint32_t lba, size_t offset, const std::string& bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_t{lba} * fsi::kSectorSize + offset));
  }
  /// The records of a directory of one sector, "." and ".." first.
  void directory(uint32_t lba, uint32_t parent, const std::vector<std::string>& records, const std::string& dot_use = {},
                 const std::string& dotdot_use = {}) {
    std::string all = record(kDot, lba, fsi::kSectorSize, fsi::disc::kDirectory, dot_use) +
                      record(kDotDot, parent, fsi::kSectorSize, fsi::disc::kDirectory, dotdot_use);
    for (const std::string& r : records) all += r;
    all.resize(fsi::kSectorSize);
    text(lba, 0, all);
  }
  struct Row {
    uint32_t extent;
    uint16_t parent;
    std::string identifier;
  };
  void path_table(const std::vector<Row>& rows) {
    std::string l, m;
    for (const Row& row : rows) {
      auto add = [&](std::string& out, auto fixed) {
        fixed.identifier_length = row.identifier.size();
        fixed.extent = row.extent;
        fixed.parent = row.parent;
        out.append(reinterpret_cast<const char*>(&fixed), sizeof fixed);
        out += row.identifier;
        if (row.identifier.size() % 2) out += '\0';
      };
      add(l, fsi::disc::PathTableRecordL{});
      add(m, fsi::disc::PathTableRecordM{});
    }
    primary.path_table_size = l.size();
    text(18, 0, l);
    text(19, 0, m);
  }
  Bytes bytes() {
    put(16, primary);
    return bytes_;
  }

 private:
  Bytes bytes_;
};

}  // namespace fixture
