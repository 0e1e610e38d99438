// The virtual drive: a Transport that answers command blocks as a real optical drive does, strictly. A command out of
// order, off alignment or away from the next writable address is refused with the sense that a real drive gives; a bit
// that is reserved in a command block must be zero. Which commands there are is in drive.cc; what they do in commands_….cc;
// what a medium allows in media_….cc.
//
// It must not agree with the mistakes of the code that drives it, so it includes only the dictionary, the seam and base.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "librecorder/scsi/cue_sheet.h"
#include "librecorder/transport/transport.h"
#include "librecorder/virtual/cd_recorder.h"
#include "librecorder/virtual/clock.h"
#include "librecorder/virtual/disc.h"
#include "librecorder/virtual/drive_state.h"
#include "librecorder/virtual/medium.h"
#include "librecorder/virtual/store.h"
#include "librecorder/virtual/transcript.h"
#include "librecorder/virtual/write_buffer.h"

namespace rec::virt {

class VirtualDrive final : public Transport {
 public:
  /// Takes the lock and opens what is in `directory`. Throws fsi::Error. Made by Registry::open().
  VirtualDrive(std::string name, std::filesystem::path directory);
  ~VirtualDrive() override;

  Answer execute(const Command& command) override;
  TransferLimits limits() const override { return {kMostBytes, 1}; }
  std::string name() const override { return "virtual:" + name_; }
  Duration now() const override { return clock_->now(); }
  void sleep(Duration time) override { clock_->work(time); }

  void set_transcript(std::string path) { transcript_.emplace(std::move(path)); }
  /// Tests let time pass with it.
  Clock& clock() { return *clock_; }
  /// Null without a disc. For looking, not for touching.
  const Disc* disc() const { return disc_ ? &*disc_ : nullptr; }

 private:
  static constexpr uint32_t kMostBytes = 64 * 1024;

  /// What a handler gives back. READ fills the caller's buffer itself, and says so with `direct`.
  struct Reply {
    Bytes data;
    uint32_t allocation = 0;
    uint32_t direct = 0;
  };
  using Handler = void (VirtualDrive::*)(const Command&, Reply&);
  struct Entry {
    uint8_t opcode;
    uint8_t when;                   ///< flags in drive.cc
    std::array<uint8_t, 12> usage;  ///< bits of each byte of the command block that may be set
    Handler handler;
  };
  static const Entry* find(uint8_t opcode);

  /// Something that goes on after its command was answered.
  struct Operation {
    Duration start, end;
    uint8_t ascq;   ///< of 2/04
    bool progress;  ///< does it tell how far it is?
  };

  Answer serve(const Command& command);
  void dispatch(const Command& command, Reply& reply);
  Answer faulty(Fault& fault, const Command& command);
  Answer deliver(const Command& command, const Reply& reply, Answer answer) const;
  Answer refused(const CheckCondition& check) const;

  void settle();
  void check_busy();
  void check_medium() const;
  void check_writable() const;
  void save_changes();
  std::optional<uint16_t> progress_of(const Operation& operation) const;
  /// The command takes this long. Throws TimedOut when that is longer than it may.
  void take_time(Duration time, const Command& command);
  /// Starts an operation and waits for it unless `immediate`; throws TimedOut when that takes longer than the command may.
  void busy_for(Duration time, uint8_t ascq, bool progress, bool immediate, const Command& command);
  void attention(uint8_t asc, uint8_t ascq);
  void load_disc();
  /// Multiples of 1x that this medium can be written at, fastest first.
  std::vector<uint32_t> write_speeds() const;
  uint64_t laser_rate() const;
  struct TimedOut {};

  // commands_drive.cc: the drive itself.
  void test_unit_ready(const Command&, Reply&);
  void request_sense(const Command&, Reply&);
  void inquiry(const Command&, Reply&);
  void start_stop_unit(const Command&, Reply&);
  void prevent_allow(const Command&, Reply&);
  void report_luns(const Command&, Reply&);
  void get_event_status(const Command&, Reply&);
  void mechanism_status(const Command&, Reply&);
  // commands_features.cc: what it can do.
  void get_configuration(const Command&, Reply&);
  void mode_sense(const Command&, Reply&);
  void mode_select(const Command&, Reply&);
  Bytes mode_page(uint8_t page, uint8_t control) const;
  Bytes capabilities_page(uint8_t control) const;
  // commands_medium.cc: what the medium is.
  void read_capacity(const Command&, Reply&);
  void read_format_capacities(const Command&, Reply&);
  void read_disc_information(const Command&, Reply&);
  void read_track_information(const Command&, Reply&);
  void read_toc(const Command&, Reply&);
  void read_disc_structure(const Command&, Reply&);
  void get_performance(const Command&, Reply&);
  void set_streaming(const Command&, Reply&);
  void set_cd_speed(const Command&, Reply&);
  void choose_speed(uint64_t write_kb);
  // commands_recording.cc: reading, writing, closing.
  void read(const Command&, Reply&);
  void read_cd(const Command&, Reply&);
  void verify(const Command&, Reply&);
  void seek(const Command&, Reply&);
  void write(const Command&, Reply&);
  void synchronize_cache(const Command&, Reply&);
  void close_track_session(const Command&, Reply&);
  void reserve_track(const Command&, Reply&);
  void send_opc_information(const Command&, Reply&);
  void read_buffer_capacity(const Command&, Reply&);
  // commands_format.cc: what gives a disc another shape.
  void blank(const Command&, Reply&);
  void format_unit(const Command&, Reply&);
  void send_disc_structure(const Command&, Reply&);
  void read_blocks(const Command&, Reply&, uint32_t lba, uint32_t blocks);
  // commands_cd.cc: sectors of 2352 + 96 bytes.
  void read_cd_msf(const Command&, Reply&);
  void read_sub_channel(const Command&, Reply&);
  void send_cue_sheet(const Command&, Reply&);
  void write_cd(const Command&, int32_t lba, uint32_t blocks);
  void read_raw(const Command&, Reply&, int32_t lba, uint32_t blocks);
  bool read_cooked(uint32_t lba, std::span<std::byte> out) const;
  CdBlock cd_sector(int32_t lba) const;
  SubChannelPosition position(bool msf) const;
  bool finish_cd_session();
  Bytes cd_text() const;

  std::string name_;
  std::filesystem::path directory_;
  DriveLock lock_;
  DriveState state_;
  bool state_changed_ = false, disc_changed_ = false;
  std::unique_ptr<Clock> clock_;
  WriteBuffer buffer_;
  std::optional<Store> store_;
  std::optional<Disc> disc_;
  std::unique_ptr<Medium> medium_;
  std::optional<CdLayer> cd_layer_;  // with a CD only, and so is the recorder
  std::optional<CdRecorder> cd_recorder_;
  WriteParameters parameters_;
  int32_t position_ = 0;         ///< of the optical head on a CD: the last sector that was read
  uint32_t write_speed_ = 0;     ///< chosen by the host, a multiple of 1x of the medium
  bool short_transfer_ = false;  ///< a fault cuts the transfer of this command
  std::optional<Operation> operation_;
  std::optional<CheckCondition> write_failed_;  ///< told at the next WRITE or SYNCHRONIZE CACHE
  std::optional<Transcript> transcript_;
  bool gone_ = false;
};

// Fields of command blocks, by byte.
inline uint16_t get16(const Cdb& cdb, size_t at) { return static_cast<uint16_t>(cdb.bytes[at] << 8 | cdb.bytes[at + 1]); }
inline uint32_t get24(const Cdb& cdb, size_t at) { return uint32_t{cdb.bytes[at]} << 16 | get16(cdb, at + 1); }
inline uint32_t get32(const Cdb& cdb, size_t at) { return uint32_t{get16(cdb, at)} << 16 | get16(cdb, at + 2); }

/// What a drive starts with: packet writing, so that whoever wants anything else must say so.
WriteParameters default_write_parameters();

}  // namespace rec::virt
