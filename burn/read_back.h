// Verifying in one job with the burn: what goes to the drive is digested on its way, and the disc is read back and compared
// with that, whatever the stream was and whether it carries a manifest or not.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "libfsi/fsi.h"
#include "librecorder/recorder.h"

namespace burn {

/// Passes an input on and remembers what it was.
class WitnessedInput : public rec::Input {
 public:
  /// `sectors`: how many of it will be burned, when that is known; what comes behind them does not count.
  WitnessedInput(rec::Input& input, std::optional<uint64_t> sectors)
      : input_(input), most_bytes_(sectors ? *sectors * fsi::kSectorSize : UINT64_MAX) {}

  void cancel() noexcept override { input_.cancel(); }
  std::optional<uint64_t> bytes() const override { return input_.bytes(); }
  std::string name() const override { return input_.name(); }

  /// A manifest of the first `sectors` that went by; a last, broken one is filled with zeros as on the disc.
  fsi::Manifest manifest(uint64_t sectors);

 protected:
  size_t read_more(std::span<std::byte> out) override;

 private:
  void digest();

  rec::Input& input_;
  const uint64_t most_bytes_;
  uint64_t bytes_ = 0;
  std::vector<std::byte> chunk_;
  fsi::SidecarTable table_{fsi::DigestKind::xxh3};
};

/// Reads the session that was written and compares it. Throws Error when it cannot be read at all.
fsi::VerifyReport read_back(const rec::DriveEntry& drive, const rec::WriteReport& written, const fsi::Manifest& sent,
                            fsi::VerifyOptions::Level level, const std::function<void(const rec::BurnEvent&)>& show,
                            const std::stop_token& stop);

/// Throws Error{differs} when the report says that the disc is not what was sent.
void check_read_back(const rec::WriteReport& written, const fsi::VerifyReport& found);

/// The same for each of several drives that wrote one input, all at the same time: one outcome a drive, in their order, without a
/// report for a drive that wrote nothing. An error is of the reading alone; what was found is in the report.
struct ReadBack {
  std::optional<fsi::VerifyReport> report;
  std::exception_ptr error;
};
std::vector<ReadBack> read_back_many(const std::vector<rec::DriveEntry>& drives, const std::vector<rec::DriveOutcome>& written,
                                     WitnessedInput& sent, fsi::VerifyOptions::Level level, const rec::ManyProgress& show,
                                     const std::stop_token& stop);

}  // namespace burn
