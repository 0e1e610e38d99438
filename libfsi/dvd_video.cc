#include "libfsi/dvd_video.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

// Set, place within it, part: VIDEO_TS.* comes before VTS_01_*, whose VOB 0 is the menu.
std::tuple<std::string, int, std::string> rank(std::string_view name) {
  const size_t dot = std::min(name.rfind('.'), name.size());
  const std::string stem(name.substr(0, dot)), extension(name.substr(dot));
  const bool manager = stem == "VIDEO_TS";
  const std::string set = manager ? "" : stem.substr(0, std::min(stem.rfind('_'), stem.size()));
  const int place = extension == ".IFO" ? 0 : extension == ".VOB" ? 1 : extension == ".BUP" ? 2 : 3;
  return {set, place, stem};
}

}  // namespace

void order_dvd_video(SourceTree& tree) {
  const NodeId folder = tree.find("/VIDEO_TS");
  if (folder == kNone || tree.nodes[folder].kind != NodeKind::directory)
    throw Error(ErrorKind::usage, "--dvd-video", "ordering the video files", "the image has no folder VIDEO_TS in its root");
  std::vector<NodeId> files;
  const Node& directory = tree.nodes[folder];
  for (NodeId id = directory.first_child; id < directory.first_child + directory.child_count; ++id)
    if (tree.nodes[id].kind == NodeKind::file) files.push_back(id);
  std::sort(files.begin(), files.end(), [&](NodeId a, NodeId b) { return rank(tree.name(a)) < rank(tree.name(b)); });

  // The contents of these files in their new order take the numbers that they have together.
  std::vector<ContentId> wanted;
  for (const NodeId id : files)
    if (const ContentId content = tree.nodes[id].content; std::find(wanted.begin(), wanted.end(), content) == wanted.end())
      wanted.push_back(content);
  std::vector<ContentId> numbers = wanted;
  std::sort(numbers.begin(), numbers.end());
  std::vector<ContentId> renumbered(tree.contents.size());
  for (ContentId id = 0; id < renumbered.size(); ++id) renumbered[id] = id;
  for (size_t i = 0; i < wanted.size(); ++i) renumbered[wanted[i]] = numbers[i];
  std::vector<Content> moved;
  for (const ContentId id : wanted) moved.push_back(tree.contents[id]);
  for (size_t i = 0; i < moved.size(); ++i) tree.contents[numbers[i]] = moved[i];
  for (Node& node : tree.nodes)
    if (node.kind == NodeKind::file) node.content = renumbered[node.content];
}

}  // namespace fsi
