// verify: arguments -> one library call for each image -> reports.
#include <exception>
#include <stop_token>

#include "libfsi/base/error.h"
#include "tool/standard_streams.h"
#include "tool/stop_on_signals.h"
#include "verify/contents.h"
#include "verify/fleet.h"
#include "verify/job.h"
#include "verify/options.h"
#include "verify/report.h"

int main(int argc, char** argv) {
  tool::keep_standard_streams();
  const std::stop_token stop = tool::stop_on_signals();
  fsi::ProgressStyle style = fsi::ProgressStyle::none;
  try {
    auto parsed = tool::parse(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    style = parsed.options->progress;
    const tool::Options& options = *parsed.options;
    if (options.list || !options.cat.empty() || !options.extract.empty()) {
      const tool::ReadTarget target = tool::open_target(options.targets.front(), stop);
      return tool::show_contents(*target.source, target.session_start, options, stop);
    }
    return tool::run_all(options, stop);
  } catch (const fsi::Error& error) {
    tool::end_progress(style);
    tool::complain("verify", error.what());
    return fsi::exit_code(error.kind());
  } catch (const std::exception& error) {
    tool::end_progress(style);
    tool::complain("verify", error.what());
    return 1;
  }
}
