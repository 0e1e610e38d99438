#include "libfsi/read/issue.h"

namespace fsi {

std::vector<Issue> IssueLog::take() {
  for (const auto& [what, kind] : kinds_)
    if (kind.count > keep_ && keep_ > 0) issues_[kind.last].more = kind.count - keep_;
  kinds_.clear();
  return std::exchange(issues_, {});
}

}  // namespace fsi
