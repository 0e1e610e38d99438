#include "libfsi/udf/overflow.h"

#include <algorithm>
#include <cassert>

#include "libfsi/base/record_sink.h"
#include "libfsi/udf/link_target.h"

namespace fsi::udf {

void Overflow::add(uint64_t key, uint64_t bytes) {
  assert(items_.empty() || items_.back().key < key);
  items_.push_back({key, sectors_, bytes});
  sectors_ += sectors_for(bytes);
}

AllocationRun Overflow::run(uint64_t key) const {
  const auto at = std::lower_bound(items_.begin(), items_.end(), key, [](const Item& item, uint64_t wanted) { return item.key < wanted; });
  assert(at != items_.end() && at->key == key);
  AllocationRun run;
  run.block = range.first - layout_.session_start - kPartitionAt + at->first;
  run.bytes = at->bytes;
  run.long_form = form_.metadata_partition;
  return run;
}

void Overflow::render(uint64_t first, std::span<std::byte> out) const {
  const uint64_t end = first + out.size() / kSectorSize;
  auto at = std::upper_bound(items_.begin(), items_.end(), first, [](uint64_t wanted, const Item& item) { return wanted < item.first; });
  if (at != items_.begin()) --at;
  for (; at != items_.end() && at->first < end; ++at) {
    RecordSink sink(out, first * kSectorSize);
    sink.skip(at->first * kSectorSize);
    if (at->key < kStreams) {
      const std::string components = link_components(tree_.str(tree_.nodes[at->key].target));
      sink.put(std::as_bytes(std::span(components)));
    } else {
      sink.put(std::span(tree_.stream_bytes).subspan(tree_.streams[at->key - kStreams].offset, at->bytes));
    }
  }
}

}  // namespace fsi::udf
