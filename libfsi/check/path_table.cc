#include "libfsi/check/path_table.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "libfsi/read/careful.h"

namespace fsi {

using namespace disc;

namespace {

// A path table as a stream of records; never holds more than a block of it.
class TableStream {
 public:
  TableStream(CarefulReader& reader, Lba first, uint32_t bytes) : reader_(reader), start_(first), first_(first), left_(bytes) {}

  // Exactly n bytes; empty at the end. Valid until the next call.
  std::span<const std::byte> take(size_t n) {
    while (buffer_.size() - at_ < n) {
      if (left_ == 0) return {};
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
      at_ = 0;
      const size_t kept = buffer_.size();
      const auto now = static_cast<size_t>(std::min<uint64_t>(left_, kBlock));
      buffer_.resize(kept + sectors_for(now) * kSectorSize);
      reader_.read(first_, std::span(buffer_).subspan(kept));
      buffer_.resize(kept + now);
      first_ += kBlock / kSectorSize;
      left_ -= now;
    }
    at_ += n;
    taken_ += n;
    return std::span(buffer_).subspan(at_ - n, n);
  }
  bool at_end() const { return left_ == 0 && at_ == buffer_.size(); }
  // The sector of what was taken last.
  uint64_t sector() const { return start_ + (taken_ > 0 ? taken_ - 1 : 0) / kSectorSize; }

 private:
  static constexpr size_t kBlock = 64 * kSectorSize;
  CarefulReader& reader_;
  const uint64_t start_;
  uint64_t first_, left_, taken_ = 0;
  std::vector<std::byte> buffer_;
  size_t at_ = 0;
};

struct TableRecord {
  uint64_t extent = 0;
  uint16_t parent = 0;
  std::string identifier;
  friend bool operator==(const TableRecord&, const TableRecord&) = default;
};

// False at the end, or when what is left is no record.
template <class Fixed>
bool next_record(TableStream& table, TableRecord& record) {
  Fixed fixed;
  const auto head = table.take(sizeof fixed);
  if (head.empty() || !load(head, 0, fixed) || fixed.identifier_length == 0) return false;
  record.extent = uint64_t{fixed.extent.get()} + fixed.extended_attribute_length;
  record.parent = fixed.parent;
  const size_t length = fixed.identifier_length;
  const auto text = table.take(length + length % 2);
  if (text.empty()) return false;
  record.identifier.assign(reinterpret_cast<const char*>(text.data()), length);
  return true;
}

class PathTableCheck {
 public:
  PathTableCheck(const IsoTree& tree, std::vector<PhysicalDirectory>& directories, IssueLog& log)
      : tree_(tree), d_(tree.descriptor().descriptor), directories_(directories), log_(log), reader_(tree.source(), log) {}

  void run() {
    const uint32_t bytes = d_.path_table_size.little();
    std::ranges::sort(directories_, {}, &PhysicalDirectory::extent);
    found_.assign(directories_.size(), false);
    if (!inside(d_.path_table_l, bytes) || !inside(d_.path_table_m, bytes))
      return fault("a path table lies beyond the end", tree_.descriptor().lba, "ECMA-119 8.4.14", std::to_string(bytes) + " bytes");
    compare_with_directories(bytes);
    compare_tables<PathTableRecordM>(d_.path_table_m, bytes, "the path tables L and M differ");
    if (d_.optional_path_table_l != 0 && inside(d_.optional_path_table_l, bytes))
      compare_tables<PathTableRecordL>(d_.optional_path_table_l, bytes, "an optional path table differs");
    if (d_.optional_path_table_m != 0 && inside(d_.optional_path_table_m, bytes))
      compare_tables<PathTableRecordM>(d_.optional_path_table_m, bytes, "an optional path table differs");
  }

 private:
  bool inside(uint64_t first, uint64_t bytes) const { return first + sectors_for(bytes) <= reader_.sectors(); }

  void fault(const char* what, uint64_t where, const char* clause, std::string detail) {
    log_.report(what, [&] {
      return Issue{.where = {where, 1},
                   .paths = {{.path = "path table (" + std::string(tree_.name()) + ")", .is_structure = true}},
                   .clause = clause,
                   .detail = std::move(detail)};
    });
  }

  void compare_with_directories(uint32_t bytes) {
    TableStream table(reader_, d_.path_table_l, bytes);
    std::vector<Lba> extents;  // by number, for the parents
    TableRecord record, previous;
    uint64_t number = 0;
    while (next_record<PathTableRecordL>(table, record)) {
      ++number;
      if (extents.size() < 0xFFFF) extents.push_back(static_cast<Lba>(record.extent));
      check_record(record, number, extents, table.sector());
      if (number > 2 && (record.parent < previous.parent ||
                         (record.parent == previous.parent && out_of_order(tree_.names(), previous.identifier, record.identifier))))
        fault("path table records are not in order", table.sector(), "ECMA-119 6.9.1", "record " + std::to_string(number));
      std::swap(previous, record);
    }
    if (!table.at_end())
      fault("a path table is not a list of records up to its end", table.sector(), "ECMA-119 9.4",
            "after record " + std::to_string(number));
    const auto missing = static_cast<uint64_t>(std::ranges::count(found_, false));
    if (missing > 0) {
      const auto first = std::ranges::find(found_, false) - found_.begin();
      fault("a directory is missing in the path table", d_.path_table_l, "ECMA-119 6.9.1",
            std::to_string(missing) + " of " + std::to_string(found_.size()) + ", the first at LBA " +
                std::to_string(directories_[static_cast<size_t>(first)].extent));
    }
  }

  void check_record(const TableRecord& record, uint64_t number, const std::vector<Lba>& extents, uint64_t at) {
    const auto it =
        std::ranges::lower_bound(directories_, record.extent, {}, [](const PhysicalDirectory& d) { return uint64_t{d.extent}; });
    if (it == directories_.end() || it->extent != record.extent)
      return fault("a path table record leads to no directory of the tree", at, "ECMA-119 9.4.3",
                   "record " + std::to_string(number) + ": LBA " + std::to_string(record.extent));
    found_[static_cast<size_t>(it - directories_.begin())] = true;
    if (record.parent == 0 || record.parent > extents.size() || (record.parent >= number && number != 1) ||
        extents[record.parent - 1u] != it->parent)
      fault("a path table record has the wrong parent", at, "ECMA-119 9.4.4",
            "record " + std::to_string(number) + ": parent " + std::to_string(record.parent) + "; the directory's is at LBA " +
                std::to_string(it->parent));
    if (identifier_hash(record.identifier) != it->identifier)
      fault("a path table record has another identifier than its directory", at, "ECMA-119 9.4.5", "record " + std::to_string(number));
  }

  template <class Fixed>
  void compare_tables(Lba other, uint32_t bytes, const char* what) {
    TableStream a(reader_, d_.path_table_l, bytes), b(reader_, other, bytes);
    TableRecord x, y;
    for (uint64_t number = 1;; ++number) {
      const bool more = next_record<PathTableRecordL>(a, x);
      if (more != next_record<Fixed>(b, y) || (more && x != y))
        return fault(what, b.sector(), "ECMA-119 6.9.2", "at record " + std::to_string(number));
      if (!more) return;
    }
  }

  const IsoTree& tree_;
  const VolumeDescriptor& d_;
  std::vector<PhysicalDirectory>& directories_;
  IssueLog& log_;
  CarefulReader reader_;
  std::vector<bool> found_;
};

}  // namespace

void check_path_tables(const IsoTree& tree, std::vector<PhysicalDirectory>& directories, IssueLog& log) {
  PathTableCheck(tree, directories, log).run();
}

}  // namespace fsi
