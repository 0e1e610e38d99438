#include "libfsi/udf/node_names.h"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>

namespace fsi::udf {

void NodeNames::prepare() {
  struct Found {
    std::vector<NodeId> changed;
    Serials serials;
  };
  tbb::enumerable_thread_specific<Found> found;
  tbb::parallel_for(tbb::blocked_range<NodeId>(0, static_cast<NodeId>(tree_.nodes.size()), 4096), [&](const auto& part) {
    Found& mine = found.local();
    for (NodeId id = part.begin(); id < part.end(); ++id)
      if (tree_.nodes[id].kind == NodeKind::directory) arrange(id, mine.changed, mine.serials);
  });
  for (Found& one : found) {
    changed_.insert(changed_.end(), one.changed.begin(), one.changed.end());
    serials_.insert(serials_.end(), one.serials.begin(), one.serials.end());
  }
  std::sort(changed_.begin(), changed_.end());
  std::sort(serials_.begin(), serials_.end());
}

// A name that is recorded as it is collides with none of its kind, so a directory of such names needs no look at all.
// Where others are, those keep their names and the others make way.
void NodeNames::arrange(NodeId directory, std::vector<NodeId>& changed, Serials& serials) const {
  const Node& node = tree_.nodes[directory];
  const NodeId first = node.first_child, end = first + node.child_count;
  std::vector<NodeId> others;
  Identifier recorded;
  for (NodeId id = first; id < end; ++id) {
    if (plain_cs0(tree_.name(id))) continue;
    shape_.make(tree_.name(id), tree_.nodes[id].kind == NodeKind::directory, 0, recorded);
    if (!shape_.faithful(tree_.name(id), recorded.view())) others.push_back(id);
  }
  if (others.empty()) return;
  changed.insert(changed.end(), others.begin(), others.end());

  // The lowest id wins: give low ones to the faithful.
  std::vector<NodeId> by_rank;
  by_rank.reserve(node.child_count);
  for (NodeId id = first; id < end; ++id)
    if (!std::binary_search(others.begin(), others.end(), id)) by_rank.push_back(id);
  by_rank.insert(by_rank.end(), others.begin(), others.end());
  std::vector<NameRequest> requests;
  requests.reserve(by_rank.size());
  for (uint32_t rank = 0; rank < by_rank.size(); ++rank)
    requests.push_back({tree_.name(by_rank[rank]), rank, tree_.nodes[by_rank[rank]].kind == NodeKind::directory});
  std::vector<uint32_t> order(requests.size());
  Serials given;
  UniqueNames(shape_).arrange(requests, order, given);
  for (const auto& [rank, serial] : given) serials.emplace_back(by_rank[rank], serial);
}

uint32_t NodeNames::serial(NodeId id) const {
  const auto at = std::lower_bound(serials_.begin(), serials_.end(), std::pair<uint32_t, uint32_t>(id, 0));
  return at != serials_.end() && at->first == id ? at->second : 0;
}

void NodeNames::make(NodeId id, Identifier& out) const {
  const std::string_view name = tree_.name(id);
  shape_.make(name, tree_.nodes[id].kind == NodeKind::directory, plain_cs0(name) ? 0 : serial(id), out);
}

size_t NodeNames::size(NodeId id) const {
  const std::string_view name = tree_.name(id);
  if (plain_cs0(name)) return 1 + name.size();
  Identifier recorded;
  make(id, recorded);
  return recorded.size();
}

std::string NodeNames::display(NodeId id) const {
  Identifier recorded;
  make(id, recorded);
  return shape_.display(recorded.view());
}

}  // namespace fsi::udf
