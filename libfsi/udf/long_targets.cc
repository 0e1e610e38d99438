#include "libfsi/udf/long_targets.h"

#include <algorithm>
#include <cassert>

#include "libfsi/base/record_sink.h"
#include "libfsi/udf/link_target.h"

namespace fsi::udf {

void LongTargets::add(NodeId id, uint64_t bytes) {
  links_.push_back({id, sectors_, bytes});
  sectors_ += sectors_for(bytes);
}

LongTargets::Place LongTargets::place(NodeId id, Lba session_start) const {
  const auto at = std::lower_bound(links_.begin(), links_.end(), id, [](const Link& link, NodeId wanted) { return link.node < wanted; });
  assert(at != links_.end() && at->node == id);
  return {range.first - session_start - kPartitionAt + at->first, at->bytes};
}

void LongTargets::render(uint64_t first, std::span<std::byte> out) const {
  const uint64_t end = first + out.size() / kSectorSize;
  auto at = std::upper_bound(links_.begin(), links_.end(), first, [](uint64_t wanted, const Link& link) { return wanted < link.first; });
  if (at != links_.begin()) --at;
  for (; at != links_.end() && at->first < end; ++at) {
    RecordSink sink(out, first * kSectorSize);
    sink.skip(at->first * kSectorSize);
    const std::string components = link_components(tree_.str(tree_.nodes[at->node].target));
    sink.put(std::as_bytes(std::span(components)));
  }
}

}  // namespace fsi::udf
