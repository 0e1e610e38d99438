// One drive: typed commands over a Transport. Each command is one method, its answer a value; what a sense leads to
// is in sense_policy. It knows the commands and not the media: which of them make a disc is the medium room's business.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/base/sectors.h"
#include "librecorder/drive/configuration.h"
#include "librecorder/drive/drive_error.h"
#include "librecorder/drive/sense_policy.h"
#include "librecorder/scsi/capacity.h"
#include "librecorder/scsi/disc_information.h"
#include "librecorder/scsi/event_status.h"
#include "librecorder/scsi/inquiry.h"
#include "librecorder/scsi/mode_page.h"
#include "librecorder/scsi/toc.h"
#include "librecorder/transport/transport.h"

namespace rec {

/// A speed the drive offers or has, in kB/s (1000 bytes) of the raw disc: 176 is CD 1x, 1385 DVD, 4496 BD.
struct WriteSpeedKb {
  uint32_t kb_per_second = 0;
  bool cav = false;
};

struct FormatCapacities {
  CurrentCapacity current;
  std::vector<FormattableCapacity> formattable;
};

/// How much the drive's own buffer holds, in bytes.
struct DriveBuffer {
  uint64_t size = 0, available = 0;
};

/// How far a long operation has come, 0 to 1, when the drive tells.
using LongProgress = std::function<void(std::optional<double>)>;

/// Not thread-safe: one command at a time. Methods that return a value throw DriveError when the drive refuses, and
/// return nothing (optional) when it does not have the command or does not take it in this state.
class Drive {
 public:
  explicit Drive(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  Transport& transport() const { return *transport_; }
  std::string name() const { return transport_->name(); }

  /// What the drive is used for from now on; chooses the rules of the sense policy.
  void enter(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  /// Sends a command and does what the policy says as long as that is retrying, waiting or starting the drive.
  Answer run(const Command& command);
  /// The same, and throws unless it is good. `doing`: "reading the disc information".
  void must(const Command& command, std::string_view doing);
  [[noreturn]] void fail(std::string_view doing, const Answer& answer) const;
  /// A recovered error is no failure, but somebody may want to know.
  std::optional<Sense> take_recovered() { return std::exchange(recovered_, std::nullopt); }
  void note_recovered(const Sense& sense) { recovered_ = sense; }
  /// Since it was opened: commands that run() had to send again, and those that the drive did with a recovered error.
  uint64_t resent() const { return resent_; }
  uint64_t recoveries() const { return recoveries_; }

  // What it is.
  InquiryData inquiry();
  Answer test_unit_ready();  ///< one command, no policy
  Sense request_sense();
  std::optional<Configuration> configuration();
  std::optional<Capabilities> capabilities();

  // What is in it.
  std::optional<DiscInformation> disc_information();
  std::optional<TrackInformation> track_information(TrackAddress address, uint32_t number);
  std::optional<FormatCapacities> format_capacities();
  std::optional<ReadCapacityData> capacity();
  std::vector<std::byte> toc(TocFormat format, uint8_t number = 0);  ///< empty when there is none
  std::optional<MediaEvent> media_event();

  // How it is set.
  /// The page alone, header included, without what comes before; empty when the drive does not have it.
  std::vector<std::byte> mode_page(ModePageCode page, PageControl control = PageControl::current);
  /// All pages the drive has, each alone with its header. Empty when it does not tell.
  std::vector<std::vector<std::byte>> mode_pages();
  /// MODE SELECT(10) of one page. The answer is the caller's: a refusal may be a plain "not supported".
  Answer mode_select(std::span<const std::byte> page);
  /// GET PERFORMANCE type 3, else mode page 2A; fastest first; empty when the drive keeps it to itself.
  std::vector<WriteSpeedKb> write_speeds();
  /// What the drive writes with now, as mode page 2A or GET PERFORMANCE tell.
  std::optional<uint32_t> current_write_speed(Profile profile);
  /// SET CD SPEED for CD, SET STREAMING for the others, the other one if the drive does not take the first.
  Answer set_write_speed(uint32_t kb_per_second, Profile profile, fsi::Lba last);

  // Reading and writing, in sectors of 2048 bytes.
  Answer read(fsi::Lba lba, std::span<std::byte> out);        ///< READ(10)
  Answer write(fsi::Lba lba, std::span<const std::byte> in);  ///< WRITE(10), one command, no policy
  // CD, drive_cd.cc. Addresses may be negative; a block has the size that the write parameters or the cue sheet give it.
  Answer send_cue_sheet(std::span<const std::byte> sheet);
  Answer write_blocks(int32_t lba, uint32_t blocks, std::span<const std::byte> in);  ///< WRITE(10), one command, no policy
  /// READ CD; `main` and `sub` as in scsi/cue_sheet.h.
  Answer read_cd(int32_t lba, uint32_t blocks, uint8_t main, uint8_t sub, std::span<std::byte> out);

  std::optional<DriveBuffer> buffer_capacity();
  void synchronize_cache();
  void close_track_session(CloseFunction function, uint16_t track);
  /// BLANK. Answers at once where the drive lets it; wait_ready() then waits for the end.
  void blank(BlankType type);
  /// Optimum power calibration. Drives that do it by themselves refuse; that is fine.
  void calibrate_power();

  // The tray.
  void prevent_removal(bool prevent);
  void start_unit();
  void open_tray();
  void close_tray();

 private:
  std::optional<std::vector<std::byte>> fetch(Cdb cdb, size_t length_at, size_t header, std::string_view doing,
                                              const std::function<size_t(std::span<const std::byte>)>& total);
  std::vector<std::vector<std::byte>> mode_pages_of(uint8_t code, PageControl control);
  Answer read_into(Cdb cdb, std::span<std::byte> buffer, std::string_view doing);
  /// `immediate`: where the command block has its IMMED bit, byte 1. `longest`: without it.
  void long_command(Cdb cdb, uint8_t immediate, std::chrono::milliseconds longest, std::string_view doing);

  std::unique_ptr<Transport> transport_;
  Phase phase_ = Phase::probe;
  std::optional<Sense> recovered_;
  uint64_t resent_ = 0, recoveries_ = 0;
};

/// Polls until the drive says GOOD twice in a row (some say it once while still busy). Lets time pass through the
/// transport. Throws DriveError when the drive fails or the deadline is over, Error interrupted on a stop.
void wait_ready(Drive& drive, std::string_view doing, std::chrono::seconds deadline, const LongProgress& progress = {},
                const std::stop_token& stop = {});

/// Time limits: of single commands, and of operations that go on in the background.
namespace limit {
using namespace std::chrono_literals;
inline constexpr auto kCommand = 30s;
inline constexpr auto kWrite = 200s;
inline constexpr auto kLoad = 300s;
inline constexpr auto kWholeOperation = 3600s;  ///< close or synchronize without IMMED
inline constexpr auto kErase = 18000s;          ///< a full blank or format; five hours, for BD of many layers need hours
inline constexpr auto kBecomingReady = 100s;
inline constexpr auto kReadBusy = 60s;  ///< a drive that is busy with something else when it shall read
}  // namespace limit

}  // namespace rec
