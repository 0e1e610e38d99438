// One walk over the directories of a UDF volume: breadth first, one directory after the other. It never recurses and
// keeps one small record for each directory, a bit for each file, and more only for files of several names.
// Internal to read/.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libfsi/read/paged_bits.h"
#include "libfsi/read/udf_directory.h"
#include "libfsi/read/udf_icb.h"
#include "libfsi/read/udf_tree.h"

namespace fsi {

class UdfWalk {
 public:
  UdfWalk(const UdfTree& tree, Visitor& visitor, IssueLog& log, std::stop_token stop);
  void run();

  /// Files whose names are not as many as their link count says: serial, and what to say.
  const std::unordered_map<uint64_t, std::string>& wrong_links() const { return wrong_links_; }

 private:
  struct Directory {
    const UdfMap* map = nullptr;
    uint32_t block = 0;
    uint32_t parent = 0;  // index; the root: itself
    uint32_t inside = 0;  // directories in it
    uint16_t links = 0;
    uint16_t depth = 0;
    uint16_t name_bytes = 0;
    size_t name_at = 0;
    uint64_t icb_at = 0;
  };
  struct Links {
    uint16_t said = 0;
    uint32_t seen = 0;
  };

  bool find_root(UdfIcb& icb);
  void walk_directory(uint32_t index);
  void check_parent(const Directory& directory, const UdfIdentifier& identifier);
  void visit(uint32_t index, const UdfIdentifier& identifier);
  bool take_name(const UdfIdentifier& identifier);
  void take_entry(const UdfIcb& icb, TreeEntry& entry);
  void take_target(const UdfIcb& icb);
  bool add_directory(uint32_t parent, const UdfIcb& icb);
  void count_icb(const UdfIcb& icb, bool directory);
  void visit_streams(const UdfIcb& owner);
  void check_stream_parent(const UdfIcb& owner, const UdfIdentifier& identifier);
  void announce(const UdfIcb& icb, std::string_view what);
  bool build_path(uint32_t index);
  void finish_links();
  void finish_counts();
  void fault(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail = {},
             Severity severity = Severity::error) {
    reader_.fault(what, byte, clause, path, detail, severity);
  }
  void lost(const char* what, uint64_t byte, const char* clause, std::string_view path, const std::string& detail = {}) {
    reader_.lost(what, byte, clause, path, detail);
  }

  const UdfTree& tree_;
  const UdfVolume& volume_;
  Visitor& visitor_;
  IssueLog& log_;
  std::stop_token stop_;
  UdfReader reader_;
  IssueLog said_{0};
  UdfReader again_;  // for what was read, and its faults said, before

  std::vector<Directory> directories_;
  std::string names_;               // of the directories, one after the other
  PagedBits directories_seen_;      // ICBs, as absolute blocks
  PagedBits icbs_seen_, ids_seen_;  // of all files; their unique ids
  std::unordered_map<uint64_t, Links> links_;
  std::unordered_set<uint64_t> stream_parents_;  // ICBs whose streams' directory leads back to them
  std::unordered_map<uint64_t, std::string> wrong_links_;
  uint64_t names_of_files_ = 0, files_ = 0, entries_ = 0, largest_id_ = 0;

  // of the directory being walked
  std::string prefix_;  // its path, with "/" at the end
  std::vector<UdfRun> runs_;
  std::vector<size_t> hashes_;
  // of the entry being visited
  std::string name_, path_, what_, target_;
  UdfIcb icb_;
  std::vector<UdfRun> file_runs_;
  std::vector<DataExtent> extents_;
};

}  // namespace fsi
