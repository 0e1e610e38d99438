#include "librecorder/medium/zeros.h"

#include <algorithm>

#include "libfsi/base/progress.h"

namespace rec {

using namespace std::chrono_literals;

void write_zeros(Drive& drive, fsi::Lba lba, uint64_t sectors, uint32_t chunk, const LongProgress& progress, const std::stop_token& stop,
                 const std::function<void()>& resend) {
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
      if (rule.action == Action::flow || rule.action == Action::wait) {
        if (transport.now() - began >= rule.patience) drive.fail(doing, answer);
      } else {
        if (++attempts > rule.attempts) drive.fail(doing, answer);
        switch (rule.action) {
          case Action::retry: break;
          case Action::start: drive.start_unit(); break;
          // It may still be at what came before; anything else that SYNCHRONIZE CACHE mends does not happen so early.
          case Action::synchronize:
            if (answer.sense.key != 2) drive.fail(doing, answer);
            transport.sleep(500ms);
            break;
          case Action::resend:
            if (!resend) drive.fail(doing, answer);
            resend();
            break;
          default: drive.fail(doing, answer);
        }
      }
      transport.sleep(std::max<std::chrono::nanoseconds>(rule.pause, 10ms));
    }
    done += count;
    if (progress) progress(static_cast<double>(done) / static_cast<double>(sectors));
  }
}

}  // namespace rec
