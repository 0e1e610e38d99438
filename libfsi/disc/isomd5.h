// The text that isomd5sum (implantisomd5, checkisomd5; Fedora's and RHEL's media check) keeps in the application use of
// the primary volume descriptor (ECMA-119 8.4.32), which has to be sector 16. The format has no document: facts are those
// of isomd5sum 1.2.3 and 1.2.5.
//
//   ISO MD5SUM = <32 hex>;SKIPSECTORS = 15;RHLISOSTATUS=0;FRAGMENT SUMS = <60 hex>;FRAGMENT COUNT = 20;<a sentence>
//
// The sum is the MD5 of the volume, by its big-endian volume space size, without its last SKIPSECTORS sectors and with
// these 512 bytes taken as spaces. The fragment sums are taken of the same MD5 on the way: bytes go in by 32 KiB, and when
// such a buffer began in another of the COUNT + 1 equal parts than the one before, 60 / COUNT digits tell the state behind
// it: of each of its first bytes the first digit of its hex number without leading zeros.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/running_digest.h"
#include "libfsi/base/sectors.h"
#include "libfsi/disc/iso9660.h"

namespace fsi::disc {

inline constexpr uint64_t kIsomd5Offset = offsetof(VolumeDescriptor, application_use);  // of the sector
inline constexpr uint64_t kIsomd5Bytes = 512;
inline constexpr uint64_t kIsomd5BufferSectors = 16;  // what goes into the MD5 at a time
inline constexpr uint32_t kIsomd5FragmentDigits = 60;
inline constexpr uint32_t kIsomd5Fragments = 20;
inline constexpr uint32_t kIsomd5SkipSectors = 15;  // what implantisomd5 writes; checkisomd5 takes any number

struct Isomd5 {
  Md5 sum{};
  uint64_t skip_sectors = 0;
  bool supported = false;         ///< RHLISOSTATUS
  uint32_t fragment_count = 0;    ///< 0: no fragment sums
  std::string fragment_digits{};  ///< 60 characters when fragment_count is not 0
};

/// Where a fragment sum is taken.
struct Isomd5Point {
  uint32_t fragment = 0;  ///< from 1
  uint64_t sector = 0;    ///< it covers [0, sector)
};

struct Isomd5Read {
  std::optional<Isomd5> sums;  ///< when the text can be believed
  std::string fault;           ///< else why not; empty when there is no such text at all
};

/// Reads the application use of untrusted bytes, as checkisomd5 does: items in any order, the last of a kind counts.
Isomd5Read read_isomd5(std::span<const std::byte> application_use);
/// The text; at most 512 characters.
std::string isomd5_text(const Isomd5& sums);

/// Where the sums of `fragments` are taken in a sum over `sectors`, ascending. A small image has fewer than `fragments`.
std::vector<Isomd5Point> isomd5_points(uint64_t sectors, uint32_t fragments);
/// Whether implantisomd5's fragment sums are what checkisomd5 expects of them: not when parts are smaller than a buffer.
bool isomd5_fragments_usable(uint64_t sectors);
/// The 60 / fragments digits of one fragment sum.
std::string isomd5_digits(const Md5& state, uint32_t fragments);

}  // namespace fsi::disc
