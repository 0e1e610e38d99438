// Reads a UDF volume back from its sectors, by the structures alone, and fails on everything that is not exactly as the
// standard has it: tags, CRCs, locations, link counts, unique ids, recorded blocks. It shares the dictionary with the
// writer, and nothing else.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "libfsi/disc/udf.h"
#include "libfsi/names/cs0.h"

namespace fsi::test {

class UdfWalk {
 public:
  struct File {
    disc::FileType type{};
    uint32_t uid = 0, gid = 0, permissions = 0;
    uint16_t flags = 0, links = 0;
    uint64_t bytes = 0, unique_id = 0, icb = 0;
    disc::Timestamp mtime;
    std::vector<std::byte> embedded;                     // when it lies in the ICB
    std::vector<std::pair<uint64_t, uint64_t>> extents;  // sector, bytes
    std::vector<std::byte> attributes;
    bool hidden = false;
    uint64_t object_size = 0;
    disc::LongAd stream_directory;
    std::map<std::string, std::vector<std::byte>> streams;
  };
  using Read = std::function<std::vector<std::byte>(uint64_t lba)>;

  UdfWalk(Read read, uint64_t start, uint64_t sectors) : read_(std::move(read)), start_(start), sectors_(sectors) {
    read_volume();
    walk();
  }

  uint16_t revision = 0, min_read = 0;
  std::string label;
  uint64_t partition_first = 0, partition_blocks = 0;
  std::map<std::string, File> files;  // by path; the root is ""
  uint32_t said_files = 0, said_directories = 0;
  uint64_t next_unique_id = 0;

 private:
  template <class T>
  T as(const std::vector<std::byte>& bytes, size_t at = 0) {
    T record;
    EXPECT_TRUE(load(std::span<const std::byte>(bytes), at, record));
    return record;
  }

  // The tag is right in every way, and what it covers is `least` bytes at least.
  void check_tag(std::span<const std::byte> bytes, disc::TagId id, uint64_t location, size_t least) {
    disc::Tag tag;
    ASSERT_TRUE(load(bytes, 0, tag));
    EXPECT_EQ(tag.identifier, static_cast<uint16_t>(id)) << "at " << location;
    EXPECT_EQ(tag.version, revision >= 0x0200 ? 3 : 2);
    EXPECT_EQ(tag.location, location);
    EXPECT_EQ(tag.checksum, disc::checksum_of(tag)) << "at " << location;
    ASSERT_LE(sizeof tag + tag.crc_length, bytes.size());
    EXPECT_GE(sizeof tag + tag.crc_length, least);
    EXPECT_EQ(tag.crc, disc::crc_of(bytes.subspan(sizeof tag, tag.crc_length))) << "at " << location;
  }

  void read_volume() {
    uint64_t at = start_ + 16;
    for (; std::memcmp(read_(at).data() + 1, "CD001", 5) == 0; ++at) ASSERT_LT(at, start_ + 32);
    EXPECT_EQ(std::memcmp(read_(at).data() + 1, "BEA01", 5), 0);
    const bool third = std::memcmp(read_(at + 1).data() + 1, "NSR03", 5) == 0;
    EXPECT_EQ(std::memcmp(read_(at + 1).data() + 1, third ? "NSR03" : "NSR02", 5), 0);
    EXPECT_EQ(std::memcmp(read_(at + 2).data() + 1, "TEA01", 5), 0);
    revision = third ? 0x0200 : 0x0102;

    const auto anchor = as<disc::AnchorVolumeDescriptorPointer>(read_(start_ + 256));
    check_tag(read_(start_ + 256), disc::TagId::anchor, start_ + 256, 512);
    check_tag(read_(start_ + sectors_ - 1), disc::TagId::anchor, start_ + sectors_ - 1, 512);
    const auto last = as<disc::AnchorVolumeDescriptorPointer>(read_(start_ + sectors_ - 1));
    EXPECT_EQ(std::memcmp(&anchor.main_sequence, &last.main_sequence, 16), 0);
    EXPECT_GE(anchor.main_sequence.length, 16 * kSectorSize);
    EXPECT_EQ(anchor.reserve_sequence.length, anchor.main_sequence.length);
    using disc::TagId;
    const TagId order[] = {TagId::primary_volume, TagId::implementation_use, TagId::partition,
                           TagId::logical_volume, TagId::unallocated_space,  TagId::terminating};
    for (uint64_t i = 0; i < std::size(order); ++i) {
      auto main = read_(anchor.main_sequence.location + i), reserve = read_(anchor.reserve_sequence.location + i);
      check_tag(main, order[i], anchor.main_sequence.location + i, 24);
      check_tag(reserve, order[i], anchor.reserve_sequence.location + i, 24);
      EXPECT_TRUE(std::equal(main.begin() + 16, main.end(), reserve.begin() + 16));
    }
    const auto partition = as<disc::PartitionDescriptor>(read_(anchor.main_sequence.location + 2));
    partition_first = partition.starting_location;
    partition_blocks = partition.length;
    EXPECT_LE(partition_first + partition_blocks, anchor.reserve_sequence.location);
    const auto lv_bytes = read_(anchor.main_sequence.location + 3);
    const auto volume = as<disc::LogicalVolumeDescriptor>(lv_bytes);
    label = cs0_to_utf8(volume.identifier.text());
    revision = static_cast<uint16_t>(volume.domain.suffix[0] | volume.domain.suffix[1] << 8);
    if (volume.map_count == 2) read_metadata(as<disc::MetadataPartitionMap>(lv_bytes, 440 + 6));
    EXPECT_EQ(volume.map_table_length, volume.map_count == 2 ? 70u : 6u);
    file_set_ = volume.file_set;

    const auto lvid_bytes = read_(volume.integrity_sequence.location);
    check_tag(lvid_bytes, TagId::integrity, volume.integrity_sequence.location, 80);
    check_tag(read_(volume.integrity_sequence.location + 1), TagId::terminating, volume.integrity_sequence.location + 1, 512);
    const auto integrity = as<disc::LogicalVolumeIntegrityDescriptor>(lvid_bytes);
    EXPECT_EQ(integrity.partition_count, volume.map_count);
    EXPECT_EQ(integrity.type, 1u);
    const auto use = as<disc::IntegrityUse>(lvid_bytes, 80 + 8 * integrity.partition_count);
    said_files = use.files;
    said_directories = use.directories;
    min_read = use.min_read_revision;
    next_unique_id = integrity.next_unique_id;
  }

  void read_metadata(const disc::MetadataPartitionMap& map) {
    EXPECT_EQ(map.bitmap_icb, disc::kNoBitmap);
    EXPECT_EQ(map.mirror_icb, partition_blocks - 1);
    std::vector<std::byte> copies[2];
    for (const bool mirror : {false, true}) {
      const File file = read_icb(mirror ? map.mirror_icb : map.main_icb, 0);
      EXPECT_EQ(file.type, mirror ? disc::FileType::metadata_mirror : disc::FileType::metadata);
      EXPECT_EQ(file.bytes % (map.allocation_unit * kSectorSize), 0u);
      EXPECT_EQ(file.unique_id, 0u);
      EXPECT_EQ(file.links, 0u);
      for (const auto& [sector, bytes] : file.extents)
        for (uint64_t s = 0; s < bytes / kSectorSize; ++s) {
          EXPECT_LT(sector + s, partition_first + partition_blocks);
          if (!mirror) metadata_.push_back(sector + s);
          const auto block = read_(sector + s);
          copies[mirror].insert(copies[mirror].end(), block.begin(), block.end());
        }
      if (mirror) duplicate = file.extents.front().first != metadata_.front();
    }
    EXPECT_EQ(copies[0], copies[1]);
    EXPECT_EQ(duplicate, map.flags == 1);
  }

  uint64_t sector_of(uint64_t block, uint16_t partition) {
    if (partition == 0) {
      EXPECT_LT(block, partition_blocks);
      return partition_first + block;
    }
    EXPECT_EQ(partition, 1);
    return metadata_.at(block);
  }

  File read_icb(uint64_t block, uint16_t partition) {
    const auto bytes = read_(sector_of(block, partition));
    const bool extended = revision >= 0x0200;
    check_tag(bytes, extended ? disc::TagId::extended_file_entry : disc::TagId::file_entry, block, 176);
    const auto entry = as<disc::FileEntry>(bytes);  // the first 64 bytes are those of both
    const auto more = as<disc::ExtendedFileEntry>(bytes);
    File file;
    file.icb = block;
    file.type = static_cast<disc::FileType>(entry.icb.file_type.get());
    file.flags = entry.icb.flags;
    file.uid = entry.uid;
    file.gid = entry.gid;
    file.permissions = entry.permissions;
    file.links = entry.link_count;
    file.bytes = entry.information_length;
    const uint64_t blocks = extended ? more.blocks_recorded : entry.blocks_recorded;
    file.unique_id = extended ? more.unique_id : entry.unique_id;
    file.mtime = extended ? more.modification_time : entry.modification_time;
    const size_t attributes = extended ? more.attributes_length : entry.attributes_length;
    const size_t length = extended ? more.allocation_length : entry.allocation_length;
    file.object_size = extended ? more.object_size.get() : file.bytes;
    if (extended) file.stream_directory = more.stream_directory;
    size_t at = extended ? 216 : 176;
    EXPECT_LE(at + attributes + length, bytes.size());
    const disc::Tag tag = as<disc::Tag>(bytes);
    EXPECT_EQ(tag.crc_length, at + attributes + length - 16);
    file.attributes.assign(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(at + attributes));
    at += attributes;
    const std::vector<std::byte> rest(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.begin() + static_cast<ptrdiff_t>(at + length));
    if ((file.flags & 7) == disc::kIcbEmbedded) {
      EXPECT_EQ(length, file.bytes);
      EXPECT_EQ(blocks, 0u);
      file.embedded = rest;
    } else {
      read_extents(rest, (file.flags & 7) == disc::kIcbLongAds, partition, file);
      uint64_t sum = 0, sectors = 0;
      for (const auto& [sector, n] : file.extents) {
        sum += n;
        sectors += sectors_for(n);
      }
      EXPECT_EQ(sum, file.bytes);
      EXPECT_EQ(sectors, blocks);
    }
    return file;
  }

  void read_extents(std::vector<std::byte> ads, bool long_ads, uint16_t partition, File& file) {
    for (size_t at = 0; at < ads.size();) {
      uint32_t length;
      uint64_t block;
      uint16_t in = partition;
      if (long_ads) {
        const auto ad = as<disc::LongAd>(ads, at);
        length = ad.length, block = ad.location.block, in = ad.location.partition, at += sizeof ad;
      } else {
        const auto ad = as<disc::ShortAd>(ads, at);
        length = ad.length, block = ad.block, at += sizeof ad;
      }
      if (length >> 30 == disc::kExtentContinues) {
        EXPECT_EQ(at, ads.size());
        const auto bytes = read_(sector_of(block, in));
        const auto head = as<disc::AllocationExtentDescriptor>(bytes);
        check_tag(bytes, disc::TagId::allocation_extent, block, sizeof head + head.allocation_length);
        ads.assign(bytes.begin() + sizeof head, bytes.begin() + static_cast<ptrdiff_t>(sizeof head + head.allocation_length));
        at = 0;
        continue;
      }
      EXPECT_EQ(length >> 30, 0u);
      EXPECT_GT(length, 0u);
      EXPECT_EQ(at != ads.size() ? length % kSectorSize : 0, 0u);
      (void)sector_of(block + sectors_for(length) - 1, in);  // inside of the partition
      file.extents.emplace_back(sector_of(block, in), length);
    }
  }

  std::vector<std::byte> contents(const File& file) {
    if ((file.flags & 7) == disc::kIcbEmbedded) return file.embedded;
    std::vector<std::byte> all;
    for (const auto& [sector, bytes] : file.extents)
      for (uint64_t s = 0; s < sectors_for(bytes); ++s) {
        const auto block = read_(sector + s);
        all.insert(all.end(), block.begin(), block.end());
      }
    all.resize(file.bytes);
    return all;
  }

  // ECMA-167 4/9.2 and UDF 3.3.5.1. Returns whether the file has a stream directory, whose parent identifier names the file.
  bool read_streams(File& file, const disc::LongAd& icb) {
    if (file.stream_directory.length == 0) {
      EXPECT_EQ(file.object_size, file.bytes);
      return false;
    }
    EXPECT_EQ(file.stream_directory.length, kSectorSize);
    EXPECT_EQ(file.stream_directory.unique_id, file.unique_id);
    const disc::LbAddress at = file.stream_directory.location;
    EXPECT_TRUE(stream_icbs_.insert(at.block).second) << "a stream directory has two owners";
    const File directory = read_icb(at.block, at.partition);
    EXPECT_EQ(directory.type, disc::FileType::stream_directory);
    EXPECT_EQ(directory.links, 0);
    EXPECT_EQ(directory.unique_id, file.unique_id);
    EXPECT_EQ(directory.object_size, directory.bytes);
    EXPECT_EQ(directory.stream_directory.length, 0u);
    EXPECT_EQ(directory.flags & disc::kIcbStream, 0);
    const bool embedded = (directory.flags & 7) == disc::kIcbEmbedded;
    const uint64_t first_block = embedded ? directory.icb : block_of(directory.extents.front().first, at.partition);
    const auto bytes = contents(directory);
    uint64_t sum = file.bytes;
    for (size_t position = 0; position < bytes.size();) {
      const auto head = as<disc::FileIdentifierDescriptor>(bytes, position);
      const size_t length = (sizeof head + head.implementation_use_length + head.identifier_length + 3) / 4 * 4;
      EXPECT_LE(position + length, bytes.size());
      if (position + length > bytes.size()) break;
      check_tag(std::span(bytes).subspan(position, length), disc::TagId::file_identifier,
                embedded ? first_block : first_block + position / kSectorSize, length);
      EXPECT_EQ(head.icb.unique_id, file.unique_id);
      if (position == 0) {
        EXPECT_EQ(head.characteristics, disc::kFidParent | (file.type == disc::FileType::directory ? disc::kFidDirectory : 0));
        EXPECT_EQ(head.icb.location.block, icb.location.block);
      } else {
        EXPECT_EQ(head.characteristics, 0);
        EXPECT_TRUE(stream_icbs_.insert(head.icb.location.block).second) << "a stream has two names";
        const std::string name =
            cs0_to_utf8({reinterpret_cast<const char*>(bytes.data()) + position + sizeof head, head.identifier_length});
        const File stream = read_icb(head.icb.location.block, head.icb.location.partition);
        EXPECT_EQ(stream.type, disc::FileType::bytes);
        EXPECT_EQ(stream.links, 1);
        EXPECT_EQ(stream.unique_id, file.unique_id);
        EXPECT_EQ(stream.object_size, stream.bytes);
        EXPECT_EQ(stream.stream_directory.length, 0u);
        EXPECT_TRUE(stream.attributes.empty());
        EXPECT_EQ(stream.flags & disc::kIcbStream, disc::kIcbStream);
        EXPECT_EQ(stream.uid, file.uid);
        EXPECT_TRUE(file.streams.emplace(name, contents(stream)).second) << name;
        sum += stream.bytes;
      }
      position += length;
    }
    EXPECT_EQ(file.object_size, sum);
    return true;
  }

  void walk() {
    const uint64_t set_sector = sector_of(file_set_.location.block, file_set_.location.partition);
    check_tag(read_(set_sector), disc::TagId::file_set, file_set_.location.block, 512);
    check_tag(read_(set_sector + 1), disc::TagId::terminating, file_set_.location.block + 1, 512);
    const auto set = as<disc::FileSetDescriptor>(read_(set_sector));
    struct Pending {
      std::string path;
      disc::LongAd icb, parent;
    };
    std::vector<Pending> pending{{"", set.root, set.root}};
    std::map<uint64_t, uint64_t> names_of;          // by ICB block
    std::map<uint64_t, std::set<uint64_t>> ids_of;  // by ICB block: unique ids of the identifiers
    std::set<uint32_t> identifier_ids;
    uint64_t directories = 0, others = 0;
    ++names_of[set.root.location.block];
    while (!pending.empty()) {
      const Pending one = pending.back();
      pending.pop_back();
      File directory = read_icb(one.icb.location.block, one.icb.location.partition);
      names_of[one.icb.location.block] += read_streams(directory, one.icb);
      files[one.path] = directory;
      EXPECT_EQ(directory.type, disc::FileType::directory) << one.path;
      EXPECT_LE(directory.extents.size(), 1u);
      ++directories;
      const bool embedded = (directory.flags & 7) == disc::kIcbEmbedded;
      const uint64_t first_block = embedded ? directory.icb : block_of(directory.extents.front().first, one.icb.location.partition);
      const auto bytes = contents(directory);
      std::set<std::string> names;
      for (size_t at = 0; at < bytes.size();) {
        const auto head = as<disc::FileIdentifierDescriptor>(bytes, at);
        const size_t length = (sizeof head + head.implementation_use_length + head.identifier_length + 3) / 4 * 4;
        ASSERT_LE(at + length, bytes.size());
        check_tag(std::span(bytes).subspan(at, length), disc::TagId::file_identifier,
                  embedded ? first_block : first_block + at / kSectorSize, length);
        EXPECT_EQ(head.version, 1);
        EXPECT_EQ(head.icb.length, kSectorSize);
        if (at == 0) {
          EXPECT_EQ(head.characteristics, disc::kFidParent | disc::kFidDirectory);
          EXPECT_EQ(head.identifier_length, 0);
          EXPECT_EQ(head.icb.location.block, one.parent.location.block) << one.path;
          EXPECT_EQ(head.icb.unique_id, one.parent.unique_id);
          if (!one.path.empty()) ++names_of[one.parent.location.block];
        } else {
          const std::string name = cs0_to_utf8({reinterpret_cast<const char*>(bytes.data()) + at + sizeof head, head.identifier_length});
          EXPECT_TRUE(names.insert(name).second) << name;
          EXPECT_GE(head.identifier_length, 2);
          EXPECT_TRUE(identifier_ids.insert(head.icb.unique_id).second);
          EXPECT_GE(head.icb.unique_id, 16u);
          EXPECT_LT(head.icb.unique_id, next_unique_id);
          ++names_of[head.icb.location.block];
          ids_of[head.icb.location.block].insert(head.icb.unique_id);
          const std::string path = one.path + "/" + name;
          if (head.characteristics & disc::kFidDirectory) {
            pending.push_back({path, head.icb, one.icb});
          } else {
            ++others;
            File& file = files[path] = read_icb(head.icb.location.block, head.icb.location.partition);
            if (const auto known = streams_of_.find(file.icb); known != streams_of_.end()) {
              file.streams = known->second;
            } else {
              names_of[file.icb] += read_streams(file, head.icb);
              streams_of_[file.icb] = file.streams;
            }
            EXPECT_NE(files[path].type, disc::FileType::directory);
          }
          files[path].hidden = head.characteristics & disc::kFidHidden;
        }
        at += length;
      }
    }
    for (const auto& [path, file] : files) {
      EXPECT_EQ(file.links, std::min<uint64_t>(names_of[file.icb], 65535)) << path;
      EXPECT_TRUE(path.empty() ? file.unique_id == 0 : ids_of[file.icb].count(file.unique_id) == 1) << path;
    }
    EXPECT_EQ(said_directories, directories);
    EXPECT_EQ(said_files, others);
  }

  uint64_t block_of(uint64_t sector, uint16_t partition) {
    if (partition == 0) return sector - partition_first;
    for (uint64_t i = 0; i < metadata_.size(); ++i)
      if (metadata_[i] == sector) return i;
    ADD_FAILURE() << sector << " is not in the metadata file";
    return 0;
  }

 public:
  bool duplicate = false;

 private:
  Read read_;
  uint64_t start_, sectors_;
  std::vector<uint64_t> metadata_;  // sector of each block of the metadata partition
  disc::LongAd file_set_;
  std::set<uint64_t> stream_icbs_;
  std::map<uint64_t, std::map<std::string, std::vector<std::byte>>> streams_of_;  // by ICB block
};

}  // namespace fsi::test
