#include "libfsi/source/tree.h"

namespace fsi {

std::string SourceTree::path(NodeId id) const {
  if (id == kRoot) return "/";
  std::string path;
  for (; id != kRoot; id = nodes[id].parent) path.insert(0, "/" + std::string(name(id)));
  return path;
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
