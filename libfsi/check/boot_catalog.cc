#include "libfsi/check/boot_catalog.h"

#include <algorithm>

#include "libfsi/base/wire.h"
#include "libfsi/read/careful.h"

namespace fsi {

using namespace disc;

namespace {

constexpr size_t kEntryBytes = sizeof(CatalogEntry), kEntriesOfSector = kSectorSize / kEntryBytes;
// More than any firmware looks at, and than any maker writes.
constexpr unsigned kMaxEntries = 16 * kEntriesOfSector;

std::string hex_byte(uint8_t value) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  return {'0', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

bool is_empty(const CatalogEntry& entry) {
  return std::ranges::all_of(bytes_of(entry), [](std::byte b) { return b == std::byte{0}; });
}

class CatalogReader {
 public:
  CatalogReader(const SectorSource& source, Lba lba, IssueLog& log) : reader_(source, log), lba_(lba), log_(log) {}

  std::vector<BootImage> run() {
    if (lba_ >= reader_.sectors()) {
      fault("the boot catalog lies beyond the end", "El Torito 2.0", 0, "LBA " + std::to_string(lba_));
      return {};
    }
    ValidationEntry validation;
    if (!at(0, validation)) return {};
    check_validation(validation);
    CatalogEntry entry;
    if (!at(1, entry)) return {};
    if (entry.indicator != kBootable && entry.indicator != kNotBootable)
      fault("the default entry of the boot catalog is neither bootable nor not", "El Torito 2.2", 1,
            "indicator " + hex_byte(entry.indicator));
    take(1, validation.platform, entry);
    read_sections(validation.platform);
    return std::move(images_);
  }

 private:
  template <class T>
  bool at(unsigned entry, T& record) {
    const auto sector = reader_.cached(lba_ + uint64_t{entry / kEntriesOfSector});
    return !sector.empty() && load(sector, entry % kEntriesOfSector * kEntryBytes, record);
  }
  Lba sector_of(unsigned entry) const { return lba_ + static_cast<Lba>(entry / kEntriesOfSector); }

  void fault(const char* what, const char* clause, unsigned entry, std::string detail, Severity severity = Severity::error) {
    log_.report(what, [&] {
      return Issue{.severity = severity,
                   .where = {sector_of(entry), 1},
                   .paths = {{.path = "boot catalog", .is_structure = true}},
                   .clause = clause,
                   .detail = (entry ? "entry " + std::to_string(entry) + ": " : "") + detail};
    });
  }

  void check_validation(const ValidationEntry& validation) {
    if (validation.header_id != 1)
      fault("the validation entry of the boot catalog has a wrong header id", "El Torito 2.1", 0,
            hex_byte(validation.header_id) + " instead of 0x01");
    if (validation.key_55 != 0x55 || validation.key_aa != 0xAA)
      fault("the validation entry of the boot catalog has wrong key bytes", "El Torito 2.1", 0,
            hex_byte(validation.key_55) + " " + hex_byte(validation.key_aa) + " instead of 0x55 0xAA");
    uint16_t sum = 0;
    const auto bytes = bytes_of(validation);
    for (size_t i = 0; i < bytes.size(); i += 2) {
      Le16 word;
      if (load(bytes, i, word)) sum = static_cast<uint16_t>(sum + word);
    }
    if (sum != 0)
      fault("the checksum of the boot catalog is wrong", "El Torito 2.1", 0,
            "the words of its validation entry add up to " + std::to_string(sum) + " instead of 0");
    check_platform(validation.platform, 0);
  }

  void check_platform(uint8_t platform, unsigned entry) {
    if (platform != kPlatformX86 && platform != kPlatformPowerPc && platform != kPlatformMac && platform != kPlatformEfi)
      fault("the boot catalog names a platform that nobody knows", "El Torito 2.1", entry, hex_byte(platform), Severity::warning);
  }

  void take(unsigned number, uint8_t platform, const CatalogEntry& entry) {
    BootImage image{.entry = number, .record = sector_of(number), .platform = platform};
    image.media = entry.media & 0x0F;
    image.system_type = entry.system_type;
    image.bootable = entry.indicator == kBootable;
    image.lba = entry.load_rba;
    image.load_blocks = entry.sector_count;
    if (image.media > kHardDisk)
      fault("a boot entry asks for an emulation that does not exist", "El Torito 2.2", number, "media type " + std::to_string(image.media));
    if (image.bootable || image.lba != 0) images_.push_back(image);
  }

  // Section headers, their entries and extensions, up to the last.
  void read_sections(uint8_t platform) {
    unsigned next = 2;
    bool last = false, any = false;
    while (next < kMaxEntries) {
      SectionHeader header;
      CatalogEntry bare;
      if (!at(next, header) || !at(next, bare)) return;
      if (header.indicator == kBootable && !last) {
        fault("a boot entry belongs to no section", "El Torito 2.3", next, "some firmware does not see it", Severity::warning);
        take(next++, platform, bare);
        continue;
      }
      if (header.indicator != kMoreSections && header.indicator != kLastSection) {
        // Zeros end the list; anything else was meant to be a part of it.
        if (header.indicator != 0)
          fault("there is something in the boot catalog that is no section header", "El Torito 2.3", next,
                "indicator " + hex_byte(header.indicator));
        break;
      }
      if (last) {
        fault("a section of the boot catalog comes behind the last one", "El Torito 2.3", next, "firmware does not see it");
        return;
      }
      any = true;
      last = header.indicator == kLastSection;
      platform = header.platform;
      check_platform(platform, next);
      if (!read_section(++next, header)) return;
    }
    if (any && !last)
      fault("the last section of the boot catalog is not marked as the last", "El Torito 2.3", next, "header 0x91 is missing");
  }

  bool read_section(unsigned& next, const SectionHeader& header) {
    for (unsigned i = 0; i < header.entry_count; ++i) {
      CatalogEntry entry;
      // An entry that boots nothing still says what it would; one of zeros is the end of the list.
      if (next >= kMaxEntries || !at(next, entry) ||
          (entry.indicator != kBootable && (entry.indicator != kNotBootable || is_empty(entry)))) {
        fault("a section of the boot catalog has fewer entries than its header says", "El Torito 2.3", next,
              std::to_string(header.entry_count) + " announced, " + std::to_string(i) + " there");
        return false;
      }
      take(next++, header.platform, entry);
      // 2.5: extensions follow as long as bit 5 says so.
      bool more = entry.media & 0x20;
      while (more && next < kMaxEntries) {
        CatalogEntry extension;
        if (!at(next, extension) || extension.indicator != kExtension) {
          fault("a boot entry announces an extension that is not there", "El Torito 2.5", next,
                "indicator " + hex_byte(extension.indicator));
          return false;
        }
        more = extension.media & 0x20;
        ++next;
      }
    }
    return true;
  }

  CarefulReader reader_;
  const Lba lba_;
  IssueLog& log_;
  std::vector<BootImage> images_;
};

}  // namespace

std::string BootImage::name() const {
  const char* firmware = is_bios()                      ? "BIOS"
                         : is_efi()                     ? "UEFI"
                         : platform == kPlatformMac     ? "Mac"
                         : platform == kPlatformPowerPc ? "PowerPC"
                                                        : "unknown";
  return "entry " + std::to_string(entry) + " (" + firmware + ", LBA " + std::to_string(lba) + ")";
}

std::vector<BootImage> read_boot_catalog(const SectorSource& source, Lba lba, IssueLog& log) {
  return CatalogReader(source, lba, log).run();
}

}  // namespace fsi
