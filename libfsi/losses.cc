#include "libfsi/losses.h"

#include <map>
#include <set>
#include <string>

#include "libfsi/base/error.h"
#include "libfsi/layout/recorded_names.h"

namespace fsi {

namespace {

// The same loss of thousands of files is one thing to know: a few are named, the others counted.
class Losses {
 public:
  Losses(const SourceTree& tree, const Warn& warn) : tree_(tree), warn_(warn) {}

  /// What one format cannot hold; what an earlier one could not hold either has been said.
  void add(const RecordedNames& format) {
    std::map<std::string, uint64_t> counts;
    format.for_each_loss([&](NodeId id, std::string_view text) {
      const std::string what(text);
      if (said_.contains(what)) return;
      if (auto& count = counts[what]; ++count <= kNamed) warn_(printable(tree_.path(id)), what);
    });
    for (const auto& [what, count] : counts) {
      if (count > kNamed) warn_(std::to_string(count - kNamed) + " more", what);
      said_.insert(what);
    }
  }

 private:
  static constexpr uint64_t kNamed = 3;
  const SourceTree& tree_;
  const Warn& warn_;
  std::set<std::string> said_;
};

// Of the tree that tells most: that a name is another in ISO 9660 is no loss where Rock Ridge has it as it is.
void warn_of_changed_names(const RecordedNames& names, const Warn& warn) {
  uint64_t changed = 0, left_out = 0;
  names.for_each_changed([&](NodeId, std::string_view recorded) { ++(recorded.empty() ? left_out : changed); });
  if (changed > 0)
    warn(names.format_name(), std::to_string(changed) + (changed == 1 ? " name" : " names") + " had to change; --names FILE lists them");
  if (left_out > 0)
    warn(names.format_name(), std::to_string(left_out) + (left_out == 1 ? " entry" : " entries") +
                                  " that it cannot hold (links, devices) left out; add rockridge or udf to --fs to have them");
}

}  // namespace

void warn_of_losses(const FileSystems& wanted, const std::vector<std::unique_ptr<FormatWriter>>& formats, const SourceTree& tree,
                    const Warn& warn) {
  const RecordedNames* richest = nullptr;
  Losses losses(tree, warn);
  for (const auto& format : formats) {
    const auto* names = dynamic_cast<const RecordedNames*>(format.get());
    if (!names) continue;
    richest = names;
    for (const std::string& note : names->notes()) warn(names->format_name(), note);
    losses.add(*names);
  }
  if (richest && !wanted.rock_ridge && !wanted.udf) warn_of_changed_names(*richest, warn);
}

}  // namespace fsi
