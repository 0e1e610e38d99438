// The part of Drive about how a drive is set: mode pages and speeds.
#include <algorithm>

#include "libfsi/base/wire.h"
#include "librecorder/drive/drive.h"
#include "librecorder/scsi/opcode.h"
#include "librecorder/scsi/performance.h"

namespace rec {

using fsi::load;

namespace {
Command transfer(Cdb cdb, Direction direction, std::span<std::byte> in, std::span<const std::byte> out) {
  Command command;
  command.cdb = cdb;
  command.direction = direction;
  command.in = in;
  command.out = out;
  command.timeout = limit::kCommand;
  return command;
}
}  // namespace

std::vector<std::vector<std::byte>> Drive::mode_pages_of(uint8_t code, PageControl control) {
  Cdb cdb{op::kModeSense10, 0x08, static_cast<uint8_t>(static_cast<uint8_t>(control) << 6 | code), 0, 0, 0, 0, 0, 0, 0};
  const auto total = [](std::span<const std::byte> bytes) {
    fsi::Be16 length;
    return load(bytes, 0, length) ? length + sizeof length : 0;
  };
  const auto answer = fetch(cdb, 7, sizeof(ModeHeader10), "reading the mode pages", total);
  std::vector<std::vector<std::byte>> pages;
  ModeHeader10 header;
  if (!answer || !load(*answer, 0, header)) return pages;
  ModePageHeader at_page;
  for (size_t at = sizeof header + header.block_descriptor_length; load(*answer, at, at_page);) {
    const size_t length = sizeof at_page + at_page.length;
    if (answer->size() - at < length) break;
    pages.emplace_back(answer->begin() + static_cast<ptrdiff_t>(at), answer->begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  return pages;
}

std::vector<std::byte> Drive::mode_page(ModePageCode page, PageControl control) {
  for (auto& found : mode_pages_of(static_cast<uint8_t>(page), control))
    if ((static_cast<uint8_t>(found[0]) & 0x3F) == static_cast<uint8_t>(page)) return std::move(found);
  return {};
}

std::vector<std::vector<std::byte>> Drive::mode_pages() { return mode_pages_of(0x3F, PageControl::current); }

std::optional<Capabilities> Drive::capabilities() {
  const auto page = mode_page(ModePageCode::capabilities);
  if (page.size() < 20) return std::nullopt;
  Capabilities out{};
  std::memcpy(static_cast<void*>(&out), page.data(), std::min(page.size(), sizeof out));
  return out;
}

Answer Drive::mode_select(std::span<const std::byte> page) {
  std::vector<std::byte> list(sizeof(ModeHeader10));  // MODE SELECT: the header's data length is zero
  list.insert(list.end(), page.begin(), page.end());
  list[sizeof(ModeHeader10)] &= std::byte{0x3F};  // PS is for MODE SENSE only
  const auto length = static_cast<uint8_t>(list.size());
  Cdb cdb{op::kModeSelect10, 0x10, 0, 0, 0, 0, 0, static_cast<uint8_t>(list.size() >> 8), length, 0};
  return run(transfer(cdb, Direction::to_drive, {}, list));
}

std::vector<WriteSpeedKb> Drive::write_speeds() {
  std::vector<WriteSpeedKb> out;
  const auto add = [&](uint32_t speed, bool cav) {
    if (speed && std::none_of(out.begin(), out.end(), [&](const WriteSpeedKb& s) { return s.kb_per_second == speed; }))
      out.push_back({speed, cav});
  };
  // Two steps here too, but the command block counts descriptors and not bytes.
  const auto ask = [&](uint16_t descriptors) {
    std::vector<std::byte> bytes(sizeof(PerformanceHeader) + descriptors * sizeof(WriteSpeed));
    Cdb cdb{op::kGetPerformance,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            static_cast<uint8_t>(descriptors >> 8),
            static_cast<uint8_t>(descriptors),
            static_cast<uint8_t>(PerformanceType::write_speed),
            0};
    const Answer answer = read_into(cdb, bytes, "asking for the write speeds");
    bytes.resize(answer.good() ? bytes.size() - std::min<size_t>(answer.residual, bytes.size()) : 0);
    return bytes;
  };
  auto answer = ask(1);
  PerformanceHeader header;
  if (load(answer, 0, header) && header.length > 4) {
    const size_t count = std::min<size_t>((header.length - 4) / sizeof(WriteSpeed), 255);
    if (count > 1) answer = ask(static_cast<uint16_t>(count));
    WriteSpeed speed;
    for (size_t at = sizeof header; load(answer, at, speed); at += sizeof speed) add(speed.write_speed, (speed.flags >> 3 & 3) == 1);
  }
  if (out.empty()) {
    const auto page = mode_page(ModePageCode::capabilities);
    Capabilities capabilities;
    if (load(page, 0, capabilities)) {
      CapabilitiesSpeed speed;
      size_t left = capabilities.write_speeds;
      for (size_t at = sizeof capabilities; left && load(page, at, speed); at += sizeof speed, --left)
        add(speed.speed, (speed.rotation_control & 7) == 1);
    }
  }
  std::sort(out.begin(), out.end(), [](const WriteSpeedKb& a, const WriteSpeedKb& b) { return a.kb_per_second > b.kb_per_second; });
  return out;
}

std::optional<uint32_t> Drive::current_write_speed(Profile profile) {
  const auto from_page = [&]() -> std::optional<uint32_t> {
    const auto page = mode_page(ModePageCode::capabilities);
    Capabilities capabilities;
    if (!load(page, 0, capabilities) || capabilities.current_write_speed == 0) return std::nullopt;
    return capabilities.current_write_speed;
  };
  const auto from_performance = [&]() -> std::optional<uint32_t> {
    std::vector<std::byte> bytes(sizeof(PerformanceHeader) + sizeof(NominalPerformance));
    // Data type: tolerance 10b (nominal, 20 percent), write bit.
    Cdb cdb{op::kGetPerformance, 0x14, 0, 0, 0, 0, 0, 0, 0, 1, static_cast<uint8_t>(PerformanceType::performance), 0};
    NominalPerformance nominal;
    if (const Answer answer = read_into(cdb, bytes, "asking for the speed"); !answer.good()) return std::nullopt;
    if (!load(bytes, sizeof(PerformanceHeader), nominal) || nominal.end_speed == 0) return std::nullopt;
    return nominal.end_speed;
  };
  // Page 2A has 16 bits and is what CD drives keep up to date; the other media have GET PERFORMANCE.
  if (is_cd(profile)) {
    const auto speed = from_page();
    return speed ? speed : from_performance();
  }
  const auto speed = from_performance();
  return speed ? speed : from_page();
}

Answer Drive::set_write_speed(uint32_t kb_per_second, Profile profile, fsi::Lba last) {
  const auto cd_speed = [&] {
    const uint32_t speed = std::min<uint32_t>(kb_per_second, 0xFFFF);
    Cdb cdb{op::kSetCdSpeed, 0, 0xFF, 0xFF, static_cast<uint8_t>(speed >> 8), static_cast<uint8_t>(speed), 0, 0, 0, 0, 0, 0};
    return run(transfer(cdb, Direction::none, {}, {}));
  };
  const auto streaming = [&] {
    StreamingDescriptor descriptor;
    descriptor.end_lba = last;
    descriptor.read_size = kb_per_second;
    descriptor.read_time = 1000;
    descriptor.write_size = kb_per_second;
    descriptor.write_time = 1000;
    Cdb cdb{op::kSetStreaming, 0, 0, 0, 0, 0, 0, 0, 0, 0, sizeof descriptor, 0};
    return run(transfer(cdb, Direction::to_drive, {}, fsi::bytes_of(descriptor)));
  };
  Answer answer = is_cd(profile) ? cd_speed() : streaming();
  if (answer.outcome == Outcome::check && answer.sense.key == 5) answer = is_cd(profile) ? streaming() : cd_speed();
  return answer;
}

}  // namespace rec
