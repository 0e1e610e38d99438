#include "libfsi/source/share.h"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_sort.h>
#include <tbb/task_arena.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <tuple>

#include "libfsi/base/progress.h"
#include "libfsi/source/content.h"

namespace fsi {

namespace {

constexpr size_t kBlock = 256 * 1024;

struct Candidate {
  uint64_t size;
  uint64_t high = 0, low = 0;  // XXH3-128
  ContentId id;
  bool readable = false;
  auto key() const { return std::tuple(size, high, low); }
};

struct StateFree {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

// Each thread's own: two readers so that two files can be compared side by side.
struct Readers {
  explicit Readers(const SourceTree& tree) : a(tree), b(tree), block_a(kBlock), block_b(kBlock), state(XXH3_createState()) {
    if (!state) throw std::bad_alloc();
  }
  ContentReader a, b;
  std::vector<std::byte> block_a, block_b;
  std::unique_ptr<XXH3_state_t, StateFree> state;
};

void hash(Readers& readers, Candidate& candidate, const std::stop_token& stop) {
  XXH3_state_t* const state = readers.state.get();
  XXH3_128bits_reset(state);
  for (uint64_t done = 0; done < candidate.size;) {
    check_stop(stop);
    const std::span block(readers.block_a.data(), std::min<uint64_t>(kBlock, candidate.size - done));
    if (readers.a.read(candidate.id, done, block)) return;
    XXH3_128bits_update(state, block.data(), block.size());
    done += block.size();
  }
  const XXH128_hash_t digest = XXH3_128bits_digest(state);
  candidate.high = digest.high64;
  candidate.low = digest.low64;
  candidate.readable = true;
}

bool equal(Readers& readers, ContentId a, ContentId b, uint64_t size, const std::stop_token& stop) {
  for (uint64_t done = 0; done < size;) {
    check_stop(stop);
    const size_t bytes = std::min<uint64_t>(kBlock, size - done);
    const std::span block_a(readers.block_a.data(), bytes), block_b(readers.block_b.data(), bytes);
    if (readers.a.read(a, done, block_a) || readers.b.read(b, done, block_b)) return false;
    if (std::memcmp(block_a.data(), block_b.data(), bytes) != 0) return false;
    done += bytes;
  }
  return true;
}

// Contents of a size that another one has as well. Empty ones have nothing to share.
std::vector<Candidate> of_common_size(const SourceTree& tree) {
  std::vector<Candidate> all;
  for (ContentId id = 0; id < tree.contents.size(); ++id)
    if (tree.contents[id].size > 0) all.push_back({.size = tree.contents[id].size, .id = id});
  tbb::parallel_sort(all.begin(), all.end(),
                     [](const Candidate& a, const Candidate& b) { return std::tie(a.size, a.id) < std::tie(b.size, b.id); });
  std::vector<Candidate> common;
  for (size_t i = 0; i < all.size(); ++i)
    if ((i > 0 && all[i - 1].size == all[i].size) || (i + 1 < all.size() && all[i + 1].size == all[i].size)) common.push_back(all[i]);
  return common;
}

size_t renumber(SourceTree& tree, const std::vector<ContentId>& same_as) {
  std::vector<ContentId> number(tree.contents.size());
  ContentId kept = 0;
  for (ContentId id = 0; id < tree.contents.size(); ++id) {
    if (same_as[id] != id) {
      number[id] = number[same_as[id]];
      continue;
    }
    number[id] = kept;
    tree.contents[kept++] = tree.contents[id];
  }
  const size_t saved = tree.contents.size() - kept;
  tree.contents.resize(kept);
  for (Node& node : tree.nodes)
    if (node.kind == NodeKind::file) node.content = number[node.content];
  return saved;
}

}  // namespace

size_t share_contents(SourceTree& tree, unsigned threads, const std::stop_token& stop) {
  std::vector<ContentId> same_as(tree.contents.size());
  for (ContentId id = 0; id < same_as.size(); ++id) same_as[id] = id;
  tbb::task_arena arena(threads ? static_cast<int>(threads) : tbb::task_arena::automatic);
  arena.execute([&] {
    std::vector<Candidate> candidates = of_common_size(tree);
    tbb::enumerable_thread_specific<Readers> readers([&] { return Readers(tree); });
    tbb::parallel_for(size_t{0}, candidates.size(), [&](size_t i) { hash(readers.local(), candidates[i], stop); });
    std::erase_if(candidates, [](const Candidate& c) { return !c.readable; });
    tbb::parallel_sort(candidates.begin(), candidates.end(),
                       [](const Candidate& a, const Candidate& b) { return std::tuple(a.key(), a.id) < std::tuple(b.key(), b.id); });
    std::vector<std::pair<size_t, size_t>> groups;
    for (size_t begin = 0, end; begin < candidates.size(); begin = end) {
      for (end = begin + 1; end < candidates.size() && candidates[end].key() == candidates[begin].key();) ++end;
      if (end - begin > 1) groups.emplace_back(begin, end);
    }
    // Within a group ids ascend, so the one shared is always the lowest. More than one leader would
    // be a collision of the hash.
    tbb::parallel_for(size_t{0}, groups.size(), [&](size_t g) {
      std::vector<ContentId> leaders;
      for (size_t i = groups[g].first; i < groups[g].second; ++i) {
        const Candidate& own = candidates[i];
        const auto leader =
            std::find_if(leaders.begin(), leaders.end(), [&](ContentId id) { return equal(readers.local(), id, own.id, own.size, stop); });
        if (leader == leaders.end())
          leaders.push_back(own.id);
        else
          same_as[own.id] = *leader;
      }
    });
  });
  return renumber(tree, same_as);
}

}  // namespace fsi
