// verify: arguments -> one library call -> report.
#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <stop_token>
#include <thread>

#include "libfsi/base/error.h"
#include "libfsi/fsi.h"
#include "verify/contents.h"
#include "verify/disc.h"
#include "verify/options.h"
#include "verify/report.h"
#include "verify/sum_files.h"

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

int run(tool::Options options) {
  StopOnSignal stop;
  options.verify.stop = stop.token();
  options.verify.progress = tool::make_progress(options.progress);
  std::unique_ptr<const fsi::SectorSource> source;
  uint32_t trailing = 0;
  if (!options.drive.empty()) {
    auto disc = tool::open_disc(options.drive, stop.token());
    options.verify.session_start = disc->session_start();
    source = std::move(disc);
    options.verify.parallel = false;
  } else {
    auto image = std::make_unique<const fsi::ImageFile>(options.image);
    trailing = image->trailing_bytes();
    source = std::move(image);
  }
  if (options.list || !options.cat.empty() || !options.extract.empty()) return tool::show_contents(*source, options, stop.token());
  tool::SumFiles sums(options.sums);
  options.verify.file_sum = [&](fsi::SumKind kind, std::string_view path, const auto& sum) { sums.add(kind, path, sum); };
  fsi::VerifyReport report = fsi::verify(*source, options.verify);
  tool::end_progress(options.progress);
  sums.close();
  if (sums.left_out() != 0)
    report.issues.push_back({.finding = fsi::Finding::unreadable,
                             .what = "files are not in the lists of sums",
                             .detail = fmt::format("{} of them could not be read whole", sums.left_out())});
  if (trailing != 0)
    report.issues.push_back({.severity = fsi::Severity::error,
                             .finding = fsi::Finding::truncated,
                             .what = "the image does not end with a whole sector",
                             .detail = fmt::format("{} bytes behind the last one", trailing)});
  const std::string text = options.json ? tool::json_report(report) : tool::text_report(report);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw fsi::system_error("standard output", "writing the report");
  return report.ok() ? 0 : fsi::exit_code(fsi::ErrorKind::differs);
}

}  // namespace

int main(int argc, char** argv) {
  fsi::ProgressStyle style = fsi::ProgressStyle::none;
  try {
    auto parsed = tool::parse(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    style = parsed.options->progress;
    return run(std::move(*parsed.options));
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
