// One ICB: a file entry or an extended file entry, as the revision has it. Knows neither tree nor layout.
#pragma once

#include <optional>
#include <span>

#include "libfsi/source/tree.h"
#include "libfsi/udf/form.h"

namespace fsi::udf {

struct IcbFacts {
  disc::FileType type = disc::FileType::bytes;
  uint16_t flags = disc::kIcbShortAds;  ///< what the allocation descriptors are, setuid, ...
  uint32_t uid = 0, gid = 0;
  uint32_t permissions = 0;  ///< as ECMA-167 counts them: permissions_of()
  uint16_t links = 1;
  uint64_t bytes = 0;
  uint64_t blocks = 0;  ///< recorded outside of the ICB
  uint64_t unique_id = 0;
  uint64_t stream_bytes = 0;  ///< of all its streams
  disc::LongAd streams;       ///< ICB of the stream directory; of length 0 without one
  Time mtime = 0, atime = 0, ctime = 0;
  std::optional<uint64_t> device;  ///< makedev() number
};

/// Bytes of an ICB that are left for allocation descriptors or embedded data.
size_t icb_room(const Form& form, bool device = false);

/// Writes the ICB into a block of zeros. `allocation`: allocation descriptors or embedded data, at most icb_room()
/// bytes; they may lie in their place already (the end of what comes before them is the block's size less icb_room()).
/// `location`: block inside of its partition.
void put_icb(const Form& form, const IcbFacts& facts, std::span<const std::byte> allocation, uint32_t location, std::span<std::byte> block);

/// ECMA-167 4/14.9.5 from POSIX mode bits. Who may write may also delete and change attributes, as Linux and NetBSD have it.
uint32_t permissions_of(unsigned mode);
/// setuid, setgid and sticky as flags of an ICB.
uint16_t icb_flags_of(unsigned mode);

}  // namespace fsi::udf
