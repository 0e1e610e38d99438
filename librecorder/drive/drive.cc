#include "librecorder/drive/drive.h"

#include <algorithm>
#include <utility>

#include "libfsi/base/wire.h"
#include "librecorder/scsi/opcode.h"

namespace rec {

using namespace std::chrono_literals;
using fsi::load;

namespace {
void put16(Cdb& cdb, size_t at, uint32_t value) {
  cdb.bytes[at] = static_cast<uint8_t>(value >> 8);
  cdb.bytes[at + 1] = static_cast<uint8_t>(value);
}
void put32(Cdb& cdb, size_t at, uint32_t value) {
  put16(cdb, at, value >> 16);
  put16(cdb, at + 2, value & 0xFFFF);
}

/// The drive has no such command, or not in this form: nothing to be had, and no fault.
bool declined(const Answer& answer, Phase phase) {
  if (answer.outcome != Outcome::check || answer.sense.deferred) return false;
  const Action action = rule_for(answer.sense, phase).action;
  return action == Action::absent || action == Action::other_form;
}

Command reading(Cdb cdb, std::span<std::byte> in) {
  Command command;
  command.cdb = cdb;
  command.direction = in.empty() ? Direction::none : Direction::from_drive;
  command.in = in;
  command.timeout = limit::kCommand;
  return command;
}

Command plain(Cdb cdb, std::chrono::milliseconds timeout = limit::kCommand) {
  Command command = reading(cdb, {});
  command.timeout = timeout;
  return command;
}

Command sending(Cdb cdb, std::span<const std::byte> out) {
  Command command;
  command.cdb = cdb;
  command.direction = Direction::to_drive;
  command.out = out;
  command.timeout = limit::kCommand;
  return command;
}
}  // namespace

void Drive::fail(std::string_view doing, const Answer& answer) const { throw drive_error(name(), std::string(doing), answer, phase_); }

Answer Drive::run(const Command& command) {
  uint8_t attempts = 0;
  const auto began = transport_->now();
  for (;;) {
    Answer answer = transport_->execute(command);
    if (answer.outcome == Outcome::busy && answer.status != 0x18 && transport_->now() - began < 30s) {
      transport_->sleep(200ms);
      continue;
    }
    if (answer.outcome != Outcome::check) return answer;
    const SenseRule rule = rule_for(answer.sense, phase_);
    switch (rule.action) {
      case Action::carry_on:
        recovered_ = answer.sense;
        ++recoveries_;
        answer.outcome = Outcome::good;
        return answer;
      case Action::retry:
        if (attempts++ >= rule.attempts) return answer;
        break;
      case Action::wait:
        if (transport_->now() - began >=
            (phase_ == Phase::read ? std::min<std::chrono::milliseconds>(rule.patience, limit::kReadBusy) : rule.patience))
          return answer;
        break;
      case Action::start:
        if (attempts++ >= rule.attempts) return answer;
        if (const Answer started = transport_->execute(plain({op::kStartStopUnit, 0, 0, 0, 1, 0}, limit::kLoad)); !started.good())
          return started;
        break;
      default: return answer;
    }
    ++resent_;
    transport_->sleep(rule.pause);
  }
}

void Drive::must(const Command& command, std::string_view doing) {
  if (const Answer answer = run(command); !answer.good()) fail(doing, answer);
}

Answer Drive::read_into(Cdb cdb, std::span<std::byte> buffer, std::string_view doing) {
  Answer answer = run(reading(cdb, buffer));
  if (!answer.good() && !declined(answer, phase_)) fail(doing, answer);
  return answer;
}

// A variable-length answer in two steps: its header for the length, then exactly that. Some bridges stall or corrupt
// when the host asks for more than the drive returns. `length_at`: where the command block has its 16-bit length.
std::optional<std::vector<std::byte>> Drive::fetch(Cdb cdb, size_t length_at, size_t header, std::string_view doing,
                                                   const std::function<size_t(std::span<const std::byte>)>& total) {
  std::vector<std::byte> bytes(header);
  put16(cdb, length_at, static_cast<uint32_t>(header));
  Answer answer = read_into(cdb, bytes, doing);
  if (!answer.good()) return std::nullopt;
  const size_t length = std::clamp<size_t>(total(bytes), header, 0xFFFE);
  bytes.assign(length, std::byte{0});
  put16(cdb, length_at, static_cast<uint32_t>(length));
  answer = read_into(cdb, bytes, doing);
  if (!answer.good()) return std::nullopt;
  bytes.resize(length - std::min<size_t>(answer.residual, length));
  return bytes;
}

namespace {
size_t after_be16(std::span<const std::byte> bytes) {
  fsi::Be16 length;
  return load(bytes, 0, length) ? length + sizeof length : 0;
}
size_t after_be32(std::span<const std::byte> bytes) {
  fsi::Be32 length;
  return load(bytes, 0, length) ? std::min<size_t>(length.get(), 0xFFF0) + sizeof length : 0;
}

/// A structure that may come short (older drives) or long (newer ones): the missing part is zero.
template <class T>
T as(std::span<const std::byte> bytes) {
  T out{};
  std::memcpy(static_cast<void*>(&out), bytes.data(), std::min(bytes.size(), sizeof out));
  return out;
}
}  // namespace

InquiryData Drive::inquiry() {
  InquiryData data;
  std::byte buffer[sizeof data]{};
  must(reading({op::kInquiry, 0, 0, 0, sizeof data, 0}, buffer), "asking what device it is");
  return as<InquiryData>(buffer);
}

Answer Drive::test_unit_ready() { return transport_->execute(plain({op::kTestUnitReady, 0, 0, 0, 0, 0})); }

Sense Drive::request_sense() {
  std::byte buffer[18]{};
  const Answer answer = transport_->execute(reading({op::kRequestSense, 0, 0, 0, sizeof buffer, 0}, buffer));
  return answer.good() ? parse_sense(std::span(buffer).first(sizeof buffer - std::min<size_t>(answer.residual, sizeof buffer)))
                       : answer.sense;
}

std::optional<Configuration> Drive::configuration() {
  const auto answer =
      fetch({op::kGetConfiguration, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 7, sizeof(FeatureHeader), "asking for its features", after_be32);
  if (!answer) return std::nullopt;
  return parse_configuration(*answer);
}

std::optional<DiscInformation> Drive::disc_information() {
  const auto answer = fetch({op::kReadDiscInformation, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 7, 4, "reading the disc information", after_be16);
  // Less than the first 12 bytes says nothing about the state of the disc.
  if (!answer || answer->size() < 12) return std::nullopt;
  return as<DiscInformation>(*answer);
}

std::optional<TrackInformation> Drive::track_information(TrackAddress address, uint32_t number) {
  Cdb cdb{op::kReadTrackInformation, static_cast<uint8_t>(address), 0, 0, 0, 0, 0, 0, 0, 0};
  put32(cdb, 2, number);
  const auto answer = fetch(cdb, 7, 4, "reading the track information", after_be16);
  if (!answer || answer->size() < 28) return std::nullopt;
  return as<TrackInformation>(*answer);
}

std::optional<FormatCapacities> Drive::format_capacities() {
  const auto total = [](std::span<const std::byte> bytes) { return sizeof(FormatCapacitiesHeader) + static_cast<size_t>(bytes[3]); };
  const auto answer = fetch({op::kReadFormatCapacities, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 7, 12, "reading the format capacities", total);
  FormatCapacities out;
  if (!answer || !load(*answer, sizeof(FormatCapacitiesHeader), out.current)) return std::nullopt;
  FormattableCapacity next;
  for (size_t at = sizeof(FormatCapacitiesHeader) + sizeof out.current; load(*answer, at, next); at += sizeof next)
    out.formattable.push_back(next);
  return out;
}

std::optional<ReadCapacityData> Drive::capacity() {
  ReadCapacityData data;
  std::byte buffer[sizeof data]{};
  const Answer answer = run(reading({op::kReadCapacity, 0, 0, 0, 0, 0, 0, 0, 0, 0}, buffer));
  // Drives refuse for a blank disc with senses of all sorts; what matters is told by other commands.
  if (answer.outcome == Outcome::check) return std::nullopt;
  if (!answer.good()) fail("reading the capacity", answer);
  return as<ReadCapacityData>(buffer);
}

std::vector<std::byte> Drive::toc(TocFormat format, uint8_t number) {
  Cdb cdb{op::kReadTocPmaAtip, 0, static_cast<uint8_t>(format), 0, 0, 0, number, 0, 0, 0};
  return fetch(cdb, 7, 4, "reading the table of contents", after_be16).value_or(std::vector<std::byte>{});
}

std::optional<MediaEvent> Drive::media_event() {
  struct {
    EventHeader header;
    MediaEvent event;
  } data;
  std::byte buffer[sizeof data]{};
  Cdb cdb{op::kGetEventStatusNotification, 1, 0, 0, 1 << static_cast<uint8_t>(EventClass::media), 0, 0, 0, sizeof data, 0};
  if (const Answer answer = read_into(cdb, buffer, "asking for media events"); !answer.good() || answer.residual) return std::nullopt;
  data = as<decltype(data)>(buffer);
  if (data.header.none_available() || (data.header.event_class & 7) != static_cast<uint8_t>(EventClass::media)) return std::nullopt;
  return data.event;
}

void Drive::synchronize_cache() {
  long_command({op::kSynchronizeCache, 0x02, 0, 0, 0, 0, 0, 0, 0, 0}, 0x02, limit::kWholeOperation, "writing out the drive's buffer");
}

void Drive::blank(BlankType type) {
  Cdb cdb{op::kBlank, static_cast<uint8_t>(0x10 | static_cast<uint8_t>(type)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  long_command(cdb, 0x10, limit::kErase, "blanking the disc");
}

void Drive::close_track_session(CloseFunction function, uint16_t track) {
  Cdb cdb{op::kCloseTrackSession, 0x01, static_cast<uint8_t>(function), 0, 0, 0, 0, 0, 0, 0};
  put16(cdb, 4, track);
  long_command(cdb, 0x01, limit::kWholeOperation,
               function == CloseFunction::track     ? "closing the track"
               : function == CloseFunction::session ? "closing the session"
                                                    : "closing the disc");
}

// With IMMED the drive answers at once and is busy afterwards; drives that do not take IMMED get the long form.
void Drive::long_command(Cdb cdb, uint8_t immediate, std::chrono::milliseconds longest, std::string_view doing) {
  Answer answer = run(plain(cdb, limit::kWrite));
  if (declined(answer, phase_) && answer.sense.asc == 0x24) {
    cdb.bytes[1] &= static_cast<uint8_t>(~immediate);
    answer = run(plain(cdb, longest));
  }
  if (!answer.good()) fail(doing, answer);
}

Answer Drive::read(fsi::Lba lba, std::span<std::byte> out) {
  Cdb cdb{op::kRead10, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  put32(cdb, 2, lba);
  put16(cdb, 7, static_cast<uint32_t>(out.size() / fsi::kSectorSize));
  return run(reading(cdb, out));
}

Answer Drive::write(fsi::Lba lba, std::span<const std::byte> in) {
  Cdb cdb{op::kWrite10, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  put32(cdb, 2, lba);
  put16(cdb, 7, static_cast<uint32_t>(in.size() / fsi::kSectorSize));
  Command command = sending(cdb, in);
  command.timeout = limit::kWrite;
  return transport_->execute(command);
}

std::optional<DriveBuffer> Drive::buffer_capacity() {
  BufferCapacity data;
  std::byte buffer[sizeof data]{};
  const Answer answer = transport_->execute(reading({op::kReadBufferCapacity, 0, 0, 0, 0, 0, 0, 0, sizeof data, 0}, buffer));
  if (!answer.good() || answer.residual) return std::nullopt;
  data = as<BufferCapacity>(buffer);
  const uint64_t unit = data.block & BufferCapacity::kBlock ? fsi::kSectorSize : 1;
  if (data.size.get() == 0 || data.available.get() > data.size.get()) return std::nullopt;
  return DriveBuffer{data.size * unit, data.available * unit};
}

void Drive::calibrate_power() {
  Command command = plain({op::kSendOpcInformation, 0x01, 0, 0, 0, 0, 0, 0, 0, 0}, limit::kWrite);
  if (const Answer answer = run(command); !answer.good() && !declined(answer, phase_)) fail("calibrating the laser", answer);
}

void Drive::prevent_removal(bool prevent) {
  must(plain({op::kPreventAllowMediumRemoval, 0, 0, 0, static_cast<uint8_t>(prevent), 0}),
       prevent ? "locking the tray" : "unlocking the tray");
}

void Drive::start_unit() { must(plain({op::kStartStopUnit, 0, 0, 0, 0x01, 0}, limit::kLoad), "starting the drive"); }
void Drive::open_tray() { must(plain({op::kStartStopUnit, 0, 0, 0, 0x02, 0}, limit::kLoad), "opening the tray"); }
void Drive::close_tray() { must(plain({op::kStartStopUnit, 0, 0, 0, 0x03, 0}, limit::kLoad), "closing the tray"); }

void wait_ready(Drive& drive, std::string_view doing, std::chrono::seconds deadline, const LongProgress& progress,
                const std::stop_token& stop) {
  constexpr auto kPoll = 500ms;
  Transport& transport = drive.transport();
  const auto began = transport.now();
  int goods = 0;
  for (uint32_t attentions = 0;;) {
    if (stop.stop_requested()) throw fsi::Error(fsi::ErrorKind::interrupted, drive.name(), std::string(doing), "interrupted");
    const Answer answer = drive.test_unit_ready();
    if (answer.good()) {
      if (++goods == 2) return;
      transport.sleep(50ms);
      continue;
    }
    goods = 0;
    const bool over = transport.now() - began >= deadline;
    if (answer.outcome == Outcome::busy && !over) {
      transport.sleep(kPoll);
      continue;
    }
    if (answer.outcome != Outcome::check || over) drive.fail(doing, answer);
    const SenseRule rule = rule_for(answer.sense, drive.phase());
    switch (rule.action) {
      case Action::retry:
      case Action::carry_on:
        // Unit attentions queue up, one for each thing that happened; a drive that never stops is broken.
        if (++attentions > 100) drive.fail(doing, answer);
        break;
      case Action::start: drive.start_unit(); break;
      case Action::wait:
      case Action::flow:
      case Action::synchronize:
        if (progress) {
          auto part = answer.sense.progress;
          if (!part) part = drive.request_sense().progress;
          progress(part ? std::optional(*part / 65536.0) : std::nullopt);
        }
        break;
      default: drive.fail(doing, answer);
    }
    transport.sleep(rule.action == Action::retry ? rule.pause : kPoll);
  }
}

}  // namespace rec
