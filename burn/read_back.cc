#include "burn/read_back.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

namespace burn {

using fsi::Error;
using fsi::ErrorKind;

namespace {
constexpr size_t kChunk = 32 * fsi::kSectorSize;
}  // namespace

size_t WitnessedInput::read_more(std::span<std::byte> out) {
  const size_t got = input_.read(out);
  auto rest =
      std::span<const std::byte>(out.first(static_cast<size_t>(std::min<uint64_t>(got, most_bytes_ - std::min(bytes_, most_bytes_)))));
  bytes_ += rest.size();
  while (!rest.empty()) {
    const size_t part = std::min(rest.size(), kChunk - chunk_.size());
    chunk_.insert(chunk_.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(part));
    rest = rest.subspan(part);
    if (chunk_.size() == kChunk) digest();
  }
  return got;
}

void WitnessedInput::digest() {
  table_.append(chunk_);
  chunk_.clear();
}

fsi::Manifest WitnessedInput::manifest(uint64_t sectors) {
  if (fsi::sectors_for(bytes_) != sectors)
    throw Error(ErrorKind::failed, name(), "verifying the disc",
                std::to_string(sectors) + " sectors were burned and " + std::to_string(fsi::sectors_for(bytes_)) +
                    " were seen going by: it cannot be said what should be on the disc; run verify on it");
  if (!chunk_.empty()) {
    chunk_.resize(static_cast<size_t>(fsi::sectors_for(chunk_.size()) * fsi::kSectorSize));
    digest();
  }
  return fsi::read_sidecar(table_.file({0, sectors}), name());
}

fsi::VerifyReport read_back(const rec::DriveEntry& drive, const rec::WriteReport& written, const fsi::Manifest& sent,
                            fsi::VerifyOptions::Level level, const std::function<void(const rec::BurnEvent&)>& show,
                            const std::stop_token& stop) {
  // Opening asks the drive for the disc and for every track anew: what is remembered from writing does not count.
  const auto disc = rec::disc_source(drive, stop);
  fsi::VerifyOptions how;
  how.level = level;
  how.parallel = false;
  how.session_start = written.plan.start;
  how.manifest = &sent;
  how.stop = stop;
  const auto began = std::chrono::steady_clock::now();
  how.progress = [&](const fsi::ProgressEvent& event) {
    rec::BurnEvent shown;
    shown.phase = event.phase == "verifying" ? event.phase : std::string_view("verifying");
    shown.done = event.done;
    if (event.total) shown.total = event.total;
    shown.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (shown.seconds > 0.5) shown.bytes_per_second = static_cast<double>(event.done) * fsi::kSectorSize / shown.seconds;
    show(shown);
  };
  if (disc->sectors() <= written.plan.start)
    throw Error(ErrorKind::differs, drive.node, "verifying the disc", "the drive does not find what was written; the disc is bad");
  fsi::VerifyReport report = fsi::verify(*disc, how);
  // What was sent is what counts here: a stream need not be a volume, and one that was faulty before is not the disc's fault.
  // Nor is it what lies elsewhere on the disc, audio in an earlier session for example, where a volume was looked for.
  const uint64_t first = written.plan.start, end = first + written.data_sectors;
  std::erase_if(report.issues, [&](const fsi::Issue& issue) {
    const bool elsewhere = issue.where.count && (issue.where.first >= end || issue.where.end() <= first);
    return elsewhere || issue.finding == fsi::Finding::volume || issue.finding == fsi::Finding::structure ||
           issue.finding == fsi::Finding::trouble;
  });
  return report;
}

void check_read_back(const rec::WriteReport& written, const fsi::VerifyReport& found) {
  if (found.ok()) return;
  throw Error(ErrorKind::differs, written.plan.drive, "verifying the disc",
              std::string("the ") + (written.plan.multi ? "session" : "disc") +
                  " was written and closed, and is not what was sent; do not rely on it, burn another disc, if it happens again a slower "
                  "one or of another brand");
}

std::vector<ReadBack> read_back_many(const std::vector<rec::DriveEntry>& drives, const std::vector<rec::DriveOutcome>& written,
                                     WitnessedInput& sent, fsi::VerifyOptions::Level level, const rec::ManyProgress& show,
                                     const std::stop_token& stop) {
  std::vector<ReadBack> found(drives.size());
  std::optional<fsi::Manifest> manifest;
  std::optional<uint64_t> sectors;
  for (size_t i = 0; i < drives.size(); ++i) {
    if (!written[i].report) continue;
    // All of them wrote the one input to its end; who did not has an error and no report.
    if (!sectors) manifest = sent.manifest(*(sectors = written[i].report->data_sectors));
    if (written[i].report->data_sectors != *sectors)
      throw Error(ErrorKind::failed, drives[i].node, "verifying the disc", "it got another number of sectors than the other drives");
  }
  std::mutex showing;
  std::vector<std::jthread> readers;
  for (size_t i = 0; i < drives.size(); ++i) {
    if (!written[i].report) continue;
    readers.emplace_back([&, i] {
      try {
        const auto show_one = [&](const rec::BurnEvent& event) {
          const std::lock_guard lock(showing);
          show(i, event);
        };
        found[i].report = read_back(drives[i], *written[i].report, *manifest, level, show_one, stop);
      } catch (...) {
        found[i].error = std::current_exception();
      }
    });
  }
  readers.clear();  // waits for all of them
  return found;
}

}  // namespace burn
