// Commands about the medium: what it holds, how it is laid out, how fast it goes.
#include <algorithm>

#include "librecorder/scsi/performance.h"
#include "librecorder/virtual/drive.h"

namespace rec::virt {

void VirtualDrive::read_capacity(const Command&, Reply& reply) {
  reply.allocation = sizeof(ReadCapacityData);
  append(reply.data, medium_->read_capacity());
}

void VirtualDrive::read_format_capacities(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  FormatCapacitiesHeader header;
  header.list_length = sizeof(CurrentCapacity);
  if (medium_ && !state_.tray_open) {
    const auto formattable = medium_->formattable();
    header.list_length = sizeof(CurrentCapacity) + formattable.size() * sizeof(FormattableCapacity);
    append(reply.data, header);
    append(reply.data, medium_->current_capacity());
    for (const FormattableCapacity& capacity : formattable) append(reply.data, capacity);
    return;
  }
  append(reply.data, header);
  CurrentCapacity none;
  for (const MediaType& type : media_types()) none.blocks = std::max<uint32_t>(none.blocks, type.capacity);
  none.type = CurrentCapacity::no_medium;
  none.block_length = 2048;
  append(reply.data, none);
}

void VirtualDrive::read_disc_information(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  if (command.cdb.bytes[1] != 0) refuse_cdb(1);  // track and POW resources: no medium has them
  append(reply.data, medium_->disc_information());
}

void VirtualDrive::read_track_information(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  if (command.cdb.bytes[1] > static_cast<uint8_t>(TrackAddress::session)) refuse_cdb(1);
  TrackInformation info = medium_->track_information(static_cast<TrackAddress>(command.cdb.bytes[1]), get32(command.cdb, 2));
  // A session at once begins with the pause of its first track, a raw one with the lead-in: wodim warns of a drive that says anything but
  // -150 of a blank disc, and cdrdao adds the 150 sectors of the next session.
  if (cd_recorder_ && info.blank() && info.next_writable_valid()) {
    if (parameters_.write_type() == WriteParameters::session_at_once)
      info.next_writable = static_cast<uint32_t>(cd_recorder_->first_of_session());
    if (parameters_.write_type() == WriteParameters::raw && disc_->blank())
      info.next_writable = static_cast<uint32_t>(disc_->lead_in_start);
  }
  append(reply.data, info);
  reply.data.resize(std::min<size_t>(info.length + 2u, reply.data.size()));
}

void VirtualDrive::read_toc(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  // The format is in byte 2, or where SFF-8020 had it when byte 2 is zero.
  uint8_t format = command.cdb.bytes[2] & 0x0F;
  if (format == 0) format = command.cdb.bytes[9] >> 6;
  if (format == static_cast<uint8_t>(TocFormat::cd_text) && cd_layer_) {
    reply.data = cd_text();
    return;
  }
  reply.data = medium_->toc(static_cast<TocFormat>(format), command.cdb.bytes[1] & 0x02, command.cdb.bytes[6]);
}

void VirtualDrive::read_disc_structure(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 8);
  if (command.cdb.bytes[7] == kWriteProtection) {
    append(reply.data, DiscStructureHeader{2 + sizeof(WriteProtectionStatus), 0});
    append(reply.data, WriteProtectionStatus{disc_->write_protected ? WriteProtectionStatus::kCartridge : 0u, {}});
    return;
  }
  reply.data = medium_->disc_structure(static_cast<StructureMedia>(command.cdb.bytes[1]), get32(command.cdb, 2), command.cdb.bytes[6],
                                       command.cdb.bytes[7]);
}

std::vector<uint32_t> VirtualDrive::write_speeds() const {
  std::vector<uint32_t> speeds;
  if (state_.speed != 0) speeds.push_back(state_.speed);
  for (const uint16_t times : disc_->type->speeds)
    if ((state_.speed == 0 || times < state_.speed) && (speeds.empty() || times != speeds.back())) speeds.push_back(times);
  return speeds;
}

uint64_t VirtualDrive::laser_rate() const { return state_.speed == 0 ? 0 : uint64_t{write_speed_} * disc_->type->bytes_at_1x; }

/// The fastest speed not above the wish, or the slowest there is.
void VirtualDrive::choose_speed(uint64_t write_kb) {
  const auto speeds = write_speeds();
  // A host rounds 1x its own way; a few kB/s do not make it a slower speed.
  const auto fits = [&](uint32_t times) { return uint64_t{times} * disc_->type->kb_at_1x <= write_kb + times; };
  const auto chosen = std::find_if(speeds.begin(), speeds.end(), fits);
  write_speed_ = chosen == speeds.end() ? speeds.back() : *chosen;
  buffer_.set_rate(laser_rate(), clock_->now());
}

void VirtualDrive::get_performance(const Command& command, Reply& reply) {
  const uint8_t data_type = command.cdb.bytes[1];
  const bool write = data_type & 0x04;
  const uint16_t most = get16(command.cdb, 8);
  const MediaType& type = *disc_->type;
  const uint32_t end = disc_->capacity - 1;
  const auto cav = [](uint32_t times) { return times >= 16; };  // faster than a disc may turn at its inner edge
  const auto kb = [&](uint32_t times) { return times * type.kb_at_1x; };

  Bytes descriptors;
  PerformanceHeader header;
  size_t each = 0;
  switch (static_cast<PerformanceType>(command.cdb.bytes[10])) {
    case PerformanceType::performance: {
      if ((data_type & 0x03) != 0) refuse_cdb(1);  // exceptions: there are none
      each = sizeof(NominalPerformance);
      const uint32_t speed = kb(write ? write_speed_ : type.speeds[0]);
      append(descriptors, NominalPerformance{0, speed, end, speed});
      header.flags = write ? PerformanceHeader::kWrite : 0;
      break;
    }
    case PerformanceType::write_speed:
      if (data_type != 0) refuse_cdb(1);
      each = sizeof(WriteSpeed);
      for (const uint32_t times : write_speeds())
        append(descriptors, WriteSpeed{cav(times) ? 0x08u : 0u, {}, end, kb(type.speeds[0]), kb(times)});
      break;
    default: refuse_cdb(10);
  }
  // The length tells of all descriptors; as many as were asked for follow.
  header.length = descriptors.size() + sizeof header - 4;
  append(reply.data, header);
  descriptors.resize(std::min(descriptors.size(), most * each));
  reply.data.insert(reply.data.end(), descriptors.begin(), descriptors.end());
  reply.allocation = static_cast<uint32_t>(reply.data.size());
}

void VirtualDrive::set_streaming(const Command& command, Reply&) {
  if (command.cdb.bytes[8] != 0) refuse_cdb(8);
  StreamingDescriptor wanted;
  if (get16(command.cdb, 9) != sizeof wanted || !fsi::load(command.out, 0, wanted)) refuse(5, 0x1A, 0x00);
  if (wanted.flags & 0xE0) refuse_parameter(0);
  if (wanted.flags & StreamingDescriptor::kRestoreDefaults) return choose_speed(UINT32_MAX);
  if (wanted.start_lba > wanted.end_lba) refuse_parameter(4);
  if (wanted.end_lba >= disc_->capacity) refuse_parameter(8);
  if (wanted.read_time == 0) refuse_parameter(16);
  if (wanted.write_time == 0) refuse_parameter(24);
  choose_speed(uint64_t{wanted.write_size} * 1000 / wanted.write_time);
}

void VirtualDrive::set_cd_speed(const Command& command, Reply&) {
  const uint16_t kb = get16(command.cdb, 4);
  choose_speed(kb == 0xFFFF ? UINT32_MAX : kb);
}

}  // namespace rec::virt
