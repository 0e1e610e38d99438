#include "libfsi/source/tree.h"

#include <algorithm>

namespace fsi {

namespace {
// Joins components that were collected from the leaf to the root, in one allocation: a path may be
// hundreds of kilobytes long.
std::string join_reversed(std::string first, std::vector<std::string_view>& components) {
  size_t length = first.size();
  for (const std::string_view component : components) length += 1 + component.size();
  first.reserve(length);
  std::reverse(components.begin(), components.end());
  for (const std::string_view component : components) {
    if (first.empty() || first.back() != '/') first += '/';
    first += component;
  }
  return first;
}
}  // namespace

std::string SourceTree::path(NodeId id) const {
  std::vector<std::string_view> components;
  for (; id != kRoot; id = nodes[id].parent) components.push_back(name(id));
  return join_reversed("/", components);
}

NodeId SourceTree::find(std::string_view path) const {
  NodeId at = kRoot;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(component.size() + 1, path.size()));
    if (component.empty()) continue;
    if (nodes[at].kind != NodeKind::directory) return kNone;
    const auto below = children(nodes[at]);
    const auto child = std::lower_bound(below.begin(), below.end(), component,
                                        [&](const Node& node, std::string_view name_asked) { return str(node.name) < name_asked; });
    if (child == below.end() || str(child->name) != component) return kNone;
    at = static_cast<NodeId>(&*child - nodes.data());
  }
  return at;
}

std::string SourceTree::host_path(uint32_t host_directory) const {
  std::vector<std::string_view> components;
  for (; host_directories[host_directory].parent != kNone; host_directory = host_directories[host_directory].parent)
    components.push_back(str(host_directories[host_directory].name));
  return join_reversed(std::string(str(host_directories[host_directory].name)), components);
}

std::string SourceTree::origin_path(ContentId id) const {
  const Content& content = contents[id];
  if (content.origin != OriginKind::host_file) return path(content.first_node);
  std::string path = host_path(content.place);
  if (path.empty() || path.back() != '/') path += '/';
  return path + std::string(str(content.name));
}

}  // namespace fsi
