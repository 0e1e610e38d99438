// Commands that give a disc another shape: BLANK, FORMAT UNIT, SEND DISC STRUCTURE. Their parameters are checked for form
// here; whether the medium takes them is the medium's business.
#include "librecorder/virtual/drive.h"

namespace rec::virt {

void VirtualDrive::blank(const Command& command, Reply&) {
  check_writable();
  const Duration time = medium_->blank(command.cdb.bytes[1] & 0x07, get32(command.cdb, 2));
  write_failed_.reset();
  busy_for(buffer_.flush(clock_->now()) + time, 0x07, true, command.cdb.bytes[1] & 0x10, command);
}

void VirtualDrive::format_unit(const Command& command, Reply&) {
  // FmtData and format code 1: what MMC has. DVD-RAM alone has a list of defects that CmpList may do away with.
  constexpr uint8_t kFmtData = 0x10, kCmpList = 0x08;
  const uint8_t how = command.cdb.bytes[1] & ~(medium_->profile() == Profile::dvd_ram ? kCmpList : 0);
  if (how != (kFmtData | 1)) refuse_cdb(1);
  check_writable();
  FormatList list;
  if (command.out.size() != sizeof list || !fsi::load(command.out, 0, list)) refuse(5, 0x1A, 0x00);
  if (list.reserved != 0) refuse_parameter(0);
  // Options that are not declared valid must not be set.
  const uint8_t options = list.flags & ~(FormatList::kFov | FormatList::kImmediate | FormatList::kVendor);
  if (options && !(list.flags & FormatList::kFov)) refuse_parameter(1);
  if (list.flags & (FormatList::kVendor | FormatList::kInitPattern | FormatList::kDisablePrimary)) refuse_parameter(1);
  if (list.descriptor_length != sizeof(FormattableCapacity)) refuse_parameter(2);
  const FormatRequest request{.flags = list.flags,
                              .blocks = list.blocks,
                              .type = static_cast<uint8_t>(list.type >> 2),
                              .subtype = static_cast<uint8_t>(list.type & 0x03),
                              .parameter = list.parameter};
  const Duration time = medium_->format(request);
  write_failed_.reset();
  busy_for(buffer_.flush(clock_->now()) + time, 0x04, true, list.flags & FormatList::kImmediate, command);
}

void VirtualDrive::send_disc_structure(const Command& command, Reply&) {
  check_writable();
  DiscStructureHeader header;
  if (command.out.size() != get16(command.cdb, 8) || !fsi::load(command.out, 0, header)) refuse(5, 0x1A, 0x00);
  if (header.length != command.out.size() - sizeof header.length) refuse_parameter(0);
  medium_->send_structure(command.cdb.bytes[7], command.out.subspan(sizeof header));
}

}  // namespace rec::virt
