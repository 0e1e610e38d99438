// One walk over a tree of directory records: breadth first, one directory after the other in blocks of sectors.
// It never recurses and keeps one small record for each directory. Internal to read/.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "libfsi/read/careful.h"
#include "libfsi/read/iso_tree.h"
#include "libfsi/read/rock_ridge.h"

namespace fsi {

class IsoWalk {
 public:
  IsoWalk(const IsoTree& tree, Visitor& visitor, IssueLog& log, std::stop_token stop, std::vector<PhysicalDirectory>* physical);
  void run();

 private:
  struct Directory {
    Lba extent = 0;
    uint32_t bytes = 0;       // 0: a child link, its "." tells
    uint32_t parent = 0;      // index; the root: itself
    Lba physical_parent = 0;  // extent of the directory that holds its record
    size_t name_at = 0;
    uint16_t name_bytes = 0;
    uint16_t depth = 0;
    bool moved = false;      // reached by a child link
    bool announced = false;  // its entry has been visited
  };
  struct Moved {
    uint32_t directory = 0;
    Lba dotdot = 0;
  };
  // A directory record taken from the disc and found to lie inside its sector.
  struct Record {
    disc::DirectoryRecord fixed;
    std::string_view identifier;
    std::span<const std::byte> system_use;
    Lba lba = 0;
  };

  void walk_directory(uint32_t index);
  uint32_t length_from_dot(const Directory& directory);
  void walk_sector(uint32_t index, std::span<const std::byte> sector, Lba lba);
  bool take_record(std::span<const std::byte> sector, size_t at, Lba lba, Record& record);
  void check_fields(const Record& record);
  void visit_dot(uint32_t index, const Record& record);
  void visit_dotdot(uint32_t index, const Record& record);
  void visit_record(uint32_t index, const Record& record);
  void visit_directory(uint32_t index, const Record& record);
  void visit_child_link(uint32_t index, const Record& record);
  void visit_file(uint32_t index, const Record& record);
  void finish_file();
  void add_extent(const Record& record);
  void add_directory(const Directory& directory, const Record& record);
  void take_name(const Record& record);
  bool build_path(uint32_t index);
  bool is_ancestor(Lba extent, uint32_t index) const;
  void take_attributes(TreeEntry& entry) const;
  void finish_moved();
  void check_order(const Record& record);
  std::string place() const;
  std::string shown(std::string_view identifier) const;
  void fault(const char* what, Lba where, const char* clause, const std::string& detail = {}, Severity severity = Severity::error);
  /// The same where something cannot be read.
  void lost(const char* what, Lba where, const char* clause, const std::string& detail = {});

  const IsoTree& tree_;
  Visitor& visitor_;
  IssueLog& log_;
  std::stop_token stop_;
  std::vector<PhysicalDirectory>* physical_;
  CarefulReader reader_;
  SystemUseReader rock_ridge_;
  std::function<void(Lba)> continuation_;

  std::vector<Directory> directories_;
  std::string names_;                             // of the directories, one after the other
  std::unordered_set<Lba> seen_;                  // extents of directories that are in directories_
  std::unordered_map<Lba, Lba> relocated_;        // RE: extent -> extent of the directory with the record
  std::vector<Directory> relocated_directories_;  // RE: as they would be visited if no child link led to them
  std::vector<Moved> moved_;
  std::vector<uint32_t> lost_;  // of them, those that no child link led to
  uint64_t budget_;             // directory sectors: a legal tree has each of them once
  uint64_t entries_ = 0;

  // of the directory being walked
  std::string prefix_;  // its path, with "/" at the end
  const Record* current_ = nullptr;
  uint32_t record_number_ = 0;
  std::string previous_;  // identifier of the record before
  bool previous_continues_ = false;
  std::string name_;
  SystemUseRead use_;
  Lba last_continuation_ = 0;

  // the file whose sections are being gathered
  bool open_ = false;
  TreeEntry file_;
  std::string file_path_, file_target_, file_identifier_, file_attributes_;
  std::vector<DataExtent> extents_;
};

}  // namespace fsi
