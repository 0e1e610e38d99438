// Commands that move sectors, and those that begin and end tracks and sessions.
#include <algorithm>

#include "libfsi/base/sectors.h"
#include "librecorder/scsi/opcode.h"
#include "librecorder/virtual/drive.h"

namespace rec::virt {

using namespace std::chrono_literals;
using fsi::kSectorSize;

void VirtualDrive::read_blocks(const Command& command, Reply& reply, uint32_t lba, uint32_t blocks) {
  if (blocks == 0) return;
  const uint64_t bytes = uint64_t{blocks} * kSectorSize;
  // The data phase is longer than the buffer: no adapter lets that pass.
  if (command.in.size() < bytes && !short_transfer_) refuse(0xB, 0x4B, 0x00);
  medium_->check_read(lba, blocks);
  const auto out = command.in.first(std::min<uint64_t>(bytes, command.in.size()));
  if (!read_cooked(lba, out)) store_->read(lba, out);
  if (corrupt(state_.faults, command.cdb, out, kSectorSize)) state_changed_ = true;
  position_ = static_cast<int32_t>(lba + blocks - 1);
  reply.direct = static_cast<uint32_t>(out.size());
}

void VirtualDrive::read(const Command& command, Reply& reply) {
  read_blocks(command, reply, get32(command.cdb, 2), command.cdb.opcode() == op::kRead12 ? get32(command.cdb, 6) : get16(command.cdb, 7));
}

void VirtualDrive::verify(const Command& command, Reply&) {
  const uint32_t blocks = command.cdb.opcode() == op::kVerify12 ? get32(command.cdb, 6) : get16(command.cdb, 7);
  if (blocks != 0) medium_->check_read(get32(command.cdb, 2), blocks);
}

void VirtualDrive::seek(const Command& command, Reply&) {
  if (get32(command.cdb, 2) >= disc_->capacity) refuse(5, 0x21, 0x00);
  position_ = static_cast<int32_t>(get32(command.cdb, 2));
}

void VirtualDrive::write(const Command& command, Reply&) {
  const uint8_t opcode = command.cdb.opcode();
  if (opcode == op::kWriteAndVerify10 && !is_bd(medium_->profile())) refuse(5, 0x20, 0x00);
  if (write_failed_) throw *std::exchange(write_failed_, std::nullopt);
  const uint32_t lba = get32(command.cdb, 2);
  const uint32_t blocks = opcode == op::kWrite12 ? get32(command.cdb, 6) : get16(command.cdb, 7);
  if (blocks == 0) return;
  check_writable();
  if (cd_recorder_ && CdRecorder::takes(parameters_)) return write_cd(command, static_cast<int32_t>(lba), blocks);
  const bool streaming = opcode == op::kWrite12 && (command.cdb.bytes[10] & 0x80);
  // Streaming is for whole blocks of media with defect management, which it does without.
  if (streaming && ((!is_bd(medium_->profile()) && medium_->profile() != Profile::dvd_ram) || blocks % ecc_sectors(medium_->profile())))
    refuse_cdb(10);
  const bool whole = command.out.size() == uint64_t{blocks} * kSectorSize;
  if (!whole && !short_transfer_) refuse(0xB, 0x4B, 0x00);
  medium_->check_write(lba, blocks, parameters_);

  // What arrived of a transfer that a fault cut: whole sectors only.
  const auto data = command.out.first(command.out.size() / kSectorSize * kSectorSize);
  if (data.empty()) return;
  // Reading back what was written takes a second revolution.
  const uint64_t rate = medium_->verifies_writes() && !streaming ? laser_rate() / 2 : laser_rate();
  if (rate != buffer_.rate()) buffer_.set_rate(rate, clock_->now());
  if (!buffer_.take(data.size(), clock_->now())) {
    clock_->looked(buffer_.until_available(buffer_.size() / 2, clock_->now()));
    refuse(2, 0x04, 0x08);
  }
  if (!medium_->test_write(parameters_)) store_->write(lba, data);
  // An ECC block is recorded as a whole, also when the host has sent a part of it only.
  const uint32_t unit = blocks % ecc_sectors(medium_->profile()) ? 1 : ecc_sectors(medium_->profile());
  const auto recorded = static_cast<uint32_t>((data.size() / kSectorSize + unit - 1) / unit * unit);
  const size_t tracks = disc_->tracks.size();
  const auto written = medium_->wrote(lba, recorded, parameters_);
  if (cd_recorder_ && disc_->tracks.size() != tracks) disc_->session_format = parameters_.session_format;
  if (written) store_->note_written_to(written->track, written->written_to);
}

void VirtualDrive::synchronize_cache(const Command& command, Reply&) {
  if (write_failed_) throw *std::exchange(write_failed_, std::nullopt);
  Duration time = buffer_.flush(clock_->now()) + medium_->synchronize(parameters_);
  if (finish_cd_session()) time += 60s;  // lead-in and lead-out
  busy_for(time, 0x08, false, command.cdb.bytes[1] & 0x02, command);
}

void VirtualDrive::close_track_session(const Command& command, Reply&) {
  check_writable();
  const Duration time = medium_->close(command.cdb.bytes[2], get16(command.cdb, 4), parameters_);
  busy_for(buffer_.flush(clock_->now()) + time, 0x07, true, command.cdb.bytes[1] & 0x01, command);
}

void VirtualDrive::reserve_track(const Command& command, Reply&) {
  if (command.cdb.bytes[1] != 0) refuse_cdb(1);  // by size only
  check_writable();
  busy_for(medium_->reserve(get32(command.cdb, 5), parameters_), 0x07, false, false, command);
}

void VirtualDrive::send_opc_information(const Command& command, Reply&) {
  if (!(command.cdb.bytes[1] & 0x01)) refuse_cdb(1);  // OPC values from the host are not taken
  check_writable();
  if (disc_->finalized) refuse(5, 0x30, 0x05);
  busy_for(2s, 0x07, false, false, command);
}

void VirtualDrive::read_buffer_capacity(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  if (command.cdb.bytes[1] & BufferCapacity::kBlock) refuse_cdb(1);  // feature 0107 does not promise it
  const uint64_t available = buffer_.available(clock_->now());
  BufferCapacity capacity;
  capacity.length = sizeof capacity - 2;
  capacity.size = std::min<uint64_t>(buffer_.size(), UINT32_MAX);
  capacity.available = std::min<uint64_t>(available, UINT32_MAX);
  append(reply.data, capacity);
  if (available < buffer_.size() / 2) clock_->looked(buffer_.until_available(available + buffer_.size() / 8, clock_->now()));
}

}  // namespace rec::virt
