// What goes to a drive and what comes back: a command block, and its answer as a value. SPC, MMC.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

namespace rec {

/// A command descriptor block of 6, 10, 12 or 16 bytes; its length follows from the opcode's group.
struct Cdb {
  std::array<uint8_t, 16> bytes{};
  uint8_t length = 0;
  Cdb() = default;
  Cdb(std::initializer_list<uint8_t> list);
  uint8_t opcode() const { return bytes[0]; }
};

enum class Direction : uint8_t { none, from_drive, to_drive };

/// The caller keeps the buffers alive until execute() returns.
struct Command {
  Cdb cdb;
  Direction direction = Direction::none;
  std::span<std::byte> in{};         ///< from_drive
  std::span<const std::byte> out{};  ///< to_drive
  std::chrono::milliseconds timeout{30'000};
};

/// SPC sense data, fixed or descriptor format, decoded.
struct Sense {
  uint8_t key = 0, asc = 0, ascq = 0;
  bool deferred = false;
  std::optional<uint64_t> information{};  ///< INFORMATION field when valid (an LBA for read and write)
  std::optional<uint16_t> progress{};     ///< of 65536, when SKSV is set for keys 0 and 2
  bool ili = false;
  std::array<uint8_t, 64> raw{};
  uint8_t raw_length = 0;

  bool is(uint8_t k, uint8_t a, uint8_t q) const { return key == k && asc == a && ascq == q; }
  bool is(uint8_t k, uint8_t a) const { return key == k && asc == a; }
};

/// Decodes both sense formats; bounds-checked. Sense of key 0 when there is nothing to decode.
Sense parse_sense(std::span<const std::byte> raw);
/// "3/0C/00".
std::string sense_code(const Sense& sense);
/// In words, with the code: "write error (3/0C/00)".
std::string sense_text(const Sense& sense);

enum class Outcome : uint8_t {
  good,
  check,  ///< CHECK CONDITION: see sense
  busy,   ///< status BUSY or RESERVATION CONFLICT: see status
  timeout,
  transport_error,  ///< the command may not have reached the drive
  gone,             ///< the device is no longer there
};

/// The answer to a command. A sense is a normal answer; none may be ignored.
struct [[nodiscard]] Answer {
  Outcome outcome = Outcome::good;
  uint8_t status = 0;  ///< SAM status byte
  Sense sense{};
  uint32_t residual = 0;    ///< bytes of the buffer not transferred
  std::string transport{};  ///< transport_error: what the transport says
  bool good() const { return outcome == Outcome::good; }
};

}  // namespace rec
