// Commands about the drive as a device: is it ready, who is it, tray and door, events.
#include <algorithm>
#include <bit>

#include "librecorder/scsi/event_status.h"
#include "librecorder/scsi/inquiry.h"
#include "librecorder/virtual/drive.h"

namespace rec::virt {

using namespace std::chrono_literals;

void VirtualDrive::test_unit_ready(const Command&, Reply&) {}

void VirtualDrive::request_sense(const Command& command, Reply& reply) {
  reply.allocation = command.cdb.bytes[4];
  CheckCondition now;
  if (!state_.attentions.empty()) {
    now = {6, state_.attentions.front().asc, state_.attentions.front().ascq};
    state_.attentions.erase(state_.attentions.begin());
    state_changed_ = true;
  } else if (operation_) {
    now = {.key = 2, .asc = 0x04, .ascq = operation_->ascq, .progress = progress_of(*operation_)};
    clock_->looked(std::max<Duration>(250ms, (operation_->end - operation_->start) / 6));
  }
  // Formatting in the background is told here and nowhere else; the drive is ready all the while.
  if (now.key == 0 && medium_) {
    if (const auto part = medium_->background_progress()) {
      now = {.key = 0, .asc = 0x04, .ascq = 0x04, .progress = static_cast<uint16_t>(*part * 65535)};
      clock_->looked(30s);
    }
  }
  reply.data = sense_bytes(now);
}

void VirtualDrive::inquiry(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 3);
  InquiryData data;
  data.peripheral = InquiryData::kCdDvdDevice;
  data.removable = InquiryData::kRemovable;
  data.version = 5;  // SPC-3
  data.response_data_format = 2;
  data.additional_length = sizeof data - 5;
  std::copy_n("DISCPRES", sizeof data.vendor, data.vendor);
  std::copy_n("VIRTUAL DRIVE   ", sizeof data.product, data.product);
  std::copy_n("1.00", sizeof data.revision, data.revision);
  append(reply.data, data);
}

void VirtualDrive::start_stop_unit(const Command& command, Reply&) {
  const uint8_t action = command.cdb.bytes[4];
  const bool immediate = command.cdb.bytes[1] & 0x01;
  if (action & 0xF0) {
    if (action & 0x0F) refuse_cdb(4);
    return;  // power conditions: there is no power to save
  }
  if (!(action & 0x02)) return;  // start and stop of a motor that is not there
  if (!(action & 0x01)) {
    if (state_.tray_open) return;
    if (state_.locked) refuse(5, 0x53, 0x02);
    if (medium_ && medium_->background_progress()) {
      // The drive brings the format into a state in which the disc can leave.
      const Duration time = medium_->close(static_cast<uint8_t>(CloseFunction::stop_background_format), 0, parameters_);
      busy_for(time, 0x08, false, immediate, command);
    }
    if (medium_) {
      busy_for(buffer_.flush(clock_->now()) + 1ms, 0x08, false, immediate, command);
      state_.media_event = MediaEvent::media_removal;
    }
    state_.tray_open = true;
  } else {
    if (!state_.tray_open) return;
    state_.tray_open = false;
    if (medium_) {
      attention(0x28, 0x00);
      state_.media_event = MediaEvent::new_media;
      busy_for(4s, 0x01, false, immediate, command);
    }
  }
  state_changed_ = true;
}

void VirtualDrive::prevent_allow(const Command& command, Reply&) {
  state_.locked = command.cdb.bytes[4] & 0x01;
  state_changed_ = true;
}

void VirtualDrive::report_luns(const Command& command, Reply& reply) {
  reply.allocation = get32(command.cdb, 6);
  if (command.cdb.bytes[2] > 2) refuse_cdb(2);
  const fsi::Be32 length = 8;
  append(reply.data, length);
  reply.data.resize(16);  // reserved, and the one logical unit 0
}

void VirtualDrive::get_event_status(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  if (!(command.cdb.bytes[1] & 0x01)) refuse_cdb(1);  // asynchronous notification is not supported
  const auto bit = [](EventClass c) { return static_cast<uint8_t>(1u << static_cast<uint8_t>(c)); };
  const uint8_t supported =
      bit(EventClass::operational_change) | bit(EventClass::power) | bit(EventClass::media) | bit(EventClass::device_busy);
  const uint8_t wanted = command.cdb.bytes[4] & supported;

  EventHeader header;
  header.supported = supported;
  if (wanted == 0) {
    header.length = 2;
    header.event_class = EventHeader::kNoEventAvailable;
    append(reply.data, header);
    return;
  }
  // One class a reply: one that has an event before one that has none.
  const bool media_wanted = wanted & bit(EventClass::media), busy_wanted = wanted & bit(EventClass::device_busy);
  EventClass chosen = static_cast<EventClass>(std::countr_zero(wanted));
  if (media_wanted && (state_.media_event != 0 || !(busy_wanted && operation_))) chosen = EventClass::media;
  if (busy_wanted && operation_ && !(media_wanted && state_.media_event != 0)) chosen = EventClass::device_busy;

  header.length = 6;
  header.event_class = static_cast<uint8_t>(chosen);
  append(reply.data, header);
  if (chosen == EventClass::media) {
    MediaEvent event;
    event.code = state_.media_event;
    event.status = (state_.tray_open ? MediaEvent::kTrayOpen : 0) | (medium_ && !state_.tray_open ? MediaEvent::kPresent : 0);
    append(reply.data, event);
    if (reply.allocation >= 8 && state_.media_event != 0) {  // an event is told once
      state_.media_event = 0;
      state_changed_ = true;
    }
    return;
  }
  OtherEvent event;
  if (chosen == EventClass::power) event.status = 1;  // active
  if (chosen == EventClass::device_busy && operation_) {
    event.status = 1;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(operation_->end - clock_->now()).count() / 100;
    event.detail = static_cast<uint64_t>(std::clamp<int64_t>(left, 0, 0xFFFF));  // units of 100 ms
  }
  append(reply.data, event);
}

void VirtualDrive::mechanism_status(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 8);
  MechanismStatus status;
  status.state = state_.tray_open ? MechanismStatus::kDoorOpen : 0;
  append(reply.data, status);
}

}  // namespace rec::virt
