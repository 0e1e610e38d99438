#include "libfsi/source/tree.h"

#include <algorithm>

namespace fsi {

std::string SourceTree::path(NodeId id) const {
  if (id == kRoot) return "/";
  std::string path;
  for (; id != kRoot; id = nodes[id].parent) path.insert(0, "/" + std::string(name(id)));
  return path;
}

NodeId SourceTree::find(std::string_view path) const {
  NodeId at = kRoot;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(component.size() + 1, path.size()));
    if (component.empty()) continue;
    if (nodes[at].kind != NodeKind::directory) return kNone;
    const auto below = children(nodes[at]);
    const auto child = std::lower_bound(below.begin(), below.end(), component, [&](const Node& node, std::string_view text) { return str(node.name) < text; });
    if (child == below.end() || str(child->name) != component) return kNone;
    at = static_cast<NodeId>(&*child - nodes.data());
  }
  return at;
}

std::string SourceTree::host_path(uint32_t host_directory) const {
  const HostDirectory& directory = host_directories[host_directory];
  std::string own(str(directory.name));
  if (directory.parent == kNone) return own;
  std::string path = host_path(directory.parent);
  if (path.empty() || path.back() != '/') path += '/';
  return path + own;
}

std::string SourceTree::origin_path(ContentId id) const {
  const Content& content = contents[id];
  if (content.origin != OriginKind::host_file) return path(content.first_node);
  std::string path = host_path(content.place);
  if (path.empty() || path.back() != '/') path += '/';
  return path + std::string(str(content.name));
}

}  // namespace fsi
