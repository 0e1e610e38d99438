#include "libfsi/real_time.h"

#include "libfsi/source/glob.h"

namespace fsi {

uint64_t mark_real_time(SourceTree& tree, const std::vector<std::string>& globs) {
  const ExcludeRules rules(globs);
  uint64_t marked = 0;
  if (rules.empty()) return marked;
  for (NodeId directory = 0; directory < tree.nodes.size(); ++directory) {
    const Node& holder = tree.nodes[directory];
    if (holder.kind != NodeKind::directory || !holder.child_count) continue;
    const std::string path = rules.needs_path() ? tree.path(directory) : std::string();
    for (NodeId id = holder.first_child; id < holder.first_child + holder.child_count; ++id) {
      const Node& node = tree.nodes[id];
      if (node.kind != NodeKind::file || !rules.matches(path, tree.name(id), false)) continue;
      Node& inode = tree.nodes[node.link_leader == kNone ? id : node.link_leader];
      marked += !inode.real_time;
      inode.real_time = true;
      tree.contents[node.content].real_time = true;
    }
  }
  return marked;
}

}  // namespace fsi
