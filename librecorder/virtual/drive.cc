// The frame in which every command of the virtual drive runs: is it known, is it well formed, may it run now, does a
// fault happen to it, and what does the answer look like.
#include "librecorder/virtual/drive.h"

#include <algorithm>

#include "libfsi/base/error.h"
#include "librecorder/scsi/event_status.h"
#include "librecorder/scsi/opcode.h"
#include "librecorder/virtual/files.h"

namespace rec::virt {
namespace {

// When a command may run.
constexpr uint8_t kMedium = 0x01;     // only with a medium, tray closed
constexpr uint8_t kAttention = 0x02;  // also while a unit attention is pending, which it leaves pending
constexpr uint8_t kBusy = 0x04;       // also while an operation is going on

}  // namespace

// The usage maps are those that MMC-6 gives for each command: a bit that is not in the map is reserved.
const VirtualDrive::Entry* VirtualDrive::find(uint8_t opcode) {
  using D = VirtualDrive;
  static constexpr Entry kCommands[] = {
      {op::kTestUnitReady, kMedium, {0xFF}, &D::test_unit_ready},
      {op::kRequestSense, kAttention | kBusy, {0xFF, 0, 0, 0, 0xFF}, &D::request_sense},
      {op::kInquiry, kAttention | kBusy, {0xFF, 0, 0, 0xFF, 0xFF}, &D::inquiry},
      {op::kModeSelect6, 0, {0xFF, 0x10, 0, 0, 0xFF}, &D::mode_select},
      {op::kModeSense6, 0, {0xFF, 0x08, 0xFF, 0, 0xFF}, &D::mode_sense},
      {op::kStartStopUnit, 0, {0xFF, 0x01, 0, 0, 0xF3}, &D::start_stop_unit},
      {op::kPreventAllowMediumRemoval, 0, {0xFF, 0, 0, 0, 0x03}, &D::prevent_allow},
      {op::kReadFormatCapacities, 0, {0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, &D::read_format_capacities},
      {op::kReadCapacity, kMedium, {0xFF}, &D::read_capacity},
      {op::kRead10, kMedium, {0xFF, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::read},
      {op::kWrite10, kMedium, {0xFF, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::write},
      {op::kSeek10, kMedium, {0xFF, 0, 0xFF, 0xFF, 0xFF, 0xFF}, &D::seek},
      {op::kWriteAndVerify10, kMedium, {0xFF, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::write},
      {op::kVerify10, kMedium, {0xFF, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::verify},
      {op::kSynchronizeCache, kMedium, {0xFF, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::synchronize_cache},
      // The control byte: Linux still sets the format there as SFF-8020 had it.
      {op::kReadTocPmaAtip, kMedium, {0xFF, 0x02, 0x0F, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xC0}, &D::read_toc},
      {op::kGetConfiguration, kAttention | kBusy, {0xFF, 0x03, 0xFF, 0xFF, 0, 0, 0, 0xFF, 0xFF}, &D::get_configuration},
      {op::kGetEventStatusNotification, kAttention | kBusy, {0xFF, 0x01, 0, 0, 0xFF, 0, 0, 0xFF, 0xFF}, &D::get_event_status},
      {op::kReadDiscInformation, kMedium, {0xFF, 0x07, 0, 0, 0, 0, 0, 0xFF, 0xFF}, &D::read_disc_information},
      {op::kReadTrackInformation, kMedium, {0xFF, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF}, &D::read_track_information},
      {op::kReserveTrack, kMedium, {0xFF, 0x03, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, &D::reserve_track},
      {op::kSendOpcInformation, kMedium, {0xFF, 0x01, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF}, &D::send_opc_information},
      {op::kModeSelect10, 0, {0xFF, 0x10, 0, 0, 0, 0, 0, 0xFF, 0xFF}, &D::mode_select},
      {op::kModeSense10, 0, {0xFF, 0x08, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF}, &D::mode_sense},
      {op::kCloseTrackSession, kMedium, {0xFF, 0x01, 0x07, 0, 0xFF, 0xFF}, &D::close_track_session},
      {op::kReadBufferCapacity, kBusy, {0xFF, 0x01, 0, 0, 0, 0, 0, 0xFF, 0xFF}, &D::read_buffer_capacity},
      {op::kReportLuns, kAttention | kBusy, {0xFF, 0, 0xFF, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, &D::report_luns},
      {op::kBlank, kMedium, {0xFF, 0x17, 0xFF, 0xFF, 0xFF, 0xFF}, &D::blank},
      {op::kRead12, kMedium, {0xFF, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80}, &D::read},
      {op::kWrite12, kMedium, {0xFF, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80}, &D::write},
      {op::kGetPerformance, kMedium, {0xFF, 0x1F, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF}, &D::get_performance},
      {op::kReadDiscStructure, kMedium, {0xFF, 0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC0}, &D::read_disc_structure},
      {op::kVerify12, kMedium, {0xFF, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, &D::verify},
      {op::kSetStreaming, kMedium, {0xFF, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF}, &D::set_streaming},
      {op::kSetCdSpeed, kMedium, {0xFF, 0x03, 0xFF, 0xFF, 0xFF, 0xFF}, &D::set_cd_speed},
      {op::kMechanismStatus, kBusy, {0xFF, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, &D::mechanism_status},
      {op::kReadSubChannel, kMedium, {0xFF, 0x02, 0x40, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF}, &D::read_sub_channel},
      {op::kSendCueSheet, kMedium, {0xFF, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF}, &D::send_cue_sheet},
      {op::kReadCdMsf, kMedium, {0xFF, 0x1E, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07}, &D::read_cd_msf},
      {op::kReadCd, kMedium, {0xFF, 0x1E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x07}, &D::read_cd},
  };
  const auto* found = std::find_if(std::begin(kCommands), std::end(kCommands), [&](const Entry& e) { return e.opcode == opcode; });
  return found == std::end(kCommands) ? nullptr : found;
}

VirtualDrive::VirtualDrive(std::string name, std::filesystem::path directory)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      lock_(directory_, "virtual:" + name_, "opening the drive"),
      state_(load_drive_state(directory_)),
      clock_(state_.real_time ? std::unique_ptr<Clock>(std::make_unique<RealClock>()) : std::make_unique<VirtualClock>()),
      buffer_(state_.buffer_bytes, 0),
      parameters_(default_write_parameters()) {
  load_disc();
}

VirtualDrive::~VirtualDrive() {
  try {
    save_changes();
  } catch (const std::exception&) {
    // The next opening finds the state of the last command that was answered; a destructor has nobody to tell.
  }
}

void VirtualDrive::load_disc() {
  cd_recorder_.reset();
  cd_layer_.reset();
  medium_.reset();
  disc_.reset();
  store_.reset();
  if (!is_there(directory_ / "disc")) return;
  store_.emplace(directory_ / "disc");
  disc_ = store_->load();
  medium_ = make_medium(*disc_);
  if (is_cd(medium_->profile())) {
    cd_layer_.emplace(directory_ / "disc");
    cd_recorder_.emplace(*disc_, *cd_layer_);
  }
  write_speed_ = write_speeds().front();
  buffer_ = WriteBuffer(state_.buffer_bytes, laser_rate());
}

Answer VirtualDrive::execute(const Command& command) {
  Answer answer;
  try {
    answer = serve(command);
    if (transcript_) transcript_->add(command, answer);
  } catch (const std::exception& error) {  // the host's own disk is full, or the state cannot be stored
    answer = {};
    answer.outcome = Outcome::transport_error;
    answer.transport = error.what();
  }
  return answer;
}

Answer VirtualDrive::serve(const Command& command) {
  Answer answer;
  const auto transport_error = [&](const char* why) {
    answer.outcome = Outcome::transport_error;
    answer.transport = why;
    return answer;
  };
  if (gone_) {
    answer.outcome = Outcome::gone;
    return answer;
  }
  if (command.in.size() > kMostBytes || command.out.size() > kMostBytes)
    return transport_error("the transfer is larger than the transport takes");
  if (command.cdb.length < 6 || command.cdb.length > 16) return transport_error("the command block has no legal length");

  // A recovered error (key 1) is told of a command that was done; all other faults take the command's place.
  Fault* const fault = next_fault(state_.faults, command);
  const bool recovered = fault && fault->action == Fault::Action::sense && fault->key == 1;
  const bool slow = fault && fault->action == Fault::Action::slow;
  if (fault && fault->times != Fault::kAlways) state_changed_ = true;
  if (fault && !recovered && !slow) {
    answer = faulty(*fault, command);
    save_changes();
    return answer;
  }
  Reply reply;
  try {
    settle();
    if (slow) take_time(std::chrono::milliseconds(fault->milliseconds), command);
    dispatch(command, reply);
    answer = deliver(command, reply, std::move(answer));
    if (recovered) {
      const uint32_t residual = answer.residual;
      answer = refused({fault->key, fault->asc, fault->ascq});
      answer.residual = residual;
    }
  } catch (const CheckCondition& check) {
    answer = refused(check);
    answer.residual = static_cast<uint32_t>(command.in.size() + command.out.size());
  } catch (const TimedOut&) {
    answer.outcome = Outcome::timeout;
  }
  save_changes();
  return answer;
}

Answer VirtualDrive::faulty(Fault& fault, const Command& command) {
  Answer answer;
  switch (fault.action) {
    case Fault::Action::sense: {
      CheckCondition check{fault.key, fault.asc, fault.ascq};
      if (const auto range = blocks_of(command.cdb); range && fault.first_lba) check.information = std::max(*fault.first_lba, range->first);
      answer = refused(check);
      answer.residual = static_cast<uint32_t>(command.in.size() + command.out.size());
      break;
    }
    case Fault::Action::timeout:
      clock_->work(command.timeout);
      answer.outcome = Outcome::timeout;
      break;
    case Fault::Action::gone:
      gone_ = true;
      answer.outcome = Outcome::gone;
      break;
    case Fault::Action::residual: {
      // The command runs as if the transfer had ended early.
      Command cut = command;
      const size_t bytes = std::max(command.in.size(), command.out.size());
      const size_t lost = std::min<size_t>(fault.residual, bytes);
      if (!cut.in.empty()) cut.in = cut.in.first(bytes - lost);
      if (!cut.out.empty()) cut.out = cut.out.first(bytes - lost);
      Reply reply;
      short_transfer_ = true;
      try {
        settle();
        dispatch(cut, reply);
        const size_t given = std::min<size_t>({reply.data.size(), reply.allocation, cut.in.size()});
        std::copy_n(reply.data.begin(), given, cut.in.begin());
        answer.residual = static_cast<uint32_t>(command.direction == Direction::from_drive && !reply.direct ? bytes - given : lost);
      } catch (const CheckCondition& check) {
        answer = refused(check);
        answer.residual = static_cast<uint32_t>(bytes);
      } catch (const TimedOut&) {
        answer.outcome = Outcome::timeout;
      }
      short_transfer_ = false;
      break;
    }
    case Fault::Action::corrupt:
    case Fault::Action::slow: break;  // happen while the command is done
  }
  return answer;
}

void VirtualDrive::dispatch(const Command& command, Reply& reply) {
  const Entry* entry = find(command.cdb.opcode());
  // A drive that is still loading tells of the new medium when it has seen it.
  const bool loading = operation_ && operation_->ascq == 0x01;
  if (entry && loading && !(entry->when & kBusy)) check_busy();
  if (!(entry && entry->when & kAttention) && !state_.attentions.empty()) {
    const auto told = state_.attentions.front();
    state_.attentions.erase(state_.attentions.begin());
    state_changed_ = true;
    refuse(6, told.asc, told.ascq);
  }
  if (!entry) refuse(5, 0x20, 0x00);
  for (uint8_t i = 0; i < command.cdb.length; ++i)
    if (command.cdb.bytes[i] & ~(i < entry->usage.size() ? entry->usage[i] : 0)) refuse_cdb(i);
  if (!(entry->when & kBusy)) check_busy();
  if (entry->when & kMedium) check_medium();
  (this->*entry->handler)(command, reply);
}

Answer VirtualDrive::deliver(const Command& command, const Reply& reply, Answer answer) const {
  if (command.direction != Direction::from_drive) return answer;
  if (reply.direct) {
    answer.residual = static_cast<uint32_t>(command.in.size() - reply.direct);
    return answer;
  }
  const size_t given = std::min<size_t>(reply.data.size(), reply.allocation);
  if (given > command.in.size()) {
    answer.outcome = Outcome::transport_error;
    answer.transport =
        "the command block allows " + std::to_string(given) + " bytes, the buffer takes " + std::to_string(command.in.size());
    return answer;
  }
  std::copy_n(reply.data.begin(), given, command.in.begin());
  answer.residual = static_cast<uint32_t>(command.in.size() - given);
  return answer;
}

Answer VirtualDrive::refused(const CheckCondition& check) const {
  Answer answer;
  answer.outcome = Outcome::check;
  answer.status = 0x02;
  answer.sense = parse_sense(sense_bytes(check));
  return answer;
}

/// What has happened by itself since the last command.
void VirtualDrive::settle() {
  if (operation_ && clock_->now() >= operation_->end) operation_.reset();
  if (!medium_) return;
  const uint32_t dry = buffer_.take_dry_count(clock_->now());
  if (dry == 0) return;
  if (medium_->survives_underrun(parameters_)) {
    disc_->link_stops += dry;
    disc_changed_ = true;
  } else {
    medium_->spoil();
    if (cd_recorder_ && cd_recorder_->abandon()) {
      ++disc_->underruns;
      disc_changed_ = true;
    }
    buffer_.flush(clock_->now());
    write_failed_ = CheckCondition{3, 0x0C, 0x09};
  }
}

std::optional<uint16_t> VirtualDrive::progress_of(const Operation& operation) const {
  if (!operation.progress || operation.end <= operation.start) return {};
  const double part =
      static_cast<double>((clock_->now() - operation.start).count()) / static_cast<double>((operation.end - operation.start).count());
  return static_cast<uint16_t>(std::clamp(part, 0.0, 1.0) * 65535);
}

void VirtualDrive::check_busy() {
  if (!operation_) return;
  const CheckCondition busy{.key = 2, .asc = 0x04, .ascq = operation_->ascq, .progress = progress_of(*operation_)};
  // On the virtual clock no operation takes more than a few looks.
  clock_->looked(std::max<Duration>(std::chrono::milliseconds(250), (operation_->end - operation_->start) / 6));
  throw busy;
}

void VirtualDrive::check_medium() const {
  if (state_.tray_open) refuse(2, 0x3A, 0x02);
  if (!medium_) refuse(2, 0x3A, 0x01);
}

void VirtualDrive::busy_for(Duration time, uint8_t ascq, bool progress, bool immediate, const Command& command) {
  if (time <= Duration::zero()) return;
  const Duration now = clock_->now();
  operation_ = Operation{now, now + time, ascq, progress};
  if (immediate) return;
  if (time > command.timeout) {
    clock_->work(command.timeout);
    throw TimedOut{};
  }
  clock_->work(time);
  operation_.reset();
}

void VirtualDrive::take_time(Duration time, const Command& command) {
  clock_->work(std::min<Duration>(time, command.timeout));
  if (time > command.timeout) throw TimedOut{};
}

void VirtualDrive::attention(uint8_t asc, uint8_t ascq) {
  state_.attentions.push_back({asc, ascq});
  state_changed_ = true;
}

void VirtualDrive::save_changes() {
  if (medium_ && medium_->take_changed()) disc_changed_ = true;
  if (medium_ && medium_->take_erased()) {
    store_->erase();
    if (cd_layer_) cd_layer_->erase();
    if (cd_recorder_) cd_recorder_->abandon();
  }
  if (std::exchange(disc_changed_, false)) store_->save(*disc_);
  if (std::exchange(state_changed_, false)) save_drive_state(directory_, state_);
}

}  // namespace rec::virt
