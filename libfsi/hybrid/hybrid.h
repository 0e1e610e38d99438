// What a disk's firmware looks at: a master boot record and a GUID partition table in the system area of the image, and the
// table's backup at its end, so that the image starts from a USB stick as it does from a disc. Both point at the boot
// images that El Torito has; there is no second copy of anything.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/disc/iso9660.h"
#include "libfsi/hybrid/boot_code.h"
#include "libfsi/hybrid/gpt.h"
#include "libfsi/layout/layout.h"
#include "libfsi/layout/volume.h"

namespace fsi {

struct HybridOptions {
  std::string mbr_file;  ///< boot code for BIOSes: isohdpfx.bin of isolinux or boot_hybrid.img of GRUB 2; empty: none
  bool gpt = false;      ///< a GUID partition table with a protective boot record
  bool wanted() const { return gpt || !mbr_file.empty(); }
};

/// Words separated by commas: mbr=FILE gpt. A comma or backslash in FILE is written "\,", "\\". Throws Error{usage}.
HybridOptions parse_hybrid(std::string_view text);

/// EFI system partitions begin on this many sectors when they lie behind the data (1 MiB).
inline constexpr uint32_t kPartitionAlign = 512;

/// A boot image, as far as a disk is concerned.
struct HybridImage {
  std::string name;
  uint8_t platform = 0;
  uint64_t bytes = 0;
  bool emulated = false, info_table = false, grub2 = false;
  std::function<Extent()> where;                                        ///< once addresses are known
  std::function<void(uint64_t offset, std::span<std::byte> out)> read;  ///< its own bytes
};

class Hybrid : public FormatWriter {
 public:
  /// `images`, in the order of the boot catalog, are asked for by prepare(). Reads the boot code; throws Error{usage}.
  using Images = std::function<std::vector<HybridImage>()>;
  Hybrid(const Volume& volume, const Layout& layout, const HybridOptions& options, Images images);

  /// Throws Error{usage} when the boot code does not fit the image that it would load, or nothing is there to start.
  void prepare() override;
  /// The system area, and with a GUID partition table its backup.
  std::vector<Region*> regions() override;

 private:
  class SystemArea : public Region {
   public:
    explicit SystemArea(const Hybrid& owner);
    std::string what() const override;
    uint64_t measure() override { return disc::kFirstDescriptor; }
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const Hybrid& owner_;
  };
  class Backup : public Region {
   public:
    explicit Backup(const Hybrid& owner);
    std::string what() const override { return "backup GUID partition table"; }
    uint64_t measure() override { return fixed_at; }
    void render(uint64_t first, std::span<std::byte> out) const override;

   private:
    const Hybrid& owner_;
  };

  /// Takes no room: brings the end of the data to a whole MiB. A BIOS makes nothing of a disk below one cylinder (SeaBIOS
  /// starts none below 504 KiB), and isohybrid's images are whole MiB too.
  class Padding : public Region {
   public:
    Padding() {
      zone = Zone::tail;
      align = kPartitionAlign;
    }
    std::string what() const override { return "padding"; }
    uint64_t measure() override { return 0; }
    void render(uint64_t, std::span<std::byte>) const override {}
  };

  /// Positions of the disk, in blocks of 512 bytes from the start of the image.
  struct Blocks {
    uint64_t first = 0, count = 0;
  };
  Blocks blocks_of(const Extent& extent) const;
  std::vector<Blocks> efi_blocks() const;
  uint64_t disk_blocks() const;
  std::string seed(std::string_view what) const;
  disc::MasterBootRecord boot_record() const;
  Gpt gpt() const;

  const Volume& volume_;
  const Layout& layout_;
  const HybridOptions options_;
  const Images ask_images_;
  std::vector<HybridImage> images_;
  std::optional<BootCode> code_;
  const HybridImage* bios_ = nullptr;
  SystemArea area_;
  Backup backup_;
  Padding padding_;
};

}  // namespace fsi
