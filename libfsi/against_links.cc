#include "libfsi/against_links.h"

#include <unordered_map>

#include "libfsi/base/error.h"

namespace fsi {

void AgainstLinks::add(NodeId node, const TreeEntry& entry) {
  if (entry.kind != EntryKind::directory && entry.posix && entry.posix->serial) names_.push_back({node, *entry.posix->serial});
}

void AgainstLinks::for_each_difference(const std::function<void(NodeId node, const std::string& text)>& difference) const {
  // The first name of each file stands for it, on either side.
  std::unordered_map<uint64_t, NodeId> by_serial;
  std::unordered_map<NodeId, const Name*> by_leader;
  for (const Name& name : names_) {
    const NodeId leader = tree_.nodes[name.node].link_leader;
    const auto [there, new_there] = by_serial.emplace(name.serial, name.node);
    const auto [here, new_here] = by_leader.emplace(leader, &name);
    if (!new_here && here->second->serial != name.serial)
      difference(name.node, "a file of its own on the disc, in the source another name of " + printable(tree_.path(here->second->node)));
    else if (!new_there && tree_.nodes[there->second].link_leader != leader)
      difference(name.node, "on the disc another name of " + printable(tree_.path(there->second)) + ", in the source a file of its own");
  }
}

}  // namespace fsi
