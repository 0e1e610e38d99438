// A strict reader for tests: reads a hierarchy record by record as ECMA-119 says and fails the test at the first
// thing that is not legal. Written from the standard, not from the writer.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "libfsi/disc/susp.h"
#include "tests/unit/iso9660/test_image.h"

namespace fsi::test {

/// One name of a directory, its sections joined.
struct Found {
  std::string identifier;
  uint32_t extent = 0;
  uint64_t bytes = 0;
  uint8_t flags = 0;
  unsigned sections = 0;
  std::string name;                     // NM, joined
  std::vector<std::string> system_use;  // the entries, whole, in order, CE followed
  std::vector<disc::SuspCE> continuations;

  const std::string* entry(const char* signature) const {
    for (const std::string& one : system_use)
      if (one.compare(0, 2, signature) == 0) return &one;
    return nullptr;
  }
};

class ImageWalk {
 public:
  explicit ImageWalk(const TestImage& image, uint64_t step = 512) {
    for (const Region* region : image.regions) parts_[region->range.first] = TestImage::render(*region, step);
  }

  std::vector<std::byte> sectors(uint64_t first, uint64_t count) const {
    std::vector<std::byte> bytes;
    for (; count > 0; --count, ++first) {
      auto at = parts_.upper_bound(first);
      EXPECT_NE(at, parts_.begin()) << "sector " << first << " belongs to no region";
      if (at == parts_.begin()) return bytes;
      --at;
      const uint64_t offset = (first - at->first) * kSectorSize;
      EXPECT_LE(offset + kSectorSize, at->second.size()) << "sector " << first << " belongs to no region";
      if (offset + kSectorSize > at->second.size()) return bytes;
      bytes.insert(bytes.end(), at->second.begin() + static_cast<ptrdiff_t>(offset),
                   at->second.begin() + static_cast<ptrdiff_t>(offset + kSectorSize));
    }
    return bytes;
  }

  disc::VolumeDescriptor descriptor(uint64_t at) const {
    disc::VolumeDescriptor descriptor;
    EXPECT_TRUE(load(sectors(at, 1), 0, descriptor));
    return descriptor;
  }

  /// The records of a directory: "." and ".." first.
  std::vector<Found> directory(uint32_t extent, uint64_t bytes) const {
    EXPECT_EQ(bytes % kSectorSize, 0u);
    const std::vector<std::byte> data = sectors(extent, bytes / kSectorSize);
    std::vector<Found> all;
    bool joins = false;
    for (size_t at = 0; at < data.size();) {
      disc::DirectoryRecord record;
      const auto length = std::to_integer<size_t>(data[at]);
      if (length == 0) {
        const size_t next = (at / kSectorSize + 1) * kSectorSize;
        for (; at < next; ++at) EXPECT_EQ(data[at], std::byte{0});
        continue;
      }
      EXPECT_TRUE(load(data, at, record));
      EXPECT_LE(at % kSectorSize + length, kSectorSize) << "a record crosses a sector";
      EXPECT_EQ(length % 2, 0u);
      EXPECT_TRUE(record.extent.agree() && record.data_length.agree() && record.volume_sequence.agree());
      EXPECT_EQ(record.volume_sequence, 1);
      EXPECT_GE(record.identifier_length, 1);
      Found found;
      found.identifier.assign(reinterpret_cast<const char*>(data.data()) + at + sizeof record, record.identifier_length);
      found.extent = record.extent;
      found.bytes = record.data_length;
      found.flags = record.flags;
      found.sections = 1;
      const size_t use = sizeof record + record.identifier_length + (record.identifier_length % 2 ? 0 : 1);
      EXPECT_LE(use, length);
      read_system_use(std::span(data).subspan(at + use, length - use), found);
      if (joins) {
        Found& whole = all.back();
        EXPECT_EQ(whole.identifier, found.identifier);
        EXPECT_EQ(whole.system_use, found.system_use);
        EXPECT_EQ(whole.extent + whole.bytes / kSectorSize, found.extent) << "sections do not follow each other";
        EXPECT_EQ(whole.bytes % kSectorSize, 0u);
        whole.bytes += found.bytes;
        ++whole.sections;
      } else {
        all.push_back(found);
      }
      joins = found.flags & disc::kMultiExtent;
      at += length;
    }
    EXPECT_FALSE(joins) << "the last section is missing";
    EXPECT_GE(all.size(), 2u);
    EXPECT_EQ(all[0].identifier, std::string(1, '\0'));
    EXPECT_EQ(all[1].identifier, std::string(1, '\1'));
    for (size_t i = 3; i < all.size(); ++i) EXPECT_LT(sort_key(all[i - 1].identifier), sort_key(all[i].identifier));
    return all;
  }

  /// Path (of recorded names, or of Rock Ridge names if there are any) to record, for the hierarchy of a descriptor. Checks
  /// "." and ".." and that the path table says the same.
  std::map<std::string, Found> walk(const disc::VolumeDescriptor& descriptor, bool joliet = false) const {
    std::map<std::string, Found> all;
    struct Open {
      std::string path;
      uint32_t extent;
      uint64_t bytes;
      uint32_t parent;
      unsigned level;
      uint16_t number_of_parent;
      std::string identifier;
    };
    std::vector<Open> level{{"", descriptor.root.extent, descriptor.root.data_length, descriptor.root.extent, 1, 1, std::string(1, '\0')}};
    std::vector<Open> in_order;
    while (!level.empty()) {  // breadth first, as the path table
      std::vector<Open> next;
      for (Open& open : level) {
        in_order.push_back(open);
        const auto number = static_cast<uint16_t>(in_order.size());
        const std::vector<Found> records = directory(open.extent, open.bytes);
        EXPECT_EQ(records[0].extent, open.extent) << open.path;
        EXPECT_EQ(records[0].bytes, open.bytes) << open.path;
        EXPECT_EQ(records[1].extent, open.parent) << open.path;
        for (size_t i = 2; i < records.size(); ++i) {
          // Relocated directories may well have one name there.
          const bool by_identifier = records[i].name.empty() || (records[i].entry("RE") && !open.path.empty());
          const std::string name = joliet ? utf16_to_latin(records[i].identifier) : by_identifier ? records[i].identifier : records[i].name;
          const std::string path = open.path + "/" + name;
          EXPECT_TRUE(all.emplace(path, records[i]).second) << path << " is there twice";
          if (records[i].flags & disc::kDirectory)
            next.push_back({path, records[i].extent, records[i].bytes, open.extent, open.level + 1, number, records[i].identifier});
        }
      }
      level = std::move(next);
    }
    check_path_table<disc::PathTableRecordL>(descriptor.path_table_l, descriptor.path_table_size, in_order);
    check_path_table<disc::PathTableRecordM>(descriptor.path_table_m, descriptor.path_table_size, in_order);
    return all;
  }

  static std::string utf16_to_latin(const std::string& units) {
    std::string text;
    for (size_t i = 0; i + 1 < units.size(); i += 2) text += units[i] ? '?' : units[i + 1];
    return text;
  }

 private:
  // 9.3: name, then extension, both padded with spaces.
  static std::pair<std::string, std::string> sort_key(const std::string& identifier) {
    if (identifier[0] == '\0' || identifier.find('\0') != std::string::npos) return {identifier, {}};  // Joliet
    const std::string name = identifier.substr(0, identifier.find(';'));
    const size_t dot = name.find('.');
    if (dot == std::string::npos) return {name, {}};
    return {name.substr(0, dot), name.substr(dot + 1)};
  }

  void read_system_use(std::span<const std::byte> area, Found& found) const {
    bool more_name = false;
    std::vector<std::byte> continuation;
    for (unsigned hops = 0; hops < 32; ++hops) {
      disc::SuspCE next;
      bool continues = false;
      size_t at = 0;
      while (area.size() - at >= 4) {
        disc::SuspHeader header;
        EXPECT_TRUE(load(area, at, header));
        EXPECT_FALSE(continues) << "an entry behind CE";
        EXPECT_GE(header.length, 4);
        EXPECT_LE(at + header.length, area.size());
        if (header.length < 4 || at + header.length > area.size()) return;
        const std::string whole(reinterpret_cast<const char*>(area.data()) + at, header.length);
        if (header.is('C', 'E')) {
          EXPECT_TRUE(load(area, at, next));
          EXPECT_TRUE(next.extent.agree() && next.offset.agree() && next.length.agree());
          continues = true;
        } else {
          found.system_use.push_back(whole);
        }
        if (header.is('N', 'M')) {
          EXPECT_EQ(more_name, !found.name.empty());
          found.name += whole.substr(5);
          more_name = whole[4] & disc::kNameContinue;
        }
        at += header.length;
      }
      if (!continues) {
        EXPECT_FALSE(more_name);
        return;
      }
      found.continuations.push_back(next);
      EXPECT_LE(uint64_t{next.offset} + next.length, kSectorSize) << "a continuation area crosses a block";
      continuation = sectors(next.extent, 1);
      area = std::span<const std::byte>(continuation).subspan(next.offset, next.length);
    }
    ADD_FAILURE() << "more continuations than Linux follows";
  }

  template <class Record, class Directories>
  void check_path_table(uint32_t first, uint32_t size, const Directories& directories) const {
    const std::vector<std::byte> table = sectors(first, sectors_for(size));
    size_t at = 0;
    for (const auto& directory : directories) {
      Record record;
      ASSERT_TRUE(load(table, at, record));
      ASSERT_EQ(record.extent, directory.extent) << directory.path;
      ASSERT_EQ(record.parent, directory.number_of_parent) << directory.path;
      ASSERT_EQ(std::string(reinterpret_cast<const char*>(table.data()) + at + sizeof record, record.identifier_length),
                directory.identifier);
      at += sizeof record + record.identifier_length + record.identifier_length % 2;
    }
    EXPECT_EQ(at, size);
  }

  std::map<uint64_t, std::vector<std::byte>> parts_;
};

}  // namespace fsi::test
