// Sense data (SPC-4 4.5) decoded and put into words. What to do about it is the drive room's business.
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "libfsi/base/wire.h"
#include "librecorder/scsi/command.h"

namespace rec {
namespace {

struct Words {
  uint8_t asc, ascq;
  std::string_view text;
};

// SPC-4 annex on ASC and ASCQ, the codes that optical drives use. Sorted.
constexpr Words kWords[] = {
    {0x00, 0x00, "no additional sense"},
    {0x00, 0x06, "I/O process terminated"},
    {0x00, 0x16, "operation in progress"},
    {0x00, 0x17, "cleaning requested"},
    {0x01, 0x00, "no index or sector signal"},
    {0x02, 0x00, "no seek complete"},
    {0x03, 0x00, "peripheral device write fault"},
    {0x04, 0x00, "drive not ready, cause not reportable"},
    {0x04, 0x01, "drive is becoming ready"},
    {0x04, 0x02, "drive not ready, it must be started"},
    {0x04, 0x03, "drive not ready, manual intervention required"},
    {0x04, 0x04, "drive not ready, format in progress"},
    {0x04, 0x07, "drive not ready, operation in progress"},
    {0x04, 0x08, "drive not ready, long write in progress"},
    {0x04, 0x09, "drive not ready, self-test in progress"},
    {0x05, 0x00, "drive does not respond to selection"},
    {0x06, 0x00, "no reference position found"},
    {0x07, 0x00, "multiple peripheral devices selected"},
    {0x08, 0x00, "drive communication failure"},
    {0x08, 0x01, "drive communication time-out"},
    {0x08, 0x02, "drive communication parity error"},
    {0x08, 0x03, "drive communication CRC error"},
    {0x09, 0x00, "track following error"},
    {0x09, 0x01, "tracking servo failure"},
    {0x09, 0x02, "focus servo failure"},
    {0x09, 0x03, "spindle servo failure"},
    {0x09, 0x04, "head select fault"},
    {0x0A, 0x00, "error log overflow"},
    {0x0B, 0x00, "warning"},
    {0x0B, 0x01, "warning, temperature exceeded"},
    {0x0C, 0x00, "write error"},
    {0x0C, 0x01, "write error, recovered with auto-reallocation"},
    {0x0C, 0x02, "write error, auto-reallocation failed"},
    {0x0C, 0x03, "write error, reassignment recommended"},
    {0x0C, 0x07, "write error, recovery needed"},
    {0x0C, 0x08, "write error, recovery failed"},
    {0x0C, 0x09, "write error, loss of streaming"},
    {0x0C, 0x0A, "write error, padding blocks added"},
    {0x0C, 0x0F, "defects in error window"},
    {0x11, 0x00, "unrecovered read error"},
    {0x11, 0x01, "read retries exhausted"},
    {0x11, 0x02, "error too long to correct"},
    {0x11, 0x05, "L-EC uncorrectable error"},
    {0x11, 0x06, "CIRC unrecovered error"},
    {0x11, 0x0F, "error reading UPC/EAN number"},
    {0x11, 0x10, "error reading ISRC number"},
    {0x14, 0x00, "recorded entity not found"},
    {0x14, 0x01, "record not found"},
    {0x15, 0x00, "random positioning error"},
    {0x15, 0x01, "mechanical positioning error"},
    {0x15, 0x02, "positioning error detected by read of medium"},
    {0x17, 0x00, "recovered data with no error correction applied"},
    {0x17, 0x01, "recovered data with retries"},
    {0x18, 0x00, "recovered data with error correction applied"},
    {0x1A, 0x00, "parameter list length error"},
    {0x1B, 0x00, "synchronous data transfer error"},
    {0x1D, 0x00, "miscompare during verify"},
    {0x20, 0x00, "command not supported by the drive"},
    {0x21, 0x00, "logical block address out of range"},
    {0x21, 0x01, "invalid element address"},
    {0x21, 0x02, "invalid address for write"},
    {0x21, 0x03, "invalid write crossing layer jump"},
    {0x24, 0x00, "invalid field in command block"},
    {0x25, 0x00, "logical unit not supported"},
    {0x26, 0x00, "invalid field in parameter list"},
    {0x26, 0x01, "parameter not supported"},
    {0x26, 0x02, "parameter value invalid"},
    {0x27, 0x00, "write protected"},
    {0x27, 0x01, "hardware write protected"},
    {0x27, 0x02, "drive is software write protected"},
    {0x27, 0x03, "associated write protect"},
    {0x27, 0x04, "persistent write protect"},
    {0x27, 0x05, "permanent write protect"},
    {0x27, 0x06, "conditional write protect"},
    {0x28, 0x00, "medium may have changed"},
    {0x28, 0x01, "import or export element accessed"},
    {0x29, 0x00, "power on, reset or bus device reset"},
    {0x29, 0x01, "power on"},
    {0x29, 0x02, "bus reset"},
    {0x29, 0x03, "bus device reset"},
    {0x29, 0x04, "device internal reset"},
    {0x2A, 0x00, "parameters changed"},
    {0x2A, 0x01, "mode parameters changed"},
    {0x2B, 0x00, "copy cannot execute, host cannot disconnect"},
    {0x2C, 0x00, "command sequence error"},
    {0x2C, 0x03, "current program area is not empty"},
    {0x2C, 0x04, "current program area is empty"},
    {0x2E, 0x00, "insufficient time for operation"},
    {0x2F, 0x00, "commands cleared by another initiator"},
    {0x30, 0x00, "incompatible medium"},
    {0x30, 0x01, "cannot read medium, unknown format"},
    {0x30, 0x02, "cannot read medium, incompatible format"},
    {0x30, 0x03, "cleaning cartridge installed"},
    {0x30, 0x04, "cannot write medium, unknown format"},
    {0x30, 0x05, "cannot write medium, incompatible format"},
    {0x30, 0x06, "cannot format medium, incompatible medium"},
    {0x30, 0x07, "cleaning failure"},
    {0x30, 0x08, "cannot write, application code mismatch"},
    {0x30, 0x09, "current session not fixated for append"},
    {0x30, 0x10, "medium not formatted"},
    {0x30, 0x11, "incompatible volume type"},
    {0x31, 0x00, "medium format corrupted"},
    {0x31, 0x01, "format command failed"},
    {0x31, 0x02, "zoned formatting failed due to spare linking"},
    {0x34, 0x00, "enclosure failure"},
    {0x37, 0x00, "rounded parameter"},
    {0x39, 0x00, "saving parameters not supported"},
    {0x3A, 0x00, "no medium"},
    {0x3A, 0x01, "no medium, tray closed"},
    {0x3A, 0x02, "no medium, tray open"},
    {0x3A, 0x03, "no medium, loadable"},
    {0x3B, 0x0D, "medium destination element full"},
    {0x3B, 0x0E, "medium source element empty"},
    {0x3B, 0x0F, "end of medium reached"},
    {0x3D, 0x00, "invalid bits in identify message"},
    {0x3E, 0x00, "drive has not self-configured yet"},
    {0x3E, 0x01, "drive failure"},
    {0x3E, 0x02, "time-out of the drive"},
    {0x3F, 0x00, "target operating conditions have changed"},
    {0x3F, 0x01, "microcode has been changed"},
    {0x43, 0x00, "message error"},
    {0x44, 0x00, "internal target failure"},
    {0x45, 0x00, "select or reselect failure"},
    {0x46, 0x00, "unsuccessful soft reset"},
    {0x47, 0x00, "parity error"},
    {0x48, 0x00, "initiator detected error message received"},
    {0x49, 0x00, "invalid message error"},
    {0x4A, 0x00, "command phase error"},
    {0x4B, 0x00, "data phase error"},
    {0x4C, 0x00, "drive failed self-configuration"},
    {0x4E, 0x00, "overlapped commands attempted"},
    {0x51, 0x00, "erase failure"},
    {0x51, 0x01, "erase failure, incomplete erase detected"},
    {0x53, 0x00, "media load or eject failed"},
    {0x53, 0x02, "medium removal prevented"},
    {0x55, 0x00, "system resource failure"},
    {0x57, 0x00, "unable to recover table of contents"},
    {0x5A, 0x00, "operator request or state change"},
    {0x5A, 0x01, "operator medium removal request"},
    {0x5A, 0x02, "operator selected write protect"},
    {0x5A, 0x03, "operator selected write permit"},
    {0x5B, 0x00, "log exception"},
    {0x5D, 0x00, "failure prediction threshold exceeded"},
    {0x5D, 0x01, "media failure prediction threshold exceeded"},
    {0x5D, 0x02, "drive failure prediction threshold exceeded"},
    {0x5D, 0x03, "spare area exhaustion prediction threshold exceeded"},
    {0x5E, 0x00, "low power condition on"},
    {0x63, 0x00, "end of user area encountered on this track"},
    {0x63, 0x01, "packet does not fit in available space"},
    {0x64, 0x00, "illegal mode for this track"},
    {0x64, 0x01, "invalid packet size"},
    {0x65, 0x00, "voltage fault"},
    {0x6F, 0x00, "copy protection, authentication failure"},
    {0x6F, 0x01, "copy protection, key not present"},
    {0x6F, 0x02, "copy protection, key not established"},
    {0x6F, 0x03, "read of scrambled sector without authentication"},
    {0x6F, 0x04, "media region code does not match the drive's"},
    {0x6F, 0x05, "drive region must be permanent, or region reset count error"},
    {0x6F, 0x06, "insufficient block count for binding nonce recording"},
    {0x6F, 0x07, "conflict in binding nonce recording"},
    {0x72, 0x00, "session fixation error"},
    {0x72, 0x01, "session fixation error writing lead-in"},
    {0x72, 0x02, "session fixation error writing lead-out"},
    {0x72, 0x03, "session fixation error, incomplete track in session"},
    {0x72, 0x04, "empty or partially written reserved track"},
    {0x72, 0x05, "no more track reservations allowed"},
    {0x72, 0x06, "RMZ extension is not allowed"},
    {0x72, 0x07, "no more test zone extensions are allowed"},
    {0x73, 0x00, "CD control error"},
    {0x73, 0x01, "power calibration area almost full"},
    {0x73, 0x02, "power calibration area is full"},
    {0x73, 0x03, "power calibration area error"},
    {0x73, 0x04, "program memory area update failure"},
    {0x73, 0x05, "program memory area is full"},
    {0x73, 0x06, "RMA or PMA is almost full"},
    {0x73, 0x10, "current power calibration area almost full"},
    {0x73, 0x11, "current power calibration area is full"},
    {0x73, 0x17, "RDZ is full"},
};

constexpr bool before(const Words& a, const Words& b) { return a.asc != b.asc ? a.asc < b.asc : a.ascq < b.ascq; }
static_assert(std::is_sorted(std::begin(kWords), std::end(kWords), before));

constexpr std::string_view kKeys[16] = {
    "no sense",       "recovered error", "not ready",   "medium error",    "hardware error", "illegal request",
    "unit attention", "data protect",    "blank check", "vendor specific", "copy aborted",   "aborted command",
    "obsolete",       "volume overflow", "miscompare",  "completed",
};

std::string_view words_of(const Sense& sense) {
  const Words wanted{sense.asc, sense.ascq, {}};
  const auto* found = std::lower_bound(std::begin(kWords), std::end(kWords), wanted, before);
  if (found != std::end(kWords) && found->asc == sense.asc && found->ascq == sense.ascq) return found->text;
  // An unknown qualifier: the code alone still says what happened, unless the code is zero.
  const Words plain{sense.asc, 0, {}};
  found = std::lower_bound(std::begin(kWords), std::end(kWords), plain, before);
  if (sense.asc != 0 && found != std::end(kWords) && found->asc == sense.asc && found->ascq == 0) return found->text;
  return {};
}

uint8_t at(std::span<const std::byte> raw, size_t i) { return i < raw.size() ? std::to_integer<uint8_t>(raw[i]) : 0; }

/// Sense-key specific bytes mean progress for NO SENSE and NOT READY, SPC-4 4.5.2.4.4.
void take_progress(std::span<const std::byte> specific, Sense& sense) {
  if (specific.size() < 3 || !(at(specific, 0) & 0x80)) return;
  if (sense.key == 0 || sense.key == 2) sense.progress = static_cast<uint16_t>(at(specific, 1) << 8 | at(specific, 2));
}

void parse_fixed(std::span<const std::byte> raw, Sense& sense) {
  sense.key = at(raw, 2) & 0x0F;
  sense.ili = at(raw, 2) & 0x20;
  fsi::Be32 information;
  if ((at(raw, 0) & 0x80) && fsi::load(raw, 3, information)) sense.information = information.get();
  sense.asc = at(raw, 12);
  sense.ascq = at(raw, 13);
  if (raw.size() >= 18) take_progress(raw.subspan(15, 3), sense);
}

void parse_descriptors(std::span<const std::byte> raw, Sense& sense) {
  sense.key = at(raw, 1) & 0x0F;
  sense.asc = at(raw, 2);
  sense.ascq = at(raw, 3);
  if (raw.size() < 8) return;
  raw = raw.first(std::min<size_t>(raw.size(), 8u + at(raw, 7))).subspan(8);
  while (raw.size() >= 2) {
    const size_t length = 2u + at(raw, 1);
    if (length > raw.size()) return;
    const auto descriptor = raw.first(length);
    raw = raw.subspan(length);
    fsi::Be64 information;
    switch (at(descriptor, 0)) {
      case 0x00:  // information
        if ((at(descriptor, 2) & 0x80) && fsi::load(descriptor, 4, information)) sense.information = information.get();
        break;
      case 0x02:  // sense-key specific
        if (descriptor.size() >= 7) take_progress(descriptor.subspan(4, 3), sense);
        break;
      case 0x05:  // block commands
        sense.ili = at(descriptor, 3) & 0x20;
        break;
      default: break;
    }
  }
}

}  // namespace

Sense parse_sense(std::span<const std::byte> raw) {
  Sense sense;
  sense.raw_length = static_cast<uint8_t>(std::min(raw.size(), sense.raw.size()));
  for (size_t i = 0; i < sense.raw_length; ++i) sense.raw[i] = at(raw, i);
  switch (at(raw, 0) & 0x7F) {
    case 0x70: parse_fixed(raw, sense); break;
    case 0x71:
      parse_fixed(raw, sense);
      sense.deferred = true;
      break;
    case 0x72: parse_descriptors(raw, sense); break;
    case 0x73:
      parse_descriptors(raw, sense);
      sense.deferred = true;
      break;
    default: break;
  }
  return sense;
}

std::string sense_code(const Sense& sense) {
  char text[16];
  std::snprintf(text, sizeof text, "%X/%02X/%02X", sense.key & 0x0Fu, unsigned{sense.asc}, unsigned{sense.ascq});
  return text;
}

std::string sense_text(const Sense& sense) {
  const std::string_view words = words_of(sense);
  std::string text(words.empty() || (sense.asc == 0 && sense.ascq == 0) ? kKeys[sense.key & 0x0F] : words);
  if (sense.deferred) text += " of an earlier command";
  return text + " (" + sense_code(sense) + ")";
}

}  // namespace rec
