// verify: arguments -> one library call for each image -> reports.
#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>

#include <exception>
#include <stop_token>
#include <thread>

#include "libfsi/base/error.h"
#include "verify/contents.h"
#include "verify/fleet.h"
#include "verify/job.h"
#include "verify/options.h"
#include "verify/report.h"

namespace {

/// While it lives, SIGINT, SIGTERM and SIGHUP ask for a stop. A thread waits for them, so that no handler runs anywhere.
class StopOnSignal {
 public:
  StopOnSignal() {
    sigemptyset(&set_);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set_, s);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    waiter_ = std::thread([this] {
      for (int signal = 0; sigwait(&set_, &signal) == 0 && signal != SIGUSR1;) stop_.request_stop();
    });
  }
  ~StopOnSignal() {
    pthread_kill(waiter_.native_handle(), SIGUSR1);
    waiter_.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
  std::stop_token token() const { return stop_.get_token(); }

 private:
  sigset_t set_{};
  std::stop_source stop_;
  std::thread waiter_;
};

}  // namespace

int main(int argc, char** argv) {
  fsi::ProgressStyle style = fsi::ProgressStyle::none;
  try {
    auto parsed = tool::parse(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    style = parsed.options->progress;
    const StopOnSignal stop;
    const tool::Options& options = *parsed.options;
    if (options.list || !options.cat.empty() || !options.extract.empty())
      return tool::show_contents(*tool::open_target(options.targets.front(), stop.token()), options, stop.token());
    return tool::run_all(options, stop.token());
  } catch (const fsi::Error& error) {
    tool::end_progress(style);
    fmt::print(stderr, "verify: {}\n", error.what());
    return fsi::exit_code(error.kind());
  } catch (const std::exception& error) {
    tool::end_progress(style);
    fmt::print(stderr, "verify: {}\n", error.what());
    return 1;
  }
}
