#include "libfsi/check/pass.h"

#include <algorithm>

#include "libfsi/disc/manifest.h"

namespace fsi {

namespace {

// Of an image that is read at a few GB a second: often enough to lose little, seldom enough to cost nothing.
constexpr uint64_t kPiece = 4096 * disc::kChunkSectors;

void add(CompareResult& to, CompareResult&& more) {
  for (auto member : {&CompareResult::different, &CompareResult::unreadable}) {
    (to.*member).insert((to.*member).end(), (more.*member).begin(), (more.*member).end());
    join(to.*member);
  }
  to.sectors_read += more.sectors_read;
  to.sectors_compared += more.sectors_compared;
  if (to.why_unreadable.empty()) to.why_unreadable = std::move(more.why_unreadable);
}

}  // namespace

void run_pass(const SectorSource& source, const SectorSource& through, SectorRange range, const Manifest* manifest,
              const PassOptions& options, PassState& state) {
  if (const auto* disc = dynamic_cast<const TimedSource*>(&source)) {
    const DiscPassOptions how{options.sample, options.patience, options.in_order, options.progress, options.stop, options.checkpoint};
    return read_disc(*disc, through, range, manifest, how, state);
  }
  CompareOptions how{options.parallel, options.threads, options.sample, options.in_order, options.progress, options.stop};
  if (!options.checkpoint || options.sample) {
    state.so_far = read_and_compare(through, range, manifest, how);
    state.next = range.count;
    return;
  }
  // Every piece begins at a chunk, so that the comparison is the same as in one go.
  if (options.progress)
    how.progress = [&](const ProgressEvent& event) {
      options.progress(ProgressEvent{event.phase, event.current, state.next + event.done, range.count});
    };
  while (state.next < range.count) {
    const SectorRange piece{range.first + state.next, std::min(kPiece, range.count - state.next)};
    add(state.so_far, read_and_compare(through, piece, manifest, how));
    state.next += piece.count;
    options.checkpoint(state);
  }
}

}  // namespace fsi
