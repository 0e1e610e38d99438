// A directory of the test's own, removed afterwards, a way to write down a frozen tree, and the error that was thrown.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/source/content.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// The error that `work` must throw.
template <class Work>
Error error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ErrorKind::failed, "", "", ""};
}

class TempTree {
 public:
  TempTree() {
    // In memory where there is such a place: some tests make ten thousand files.
    const bool memory = !std::getenv("TMPDIR") && ::access("/dev/shm", W_OK) == 0;
    std::string name = (memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "discpress-test-XXXXXX";
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    root_ = name;
  }
  /// rm goes down by descriptors, which std::filesystem::remove_all runs out of in a tree 2000 deep.
  ~TempTree() {
    if (std::system(("rm -rf '" + root_ + "'").c_str()) != 0) ADD_FAILURE() << "left behind: " << root_;
  }
  TempTree(const TempTree&) = delete;

  std::string path(const std::string& name = "") const { return name.empty() ? root_ : root_ + "/" + name; }
  /// Writes a file, with the directories on the way to it.
  std::string file(const std::string& name, const std::string& bytes = "") const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string directory(const std::string& name) const {
    std::filesystem::create_directories(path(name));
    return path(name);
  }
  void symlink(const std::string& name, const std::string& target) const {
    if (::symlink(target.c_str(), path(name).c_str()) != 0) throw std::runtime_error("symlink");
  }
  void link(const std::string& name, const std::string& existing) const {
    if (::link(path(existing).c_str(), path(name).c_str()) != 0) throw std::runtime_error("link");
  }

 private:
  std::string root_;
};

inline NodeId find_node(const SourceTree& tree, const std::string& path) {
  for (NodeId id = 0; id < tree.nodes.size(); ++id)
    if (tree.path(id) == path) return id;
  return kNone;
}

inline std::vector<std::string> paths(const SourceTree& tree) {
  std::vector<std::string> all;
  for (NodeId id = 0; id < tree.nodes.size(); ++id) all.push_back(tree.path(id));
  return all;
}

inline std::string bytes_of_content(const SourceTree& tree, ContentId id) {
  ContentReader reader(tree);
  std::string bytes(tree.contents[id].size, '?');
  const auto drift = reader.read(id, 0, std::as_writable_bytes(std::span(bytes)));
  EXPECT_FALSE(drift) << "of " << tree.origin_path(id);
  return bytes;
}

inline std::string bytes_at(const SourceTree& tree, const std::string& path) {
  const NodeId id = find_node(tree, path);
  if (id == kNone || tree.nodes[id].kind != NodeKind::file) {
    ADD_FAILURE() << "no file " << path;
    return "";
  }
  return bytes_of_content(tree, tree.nodes[id].content);
}

/// Everything in a tree that a format could write, one line a node.
inline std::string dump(const SourceTree& tree) {
  std::ostringstream out;
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    const Node& n = tree.nodes[id];
    out << id << ' ' << tree.path(id) << " kind " << int(n.kind) << " mode " << std::oct << n.mode << std::dec << " owner " << n.uid << ':'
        << n.gid << " links " << n.links << " leader " << n.link_leader << " children " << n.first_child << '+' << n.child_count
        << " times " << n.mtime << ' ' << n.atime << ' ' << n.ctime << " hidden " << n.hidden;
    if (n.kind == NodeKind::file) {
      const Content& c = tree.contents[n.content];
      out << " content " << n.content << " size " << c.size << " first " << c.first_node << " place " << c.place << " from "
          << tree.origin_path(n.content);
    } else if (n.kind == NodeKind::symlink) {
      out << " -> " << tree.str(n.target);
    } else if (n.kind != NodeKind::directory) {
      out << " device " << n.device;
    }
    out << '\n';
  }
  for (uint32_t h = 0; h < tree.host_directories.size(); ++h) out << "host " << h << ' ' << tree.host_path(h) << '\n';
  return out.str();
}

}  // namespace fsi
