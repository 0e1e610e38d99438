// The part of Drive that only CDs need: cue sheets, blocks that are not 2048 bytes, READ CD, READ SUB-CHANNEL.
#include "librecorder/drive/drive.h"
#include "librecorder/scsi/cue_sheet.h"
#include "librecorder/scsi/opcode.h"

namespace rec {

namespace {
void put(Cdb& cdb, size_t at, uint32_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) cdb.bytes[at + i] = static_cast<uint8_t>(value >> 8 * (bytes - 1 - i));
}
}  // namespace

Answer Drive::send_cue_sheet(std::span<const std::byte> sheet) {
  Command command;
  command.cdb = {op::kSendCueSheet, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  put(command.cdb, 6, static_cast<uint32_t>(sheet.size()), 3);
  command.direction = Direction::to_drive;
  command.out = sheet;
  command.timeout = limit::kWrite;
  return run(command);
}

Answer Drive::write_blocks(int32_t lba, uint32_t blocks, std::span<const std::byte> in) {
  Command command;
  command.cdb = {op::kWrite10, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  put(command.cdb, 2, static_cast<uint32_t>(lba), 4);
  put(command.cdb, 7, blocks, 2);
  command.direction = Direction::to_drive;
  command.out = in;
  command.timeout = limit::kWrite;
  return transport_->execute(command);
}

Answer Drive::read_cd(int32_t lba, uint32_t blocks, uint8_t main, uint8_t sub, std::span<std::byte> out) {
  Command command;
  command.cdb = {op::kReadCd, 0, 0, 0, 0, 0, 0, 0, 0, main, sub, 0};
  put(command.cdb, 2, static_cast<uint32_t>(lba), 4);
  put(command.cdb, 6, blocks, 3);
  command.direction = Direction::from_drive;
  command.in = out;
  command.timeout = limit::kCommand;
  return run(command);
}

}  // namespace rec
