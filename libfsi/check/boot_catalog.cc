#include "libfsi/check/boot_catalog.h"

#include "libfsi/base/wire.h"
#include "libfsi/read/careful.h"

namespace fsi {

namespace {

/// El Torito 1.0, 2.1: validation entry.
struct ValidationEntry {
  U8 header;      // 0   1
  U8 platform;    // 1
  Le16 reserved;  // 2
  char id[24]{};  // 4
  Le16 checksum;  // 28  all words add up to 0
  U8 key55;       // 30
  U8 keyAA;       // 31
};
/// 2.2, 2.4: default and section entry.
struct BootEntry {
  U8 indicator;                  // 0   0x88 bootable, 0 not
  U8 media;                      // 1
  Le16 load_segment;             // 2
  U8 system_type;                // 4
  U8 unused;                     // 5
  Le16 load_blocks;              // 6
  Le32 lba;                      // 8
  unsigned char criteria[20]{};  // 12
};
/// 2.3: section header.
struct SectionHeader {
  U8 indicator;   // 0   0x90 more follow, 0x91 last
  U8 platform;    // 1
  Le16 entries;   // 2
  char id[28]{};  // 4
};
static_assert(sizeof(ValidationEntry) == 32 && sizeof(BootEntry) == 32 && sizeof(SectionHeader) == 32);

}  // namespace

std::vector<BootImage> read_boot_catalog(const SectorSource& source, Lba lba, IssueLog& log) {
  std::vector<BootImage> images;
  auto fault = [&](const char* what, const char* clause, Lba at) {
    log.report(what, [&] { return Issue{.where = {at, 1}, .clause = clause}; });
  };
  CarefulReader reader(source, log);
  if (lba >= reader.sectors()) return fault("the boot catalog lies beyond the end", "El Torito 2.0", lba), images;
  const auto sector = reader.cached(lba);
  ValidationEntry validation;
  if (sector.empty() || !load(sector, 0, validation)) return images;
  uint16_t sum = 0;
  for (size_t i = 0; i < sizeof validation; i += 2) {
    Le16 word;
    if (load(sector, i, word)) sum = static_cast<uint16_t>(sum + word);
  }
  if (validation.header != 1 || validation.key55 != 0x55 || validation.keyAA != 0xAA || sum != 0)
    fault("the validation entry of the boot catalog is damaged", "El Torito 2.1", lba);
  uint8_t platform = validation.platform;
  for (size_t at = sizeof validation; at < sector.size(); at += sizeof(BootEntry)) {
    BootEntry entry;
    SectionHeader header;
    if (!load(sector, at, entry) || !load(sector, at, header)) break;
    if (header.indicator == 0x90 || header.indicator == 0x91) {
      platform = header.platform;
    } else if (entry.indicator == 0x88 || (entry.indicator == 0 && at == sizeof validation)) {
      if (entry.lba == 0) continue;
      if (entry.lba >= reader.sectors()) {
        fault("a boot image lies beyond the end", "El Torito 2.2", lba);
        continue;
      }
      images.push_back({platform, entry.media, entry.lba, entry.load_blocks});
    } else if (entry.indicator == 0) {
      break;
    }
  }
  return images;
}

}  // namespace fsi
