// Several drives from one input: a thread and a burn() for each, and what they read. A file is opened once for each, so that
// they do not even wait for each other; a stream is split.
#include <algorithm>
#include <mutex>
#include <thread>

#include "librecorder/pipeline/splitter.h"
#include "librecorder/recorder.h"

namespace rec {

std::vector<DriveOutcome> burn_many(const std::vector<DriveEntry>& drives, Input& input, const BurnOptions& options,
                                    const ManyProgress& progress, const std::stop_token& stop) {
  for (size_t i = 0; i < drives.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (drives[i].node == drives[k].node || (!drives[i].block_node.empty() && drives[i].block_node == drives[k].block_node))
        throw fsi::Error(fsi::ErrorKind::usage, drives[i].node, "choosing the drives", "it is named twice; name each drive once");

  std::vector<std::unique_ptr<Input>> own;
  for (size_t i = 0; i < drives.size(); ++i) own.push_back(input.again());
  const bool shared = std::any_of(own.begin(), own.end(), [](const auto& one) { return !one; });
  std::optional<Splitter> splitter;
  if (shared) splitter.emplace(input, drives.size());

  std::vector<DriveOutcome> outcomes(drives.size());
  std::mutex telling;
  const auto burn_one = [&](size_t i) {
    Input& mine = shared ? splitter->tap(i) : *own[i];
    try {
      outcomes[i].report = burn(
          drives[i], mine, options,
          [&](const BurnEvent& event) {
            const std::lock_guard lock(telling);
            if (progress) progress(i, event);
          },
          stop);
    } catch (...) {
      outcomes[i].error = std::current_exception();
    }
    mine.cancel();  // the others need not wait for this one any more
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < drives.size(); ++i) threads.emplace_back(burn_one, i);
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

}  // namespace rec
