// How a command handler of the virtual drive refuses: it throws the sense, and the drive turns it into the bytes that a
// real one sends. Never leaves this room.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "librecorder/scsi/command.h"

namespace rec::virt {

struct CheckCondition {
  uint8_t key = 0, asc = 0, ascq = 0;
  std::optional<uint32_t> information{};  ///< an LBA
  std::optional<uint16_t> progress{};     ///< of 65536
  std::optional<uint16_t> field{};        ///< byte of the command block (ASC 24) or of the parameter list (ASC 26)
};

[[noreturn]] inline void refuse(uint8_t key, uint8_t asc, uint8_t ascq, std::optional<uint32_t> lba = {}) {
  throw CheckCondition{key, asc, ascq, lba};
}
[[noreturn]] inline void refuse_cdb(uint16_t byte) { throw CheckCondition{.key = 5, .asc = 0x24, .field = byte}; }
[[noreturn]] inline void refuse_parameter(uint16_t byte) { throw CheckCondition{.key = 5, .asc = 0x26, .field = byte}; }

/// Fixed format sense data, SPC-4 4.5.3, 18 bytes.
std::vector<std::byte> sense_bytes(const CheckCondition& check);

}  // namespace rec::virt
