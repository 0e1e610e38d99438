// Commands about what the drive can do: GET CONFIGURATION and the mode pages.
#include <algorithm>
#include <functional>

#include "librecorder/scsi/feature.h"
#include "librecorder/scsi/mode_page.h"
#include "librecorder/scsi/opcode.h"
#include "librecorder/scsi/performance.h"
#include "librecorder/virtual/drive.h"

namespace rec::virt {
namespace {

Bytes raw(std::initializer_list<uint8_t> list) {
  Bytes bytes;
  for (const uint8_t b : list) bytes.push_back(std::byte{b});
  return bytes;
}

template <class Record>
Bytes bytes_from(const Record& record) {
  Bytes bytes;
  append(bytes, record);
  return bytes;
}

struct FeatureEntry {
  Feature code;
  uint8_t version;
  bool persistent;
  Bytes body;
};

/// All features of the drive, in order. What is not here, the drive cannot do.
std::vector<FeatureEntry> all_features(const DriveState& state, Profile profile, uint32_t last_lba) {
  Bytes profiles;
  for (const Profile p :
       {Profile::bd_re, Profile::bd_r_srm, Profile::dvd_plus_r_dl, Profile::dvd_plus_r, Profile::dvd_plus_rw, Profile::dvd_ram,
        Profile::dvd_r_dl_sequential, Profile::dvd_rw_overwrite, Profile::dvd_rw_sequential, Profile::dvd_r, Profile::cd_rw, Profile::cd_r})
    append(profiles, ProfileDescriptor{static_cast<uint16_t>(p), p == profile ? ProfileDescriptor::kCurrent : 0u, 0});

  RandomReadableFeature readable;
  readable.logical_block_size = 2048;
  readable.blocking = ecc_sectors(profile);
  readable.flags = 1;
  RandomWritableFeature random_writable;
  random_writable.last_lba = last_lba;
  random_writable.logical_block_size = 2048;
  random_writable.blocking = ecc_sectors(profile);
  random_writable.flags = 1;
  const IncrementalStreamingFeature incremental{0x0100, IncrementalStreamingFeature::kBufferUnderrunFree, 0};
  const CdTrackAtOnceFeature tao{CdTrackAtOnceFeature::kBufferUnderrunFree | CdTrackAtOnceFeature::kTestWrite | CdTrackAtOnceFeature::kCdRw,
                                 0, 0x0501};  // audio, and data of mode 1 and of mode 2 form 1
  const CdMasteringFeature mastering{CdMasteringFeature::kBufferUnderrunFree | CdMasteringFeature::kSao | CdMasteringFeature::kRaw |
                                         CdMasteringFeature::kTestWrite | CdMasteringFeature::kCdRw | CdMasteringFeature::kRw,
                                     64 * 1024};
  const DvdRRwWriteFeature dvd_minus{
      DvdRRwWriteFeature::kBufferUnderrunFree | DvdRRwWriteFeature::kDl | DvdRRwWriteFeature::kTestWrite | DvdRRwWriteFeature::kDvdRw, {}};
  BdWriteFeature bd_write;
  bd_write.bd_re[0] = bd_write.bd_re[1] = bd_write.bd_re[2] = 0xFFFF;
  bd_write.bd_r[0] = bd_write.bd_r[1] = 0xFFFF;
  const RealTimeStreamingFeature streaming{RealTimeStreamingFeature::kSetCdSpeed | RealTimeStreamingFeature::kModePage2A |
                                               RealTimeStreamingFeature::kWriteSpeedPerformance | RealTimeStreamingFeature::kStreamWrite,
                                           {}};
  Bytes serial = Bytes(reinterpret_cast<const std::byte*>(state.serial.data()),
                       reinterpret_cast<const std::byte*>(state.serial.data()) + state.serial.size());
  serial.resize((serial.size() + 3) / 4 * 4, std::byte{' '});

  std::vector<FeatureEntry> features{
      {Feature::profile_list, 0, true, profiles},
      {Feature::core, 2, true, raw({0, 0, 0, 2, 1, 0, 0, 0})},     // physical interface ATAPI, device busy events
      {Feature::morphing, 1, true, raw({0x02, 0, 0, 0})},          // operational change requests, polled only
      {Feature::removable_medium, 1, true, raw({0x39, 0, 0, 0})},  // tray that loads, ejects and locks
      {Feature::random_readable, 0, false, bytes_from(readable)},
      {Feature::multi_read, 0, false, {}},
      {Feature::cd_read, 2, false, raw({0x01, 0, 0, 0})},  // CD-TEXT
      {Feature::dvd_read, 1, false, raw({0, 0, 0, 0})},
      {Feature::incremental_streaming_writable, 1, false, bytes_from(incremental)},
      {Feature::random_writable, 1, false, bytes_from(random_writable)},
      {Feature::formattable, 1, false, raw({0x0F, 0, 0, 0, 0, 0, 0, 0})},  // BD-RE: no spares, expansion, both certifications
      {Feature::defect_management, 0, false, raw({0x80, 0, 0, 0})},        // supplementary spare areas
      {Feature::dvd_plus_r, 0, false, raw({DvdPlusFeature::kWrite, 0, 0, 0})},
      {Feature::dvd_plus_rw, 0, false, raw({DvdPlusFeature::kWrite, 0x02, 0, 0})},
      {Feature::rigid_restricted_overwrite, 0, false, raw({0x0F, 0, 0, 0})},  // blank, intermediate, quick grow
      {Feature::cd_track_at_once, 2, false, bytes_from(tao)},
      {Feature::cd_mastering, 2, false, bytes_from(mastering)},
      {Feature::dvd_r_rw_write, 2, false, bytes_from(dvd_minus)},
      {Feature::cd_rw_media_write, 1, false, raw({0, 0x0F, 0, 0})},  // all sub-types
      {Feature::dvd_plus_r_dl, 0, false, raw({DvdPlusFeature::kWrite, 0, 0, 0})},
      {Feature::bd_r_pow, 0, false, raw({0, 0, 0, 0})},
      {Feature::bd_read, 0, false, Bytes(28)},
      {Feature::bd_write, 0, false, bytes_from(bd_write)},
      {Feature::power_management, 0, true, {}},
      {Feature::timeout, 1, true, raw({0, 0, 0, 0})},
      {Feature::real_time_streaming, 4, true, bytes_from(streaming)},
      {Feature::serial_number, 0, true, serial},
  };
  std::sort(features.begin(), features.end(), [](const FeatureEntry& x, const FeatureEntry& y) { return x.code < y.code; });
  return features;
}

WriteParameters checked_write_parameters(std::span<const std::byte> page, uint16_t at) {
  WriteParameters wanted;
  if (!fsi::load(page, 0, wanted)) refuse_parameter(at);
  wanted.header.code = static_cast<uint8_t>(ModePageCode::write_parameters);
  const auto wrong = [&](uint16_t byte) { refuse_parameter(static_cast<uint16_t>(at + byte)); };

  const uint8_t type = wanted.write_type();
  if ((wanted.write_type_flags & 0x80) || type > WriteParameters::raw) wrong(2);
  if (wanted.multisession() != WriteParameters::no_next_session && wanted.multisession() != WriteParameters::next_session) wrong(3);
  const uint8_t mode = wanted.track_mode();
  switch (type) {
    case WriteParameters::packet:
      if (mode != kControlData && mode != kControlIncremental) wrong(3);
      if (wanted.block_type != WriteParameters::mode1) wrong(4);
      break;
    case WriteParameters::track_at_once:  // data, or audio
      if (mode & kControlData && mode != kControlData) wrong(3);
      if (mode != kControlData && wanted.block_type != WriteParameters::raw_2352) wrong(4);
      if (mode == kControlData && wanted.block_type != WriteParameters::mode1 && wanted.block_type != WriteParameters::mode2_form1)
        wrong(4);
      if (mode != kControlData && wanted.audio_pause_length != 150) wrong(14);
      if (wanted.packet_size != 0 && (wanted.track_mode_flags & WriteParameters::kFixedPacket)) wrong(3);
      break;
    case WriteParameters::session_at_once: break;  // the cue sheet says the rest
    default:
      if (wanted.block_type != WriteParameters::raw_2352_pq && wanted.block_type != WriteParameters::raw_2352_rw) wrong(4);
      break;
  }
  const auto code = [&](const fsi::U8(&field)[16], size_t length, uint16_t at_field, bool letters) {
    if (!(field[0] & 0x80)) return;
    for (size_t i = 1; i <= length; ++i) {
      const uint8_t c = field[i];
      const bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'Z';
      if (!(letters && i <= 2 ? letter : letters && i <= 5 ? letter || digit : digit)) wrong(static_cast<uint16_t>(at_field + i));
    }
  };
  code(wanted.media_catalog_number, 13, 16, false);
  code(wanted.isrc, 12, 32, true);
  if (wanted.session_format != 0x00 && wanted.session_format != 0x10 && wanted.session_format != 0x20) wrong(8);
  if (wanted.host_application_code & 0xC0) wrong(7);
  return wanted;
}

}  // namespace

WriteParameters default_write_parameters() {
  WriteParameters p;
  p.write_type_flags = WriteParameters::packet;
  p.track_mode_flags = kControlIncremental;
  p.block_type = WriteParameters::mode1;
  p.packet_size = 16;
  p.audio_pause_length = 150;
  return p;
}

void VirtualDrive::get_configuration(const Command& command, Reply& reply) {
  reply.allocation = get16(command.cdb, 7);
  const uint8_t request = command.cdb.bytes[1] & 0x03;
  const uint16_t start = get16(command.cdb, 2);
  if (request == 3) refuse_cdb(1);
  const Medium* medium = state_.tray_open ? nullptr : medium_.get();
  const Profile profile = medium ? medium->profile() : Profile::none;

  Bytes body;
  for (const FeatureEntry& feature : all_features(state_, profile, medium ? medium->read_capacity().last_lba.get() : 0)) {
    const auto code = static_cast<uint16_t>(feature.code);
    const bool current = feature.persistent || (medium && medium->current(feature.code));
    if (code < start || (request == 1 && !current) || (request == 2 && code != start)) continue;
    FeatureDescriptor descriptor;
    descriptor.code = code;
    descriptor.flags =
        feature.version << 2 | (feature.persistent ? FeatureDescriptor::kPersistent : 0) | (current ? FeatureDescriptor::kCurrent : 0);
    descriptor.additional_length = feature.body.size();
    append(body, descriptor);
    body.insert(body.end(), feature.body.begin(), feature.body.end());
  }
  FeatureHeader header;
  header.data_length = body.size() + 4;
  header.current_profile = static_cast<uint16_t>(profile);
  append(reply.data, header);
  reply.data.insert(reply.data.end(), body.begin(), body.end());
}

Bytes VirtualDrive::capabilities_page(uint8_t control) const {
  Capabilities page;
  std::vector<CapabilitiesSpeed> speeds;
  if (control != static_cast<uint8_t>(PageControl::changeable)) {
    page.read =
        Capabilities::kReadCdR | Capabilities::kReadCdRw | Capabilities::kReadDvdRom | Capabilities::kReadDvdR | Capabilities::kReadDvdRam;
    page.write = Capabilities::kWriteCdR | Capabilities::kWriteCdRw | Capabilities::kWriteDvdR | Capabilities::kWriteDvdRam |
                 Capabilities::kTestWrite;
    page.format = Capabilities::kBufferUnderrunFree | Capabilities::kMultisession | Capabilities::kMode2Form2 | Capabilities::kMode2Form1;
    page.cd_da = Capabilities::kUpc | Capabilities::kIsrc | Capabilities::kRw | Capabilities::kAccurate | Capabilities::kCdDa;
    page.loading = Capabilities::kTray | Capabilities::kEject | Capabilities::kLock | (state_.locked ? Capabilities::kLocked : 0);
    page.buffer_size = std::min<uint64_t>(state_.buffer_bytes / 1024, 0xFFFF);
    if (medium_ && !state_.tray_open) {
      const MediaType& type = *disc_->type;
      const auto kb = [&](uint32_t times) { return std::min<uint32_t>(times * type.kb_at_1x, 0xFFFF); };
      for (const uint32_t times : write_speeds()) speeds.push_back({0, 0, kb(times)});
      page.max_read_speed = page.current_read_speed = kb(type.speeds[0]);
      page.max_write_speed = kb(write_speeds().front());
      page.current_write_speed = page.current_write_speed_obsolete = kb(write_speed_);
    }
  }
  page.write_speeds = speeds.size();
  page.header.length = sizeof page - sizeof page.header + speeds.size() * sizeof(CapabilitiesSpeed);
  Bytes bytes = bytes_from(page);
  for (const auto& speed : speeds) append(bytes, speed);
  return bytes;
}

/// The bytes of a page; empty when there is no such page.
Bytes VirtualDrive::mode_page(uint8_t page, uint8_t control) const {
  const bool changeable = control == static_cast<uint8_t>(PageControl::changeable);
  switch (static_cast<ModePageCode>(page)) {
    case ModePageCode::error_recovery: return raw({0x01, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    case ModePageCode::write_parameters: {
      if (control == static_cast<uint8_t>(PageControl::defaults)) return bytes_from(default_write_parameters());
      if (!changeable) return bytes_from(parameters_);
      WriteParameters mask;
      mask.write_type_flags = 0x7F;
      mask.track_mode_flags = 0xFF;
      mask.block_type = 0x0F;
      mask.link_size = 0xFF;
      mask.host_application_code = 0x3F;
      mask.session_format = 0xFF;
      mask.packet_size = 0xFFFFFFFF;
      mask.audio_pause_length = 0xFFFF;
      std::fill(std::begin(mask.media_catalog_number), std::end(mask.media_catalog_number), fsi::U8(0xFF));
      std::fill(std::begin(mask.isrc), std::end(mask.isrc), fsi::U8(0xFF));
      return bytes_from(mask);
    }
    case ModePageCode::caching:
      return raw({0x08, 0x0A, static_cast<uint8_t>(changeable ? 0 : 0x04), 0, 0, 0, 0, 0, 0, 0, 0, 0});  // write cache on
    case ModePageCode::power_condition: return raw({0x1A, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    case ModePageCode::timeout_protect: return raw({0x1D, 0x08, 0, 0, 0, 0, 0, 0, 0, 0});
    case ModePageCode::capabilities: return capabilities_page(control);
    default: return {};
  }
}

void VirtualDrive::mode_sense(const Command& command, Reply& reply) {
  const bool six = command.cdb.opcode() == op::kModeSense6;
  reply.allocation = six ? command.cdb.bytes[4] : get16(command.cdb, 7);
  const uint8_t control = command.cdb.bytes[2] >> 6, wanted = command.cdb.bytes[2] & 0x3F;
  if (control == static_cast<uint8_t>(PageControl::saved)) refuse(5, 0x39, 0x00);

  Bytes pages;
  for (const uint8_t page : {0x01, 0x05, 0x08, 0x1A, 0x1D, 0x2A}) {
    if (wanted != page && wanted != static_cast<uint8_t>(ModePageCode::all)) continue;
    const Bytes bytes = mode_page(page, control);
    pages.insert(pages.end(), bytes.begin(), bytes.end());
  }
  if (pages.empty()) refuse_cdb(2);
  if (six) {
    ModeHeader6 header;
    header.data_length = std::min<size_t>(pages.size() + sizeof header - 1, 0xFF);
    append(reply.data, header);
  } else {
    ModeHeader10 header;
    header.data_length = pages.size() + sizeof header - 2;
    append(reply.data, header);
  }
  reply.data.insert(reply.data.end(), pages.begin(), pages.end());
}

void VirtualDrive::mode_select(const Command& command, Reply&) {
  const bool six = command.cdb.opcode() == op::kModeSelect6;
  const size_t length = six ? command.cdb.bytes[4] : get16(command.cdb, 7);
  if (!(command.cdb.bytes[1] & 0x10)) refuse_cdb(1);  // PF: pages as MMC has them
  if (length == 0) return;
  const auto list = command.out;
  if (list.size() != length) refuse(5, 0x1A, 0x00);
  ModeHeader6 header6;
  ModeHeader10 header10;
  size_t at = six ? sizeof header6 : sizeof header10;
  if (list.size() < at) refuse(5, 0x1A, 0x00);
  (void)fsi::load(list, 0, header6);
  if (!six) (void)fsi::load(list, 0, header10);
  if (six ? header6.data_length != 0 : header10.data_length != 0) refuse_parameter(0);
  if (six ? header6.block_descriptor_length != 0 : header10.block_descriptor_length != 0) refuse_parameter(six ? 3 : 6);

  // Everything is checked before anything is taken.
  WriteParameters wanted = parameters_;
  while (at < list.size()) {
    ModePageHeader page;
    if (!fsi::load(list, at, page) || list.size() - at - sizeof page < page.length) refuse(5, 0x1A, 0x00);
    const Bytes mine = mode_page(page.page(), static_cast<uint8_t>(PageControl::current));
    if (mine.empty() || (page.code & 0x40)) refuse_parameter(static_cast<uint16_t>(at));
    if (mine.size() != page.length + sizeof page) refuse_parameter(static_cast<uint16_t>(at + 1));
    const auto bytes = list.subspan(at, page.length + sizeof page);
    if (page.page() == static_cast<uint8_t>(ModePageCode::write_parameters)) {
      wanted = checked_write_parameters(bytes, static_cast<uint16_t>(at));
    } else if (!std::equal(bytes.begin() + 1, bytes.end(), mine.begin() + 1)) {
      refuse_parameter(static_cast<uint16_t>(at + 2));  // nothing in the other pages can be changed
    }
    at += bytes.size();
  }
  parameters_ = wanted;
}

}  // namespace rec::virt
