// burn: arguments -> one call of librecorder -> a report.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <stop_token>

#include "burn/cd.h"
#include "burn/options.h"
#include "burn/progress.h"
#include "burn/read_back.h"
#include "burn/report.h"
#include "burn/virtual_drives.h"
#include "tool/standard_streams.h"
#include "tool/stop_on_signals.h"
#include "verify/report.h"

namespace burn {
namespace {

using fsi::Error;
using fsi::ErrorKind;

/// The report asked for. Standard output may be a pipe that nobody reads any more; that is worth an error, not a disc.
void print(const std::string& text) {
  fmt::print("{}", text);
  if (std::fflush(stdout) != 0) throw fsi::system_error("standard output", "writing the report");
}

std::unique_ptr<rec::FileInput> open_input(const Options& options) {
  if (!options.image.empty() && options.image != "-") return std::make_unique<rec::FileInput>(options.image);
  if (isatty(STDIN_FILENO))
    throw Error(ErrorKind::usage, "", "", "there is nothing to burn: name an image, or send one: mkimage DIR | burn");
  fsi::Fd fd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!fd) throw fsi::system_error("standard input", "opening the stream", errno, ErrorKind::source);
  return std::make_unique<rec::FileInput>(std::move(fd), "standard input");
}

std::unique_ptr<rec::FileInput> spooled(std::unique_ptr<rec::FileInput> input, ProgressView& view, const std::stop_token& stop) {
  if (input->bytes()) return input;
  rec::BurnEvent event;
  event.phase = "spooling";
  double shown = 0;
  const auto began = std::chrono::steady_clock::now();
  const rec::SourceFacts facts = rec::source_facts(input->name(), std::nullopt, input->peek(rec::kPeekSectors * fsi::kSectorSize));
  if (facts.volume_sectors) event.total = *facts.volume_sectors;
  return rec::spool(
      *input, facts.volume_sectors ? std::optional(*facts.volume_sectors * fsi::kSectorSize) : std::nullopt,
      [&](uint64_t bytes) {
        event.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
        if (event.seconds - shown < 0.5) return;
        shown = event.seconds;
        event.done = bytes / fsi::kSectorSize;
        view.show(event);
      },
      stop);
}

void print_notes(const rec::WriteReport& report) {
  for (const std::string& note : report.notes) tool::say("burn: {}: {}\n", report.plan.drive, note);
}

/// So that the discs can be read back. The trays stay closed until then.
void witness(rec::Input& input, rec::BurnOptions& how, std::optional<WitnessedInput>& witnessed) {
  how.eject = false;
  const rec::SourceFacts facts = rec::source_facts(input.name(), input.bytes(), input.peek(rec::kPeekSectors * fsi::kSectorSize));
  witnessed.emplace(input, input.bytes() ? std::nullopt : facts.volume_sectors);
}

void burn_disc(const Options& options, ProgressView& view, const std::stop_token& stop) {
  const rec::DriveEntry drive = rec::find_drive(options.drive);
  auto input = open_input(options);
  if (options.spool) input = spooled(std::move(input), view, stop);
  if (options.dry_run) {
    const rec::WritePlan plan = rec::plan_burn(drive, *input, options.burn, stop);
    return print(options.json ? plan_json(plan) : plan_text(plan));
  }
  rec::BurnOptions how = options.burn;
  std::optional<WitnessedInput> witnessed;
  if (options.verify) witness(*input, how, witnessed);
  const rec::WriteReport report = rec::burn(
      drive, witnessed ? static_cast<rec::Input&>(*witnessed) : *input, how, [&](const rec::BurnEvent& event) { view.show(event); }, stop);
  view.clear();
  print_notes(report);
  if (!options.json) tool::say(report_text(report));
  if (!options.verify) {
    if (options.json) print(report_json(report));
    return;
  }
  const fsi::Manifest sent = witnessed->manifest(report.data_sectors);
  const fsi::VerifyReport found = read_back(
      drive, report, sent, *options.verify, [&](const rec::BurnEvent& event) { view.show(event); }, stop);
  view.clear();
  if (options.json)
    print(report_json(report, tool::json_report(found)));
  else
    tool::say(tool::text_report(found));
  check_read_back(report, found);
  if (options.burn.eject) rec::eject(drive);
}

void reshape_disc(const Options& options, ProgressView& view, const std::stop_token& stop) {
  const rec::DriveEntry drive = rec::find_drive(options.drive);
  const auto show = [&](const rec::BurnEvent& event) { view.show(event); };
  const rec::EraseReport report = options.task == Task::erase   ? rec::erase(drive, options.erase, show, stop)
                                  : options.task == Task::close ? rec::close_disc(drive, options.close, show, stop)
                                                                : rec::format(drive, options.format, show, stop);
  view.clear();
  for (const std::string& note : report.notes) tool::say("burn: {}: {}\n", report.drive, note);
  if (options.json) return print(erase_json(report));
  tool::say(erase_text(report));
}

/// Each drive reports for itself; the error of the first that failed, if any, is that of the whole.
void burn_discs(const Options& options, ProgressView& view, const std::stop_token& stop) {
  std::vector<rec::DriveEntry> drives;
  for (const std::string& name : options.drives) drives.push_back(rec::find_drive(name));
  if (options.dry_run) throw Error(ErrorKind::usage, "--dry-run", "burning", "it is for one drive; name one");
  auto input = open_input(options);
  if (options.spool) input = spooled(std::move(input), view, stop);
  rec::BurnOptions how = options.burn;
  std::optional<WitnessedInput> witnessed;
  if (options.verify) witness(*input, how, witnessed);
  const rec::ManyProgress show = [&](size_t i, const rec::BurnEvent& event) { view.show(i, drives[i].name, event); };
  const auto outcomes = rec::burn_many(drives, witnessed ? static_cast<rec::Input&>(*witnessed) : *input, how, show, stop);
  std::vector<ReadBack> found(drives.size());
  if (options.verify) found = read_back_many(drives, outcomes, *witnessed, *options.verify, show, stop);
  view.clear();
  std::string reports;
  std::vector<std::exception_ptr> errors;
  for (size_t i = 0; i < drives.size(); ++i) {
    const auto& [report, error] = outcomes[i];
    const std::optional<fsi::VerifyReport>& verified = found[i].report;
    if (error) errors.push_back(error);
    if (!report) continue;
    print_notes(*report);
    if (options.json)
      reports += (reports.empty() ? "[\n" : ",\n") + (verified ? report_json(*report, tool::json_report(*verified)) : report_json(*report));
    else
      tool::say("{}{}", report_text(*report), verified ? tool::text_report(*verified) : std::string());
    if (!options.verify) continue;
    try {
      if (found[i].error) std::rethrow_exception(found[i].error);
      check_read_back(*report, *verified);
      if (options.burn.eject) rec::eject(drives[i]);
    } catch (...) {
      errors.push_back(std::current_exception());
    }
  }
  if (options.json) print(reports.empty() ? "[]\n" : reports + "]\n");
  for (size_t i = 1; i < errors.size(); ++i) try {
      std::rethrow_exception(errors[i]);
    } catch (const std::exception& e) {
      tool::say("burn: {}\n", e.what());
    }
  if (!errors.empty()) std::rethrow_exception(errors.front());
}

void list_drives(const Options& options, const std::stop_token& stop) {
  if (!options.watch) {
    std::vector<rec::DriveEntry> drives = rec::list_drives();
    for (rec::DriveEntry& drive : drives) rec::look_into(drive);
    return print(options.json ? list_json(drives) : list_text(drives));
  }
  rec::DriveMonitor monitor;
  std::vector<rec::DriveChange> first;
  for (const rec::DriveEntry& drive : monitor.drives()) first.push_back({rec::DriveChange::What::added, drive});
  const auto tell = [&](std::vector<rec::DriveChange> changes) {
    for (rec::DriveChange& change : changes)
      if (change.what != rec::DriveChange::What::removed) rec::look_into(change.drive);
    print(changes_text(changes, options.json));
  };
  tell(std::move(first));
  while (!stop.stop_requested()) tell(monitor.wait(std::chrono::hours(1), stop));
}

void doctor(const Options& options) {
  const auto findings = rec::examine();
  print(options.json ? findings_json(findings) : findings_text(findings));
  const auto problems =
      std::count_if(findings.begin(), findings.end(), [](const auto& f) { return f.level == rec::Finding::Level::problem; });
  if (problems)
    throw Error(ErrorKind::unsuitable, "doctor", "looking at the drives",
                fmt::format("{} found; see above what to do", problems == 1 ? "a problem was" : "problems were"));
}

void run(const Options& options, ProgressView& view, const std::stop_token& stop) {
  switch (options.task) {
    case Task::burn: return options.drives.size() > 1 ? burn_discs(options, view, stop) : burn_disc(options, view, stop);
    case Task::audio:
    case Task::raw: return print(run_cd(options, view, stop));
    case Task::list: return list_drives(options, stop);
    case Task::doctor: return doctor(options);
    case Task::info: {
      const rec::DriveInfo info = rec::drive_info(rec::find_drive(options.drive), stop);
      return print(options.json ? info_json(info) : info_text(info));
    }
    case Task::eject: return rec::eject(rec::find_drive(options.drive));
    case Task::load: return rec::load(rec::find_drive(options.drive));
    case Task::erase:
    case Task::close:
    case Task::format: return reshape_disc(options, view, stop);
    default: return print(run_virtual(options));
  }
}

// However often one asks, a disc that is being written is brought to its end: leaving at once would spoil it.
std::stop_token stop_kindly(const Options& options) {
  const bool cd = options.task == Task::audio || options.task == Task::raw;
  if (options.task == Task::erase || options.task == Task::close || options.task == Task::format)
    return tool::stop_on_signals([](int, bool) {});
  if (options.task != Task::burn && !cd) return tool::stop_on_signals();
  const bool at_once = cd ? options.cd.burn.mode != rec::CdMode::track_at_once : options.burn.at_once;
  return tool::stop_on_signals([at_once](int, bool first) {
    const char* below_progress = isatty(STDERR_FILENO) ? "\n" : "";
    tool::say("{}burn: {}\n", below_progress,
              !first    ? "wait: the drive has to come to rest first"
              : at_once ? "stopping: what is written at once cannot be ended early, but once it is being closed it is finished"
                        : "stopping: what is being written is ended properly, so that the disc is not lost");
  });
}

}  // namespace
}  // namespace burn

int main(int argc, char** argv) {
  tool::keep_standard_streams();
  const auto [options, exit_code] = burn::parse(argc, argv);
  if (exit_code) return *exit_code;
  const std::stop_token stop = burn::stop_kindly(options);
  burn::ProgressView view(options.progress);
  const auto failed = [&](const std::string& message, int code) {
    view.clear();
    tool::say("burn: {}\n", message);
    return code;
  };
  try {
    burn::run(options, view, stop);
    return 0;
  } catch (const fsi::Error& e) {
    return failed(e.what(), fsi::exit_code(e.kind()));
  } catch (const std::bad_alloc&) {
    return failed("there is not enough memory; choose a smaller --buffer", 1);
  } catch (const std::exception& e) {
    return failed(e.what(), 1);
  }
}
