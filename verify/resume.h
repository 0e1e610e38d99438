// The file of --resume: how far each target has come, and the reports of those that are finished. Replaced as a whole, so
// that it is good whenever the program ends.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "verify/job.h"

namespace tool {

class ResumeFile {
 public:
  /// Reads what an earlier run left, if there is a file. Throws Error when it is of other targets or not such a file.
  ResumeFile(std::string path, const std::vector<Target>& targets);

  /// For run_job of a target; this outlives it. Recalling the state of another image is Error{usage}.
  Memory of(size_t target);
  void finish(size_t target, const Outcome& outcome);
  /// All is done and told. Kept when a target could not be verified, so that another run has to do only that.
  void remove();

 private:
  struct Entry {
    std::string name, identity;
    std::optional<fsi::PassState> state;
    std::optional<Outcome> outcome;
  };
  void load();
  void save();

  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::chrono::steady_clock::time_point saved_at_{};
};

}  // namespace tool
