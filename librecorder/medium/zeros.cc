#include "librecorder/medium/zeros.h"

#include <algorithm>

#include "libfsi/base/progress.h"

namespace rec {

using namespace std::chrono_literals;

void write_zeros(Drive& drive, fsi::Lba lba, uint64_t sectors, uint32_t chunk, const LongProgress& progress, const std::stop_token& stop) {
  Transport& transport = drive.transport();
  const std::vector<std::byte> zeros(size_t{chunk} * fsi::kSectorSize);
  for (uint64_t done = 0; done < sectors;) {
    fsi::check_stop(stop);
    const auto count = static_cast<size_t>(std::min<uint64_t>(sectors - done, chunk));
    const auto at = static_cast<fsi::Lba>(lba + done);
    const std::string doing = "writing zeros at LBA " + std::to_string(static_cast<int32_t>(at));
    const auto began = transport.now();
    for (uint8_t attempts = 0;;) {
      const Answer answer = drive.write(at, std::span(zeros).first(count * fsi::kSectorSize));
      if (answer.good() && answer.residual == 0) break;
      if (answer.outcome != Outcome::check) drive.fail(doing, answer);
      const SenseRule rule = rule_for(answer.sense, Phase::write);
      if (rule.action == Action::carry_on) {
        drive.note_recovered(answer.sense);
        break;
      }
      const bool waits = rule.action == Action::flow || rule.action == Action::wait;
      if (waits ? transport.now() - began >= rule.patience : rule.action != Action::retry || ++attempts > rule.attempts)
        drive.fail(doing, answer);
      transport.sleep(std::max<std::chrono::nanoseconds>(rule.pause, 10ms));
    }
    done += count;
    if (progress) progress(static_cast<double>(done) / static_cast<double>(sectors));
  }
}

}  // namespace rec
