#include "librecorder/scsi/feature.h"

#include <algorithm>
#include <iterator>

namespace rec {

namespace {
struct Name {
  uint16_t code;
  std::string_view name;
};
// Ascending. MMC-6 5.3; 0030 to 0032 and 0103 are of older, 0050 to 0052 and 0113 of other documents.
constexpr Name kNames[] = {
    {0x0000, "Profile List"},
    {0x0001, "Core"},
    {0x0002, "Morphing"},
    {0x0003, "Removable Medium"},
    {0x0004, "Write Protect"},
    {0x0010, "Random Readable"},
    {0x001D, "Multi-read"},
    {0x001E, "CD Read"},
    {0x001F, "DVD Read"},
    {0x0020, "Random Writable"},
    {0x0021, "Incremental Streaming Writable"},
    {0x0022, "Sector Erasable"},
    {0x0023, "Formattable"},
    {0x0024, "Hardware Defect Management"},
    {0x0025, "Write Once"},
    {0x0026, "Restricted Overwrite"},
    {0x0027, "CD-RW CAV Write"},
    {0x0028, "MRW"},
    {0x0029, "Enhanced Defect Reporting"},
    {0x002A, "DVD+RW"},
    {0x002B, "DVD+R"},
    {0x002C, "Rigid Restricted Overwrite"},
    {0x002D, "CD Track at Once"},
    {0x002E, "CD Mastering"},
    {0x002F, "DVD-R/-RW Write"},
    {0x0030, "Double Density CD Read"},
    {0x0031, "Double Density CD-R Write"},
    {0x0032, "Double Density CD-RW Write"},
    {0x0033, "Layer Jump Recording"},
    {0x0034, "Layer Jump Rigid Restricted Overwrite"},
    {0x0035, "Stop Long Operation"},
    {0x0037, "CD-RW Media Write Support"},
    {0x0038, "BD-R Pseudo-Overwrite"},
    {0x003A, "DVD+RW Dual Layer"},
    {0x003B, "DVD+R Dual Layer"},
    {0x0040, "BD Read"},
    {0x0041, "BD Write"},
    {0x0042, "Timely Safe Recording"},
    {0x0050, "HD DVD Read"},
    {0x0051, "HD DVD Write"},
    {0x0052, "HD DVD-RW Fragment Recording"},
    {0x0080, "Hybrid Disc"},
    {0x0100, "Power Management"},
    {0x0101, "SMART"},
    {0x0102, "Embedded Changer"},
    {0x0103, "CD Audio External Play"},
    {0x0104, "Microcode Upgrade"},
    {0x0105, "Timeout"},
    {0x0106, "DVD CSS"},
    {0x0107, "Real Time Streaming"},
    {0x0108, "Drive Serial Number"},
    {0x0109, "Media Serial Number"},
    {0x010A, "Disc Control Blocks"},
    {0x010B, "DVD CPRM"},
    {0x010C, "Firmware Information"},
    {0x010D, "AACS"},
    {0x010E, "DVD CSS Managed Recording"},
    {0x0110, "VCPS"},
    {0x0113, "SecurDisc"},
    {0x0120, "BD CPS"},
    {0x0142, "Optical Security Subsystem Class"},
};
}  // namespace

std::string_view feature_name(uint16_t code) {
  const auto found =
      std::lower_bound(std::begin(kNames), std::end(kNames), code, [](const Name& entry, uint16_t wanted) { return entry.code < wanted; });
  return found != std::end(kNames) && found->code == code ? found->name : std::string_view();
}

}  // namespace rec
