#include "verify/fleet.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "libfsi/base/error.h"
#include "verify/job.h"
#include "verify/report.h"
#include "verify/resume.h"

namespace tool {

namespace {

class Fleet {
 public:
  Fleet(const Options& options, const std::stop_token& stop)
      : options_(options),
        stop_(stop),
        show_(make_progress(options.progress)),
        outcomes_(options.targets.size()),
        done_(options.targets.size()) {
    if (!options.resume.empty()) memory_.emplace(options.resume, options.targets);
  }

  int run() {
    std::map<std::string, std::vector<size_t>> devices;
    for (size_t i = 0; i < options_.targets.size(); ++i) devices[device_key(options_.targets[i])].push_back(i);
    const unsigned processors = options_.threads ? options_.threads : std::max(1u, std::thread::hardware_concurrency());
    const unsigned threads = std::max(1u, processors / static_cast<unsigned>(devices.size()));
    {
      std::vector<std::jthread> readers;
      for (auto device = std::next(devices.begin()); device != devices.end(); ++device)
        readers.emplace_back([this, threads, device] { verify_each(device->second, threads); });
      verify_each(devices.begin()->second, threads);
    }
    end_progress(options_.progress);
    if (failure_) std::rethrow_exception(failure_);
    int worst = 0;
    for (const auto& outcome : outcomes_) worst = worse(worst, outcome->exit_code);
    if (memory_) memory_->remove();
    return worst;
  }

 private:
  static int worse(int a, int b) {
    static constexpr int kOrder[] = {3, 2, 1, 4, 0};
    for (const int code : kOrder)
      if (a == code || b == code) return code;
    return 1;
  }

  void verify_each(const std::vector<size_t>& targets, unsigned threads) {
    for (const size_t i : targets) {
      try {
        {
          const std::lock_guard lock(mutex_);
          if (failure_) return;
        }
        const Memory memory = memory_ ? memory_->of(i) : Memory{};
        Outcome outcome = run_job(
            options_, options_.targets[i], threads, [&](const fsi::ProgressEvent& event) { show(i, event); }, stop_,
            memory_ ? &memory : nullptr);
        if (memory_) memory_->finish(i, outcome);
        const std::lock_guard lock(mutex_);
        outcomes_[i] = std::move(outcome);
        print_ready();
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        return;
      }
    }
  }

  // With several targets one line stands for all: what is done of each, of what is known.
  void show(size_t i, const fsi::ProgressEvent& event) {
    if (!show_) return;
    const std::lock_guard lock(mutex_);
    if (options_.targets.size() == 1) return show_(event);
    done_[i] = {event.done, event.total};
    const size_t finished = static_cast<size_t>(std::ranges::count_if(outcomes_, [](const auto& o) { return o.has_value(); }));
    const std::string current =
        fmt::format("{} of {} done; {}: {}", finished, options_.targets.size(), options_.targets[i].name, event.phase);
    fsi::ProgressEvent all{"verifying", current, 0, 0};
    for (const auto& [done, total] : done_) all.done += done, all.total += total;
    show_(all);
  }

  // Called with the lock held: in order, as far as they are there.
  void print_ready() {
    const bool several = outcomes_.size() > 1;
    for (; printed_ < outcomes_.size() && outcomes_[printed_]; ++printed_) {
      const Outcome& outcome = *outcomes_[printed_];
      end_progress(options_.progress);
      if (!outcome.error.empty()) fmt::print(stderr, "verify: {}\n", outcome.error);
      std::string out = options_.json ? outcome.json : outcome.text;
      if (options_.json && several) {
        nlohmann::json object = outcome.json.empty() ? nlohmann::json{{"source", fsi::printable(options_.targets[printed_].name)},
                                                                      {"ok", false},
                                                                      {"error", fsi::printable(outcome.error)}}
                                                     : nlohmann::json::parse(outcome.json);
        object["exit_code"] = outcome.exit_code;
        out = object.dump() + "\n";
      }
      if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size() || std::fflush(stdout) != 0)
        throw fsi::system_error("standard output", "writing the report");
    }
  }

  const Options& options_;
  const std::stop_token stop_;
  const fsi::Progress show_;
  std::optional<ResumeFile> memory_;
  std::mutex mutex_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::vector<std::pair<uint64_t, uint64_t>> done_;
  size_t printed_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

int run_all(const Options& options, const std::stop_token& stop) { return Fleet(options, stop).run(); }

}  // namespace tool
