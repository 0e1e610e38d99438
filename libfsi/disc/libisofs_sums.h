// The MD5 sums that libisofs (xorriso) records in an image: tags, which are lines of text in sectors of their own, and
// an array with one sum for each file. Described by libisofs' doc/checksums.txt and doc/susp_aaip_isofs_names.txt; the
// entry AL of the system use field that leads to the array (AAIP 2.0) is in susp.h.
//
//   <id> pos=# range_start=# range_size=# [next=#|session_start=#] md5=<32 hex> self=<32 hex><newline>, then zeros
//
// A tag's md5 covers [range_start, range_start + range_size), which ends where the tag lies; self covers the line up to
// the last digit of md5. The superblock tag lies behind the volume descriptors, inside of the first 32 sectors of the session,
// and names the next: the tree tag behind the directories, and that one the session tag. Where a session does not begin at
// sector 0 of an overwritable medium, copies of its descriptors lie there with a relocated superblock tag behind them.
//
// The array has count entries of 16 bytes: 0 is the MD5 of [start, end) where the array begins at end; I is the MD5 of the
// file whose records say isofs.cx = I; count - 1 is the MD5 of all the entries before it. The session tag follows it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libfsi/base/running_digest.h"
#include "libfsi/base/sectors.h"
#include "libfsi/disc/susp.h"

namespace fsi::disc {

enum class TagKind : uint8_t { superblock, tree, session, relocated };

struct LibisofsTag {
  TagKind kind = TagKind::session;
  uint64_t position = 0;  ///< sector of the tag itself
  SectorRange range;      ///< what md5 covers
  uint64_t next = 0;      ///< superblock, tree: the next tag; relocated: the start of the session
  Md5 md5{};
};

struct TagRead {
  std::optional<LibisofsTag> tag;  ///< its own sum is right
  bool damaged = false;            ///< it begins like a tag and is none
};
/// What the sector is, if it is a tag. Whether it lies where it says is for the caller to compare.
TagRead read_tag(std::span<const std::byte> sector);
/// The line, newline included.
std::string tag_line(const LibisofsTag& tag);
/// "superblock", "tree", "session", "relocated superblock".
std::string_view tag_name(TagKind kind);

inline constexpr uint32_t kArrayEntryBytes = 16;

/// AAIP attribute isofs.ca of the root.
struct ChecksumArray {
  uint64_t start = 0;  ///< first sector of the session
  uint64_t end = 0;    ///< first sector of the array; what entry 0 covers ends here
  uint64_t count = 0;  ///< entries
  SectorRange range() const { return {end, sectors_for(count * kArrayEntryBytes)}; }
};
/// The values of the two attributes, as untrusted bytes. Empty when they are not legal or not about MD5.
std::optional<ChecksumArray> read_checksum_array(std::string_view value);
std::optional<uint64_t> read_checksum_index(std::string_view value);

// The names in the short form of AAIP: 4 stands for "isofs.".
inline constexpr std::string_view kArrayAttribute =
                                      "\x04"
                                      "ca",
                                  kIndexAttribute =
                                      "\x04"
                                      "cx";

/// The two AL entries with four bytes an address, so that their size is known before any address is.
struct AaipArray {
  SuspHeader header{'A', 'L', 32};
  U8 flags;                              // 4
  RripComponent name_component{0, 3};    // 5
  char name[3] = {4, 'c', 'a'};          // 7
  RripComponent value_component{0, 20};  // 10
  U8 start_length = 4;                   // 12
  Be32 start;                            // 13
  U8 end_length = 4;                     // 17
  Be32 end;                              // 18
  U8 count_length = 4;                   // 22
  Be32 count;                            // 23
  U8 size_length = 1;                    // 27
  U8 size = kArrayEntryBytes;            // 28
  char kind[3] = {'M', 'D', '5'};        // 29
};
static_assert(sizeof(AaipArray) == 32 && alignof(AaipArray) == 1);
struct AaipIndex {
  SuspHeader header{'A', 'L', 16};
  U8 flags;                             // 4
  RripComponent name_component{0, 3};   // 5
  char name[3] = {4, 'c', 'x'};         // 7
  RripComponent value_component{0, 4};  // 10
  Be32 index;                           // 12
};
static_assert(sizeof(AaipIndex) == 16 && alignof(AaipIndex) == 1);

}  // namespace fsi::disc
