#include "libfsi/check/tree_agreement.h"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "libfsi/base/error.h"
#include "libfsi/disc/iso9660.h"

namespace fsi {

namespace {

constexpr size_t kDescribed = 64;

uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

// Rock Ridge and UDF record names as they are, as far as they can. Other formats change too many to compare them.
bool keeps_names(const FileSystemReader& tree) { return tree.name() == "Rock Ridge" || tree.name().starts_with("UDF"); }

// One character of UTF-8, taken off; nothing when it is none.
std::optional<uint32_t> take_character(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t lead = byte(0);
  const size_t more = lead < 0x80                   ? 0
                      : lead >= 0xC2 && lead < 0xE0 ? 1
                      : lead >= 0xE0 && lead < 0xF0 ? 2
                      : lead >= 0xF0 && lead < 0xF5 ? 3
                                                    : 4;
  if (more >= 4 || text.size() <= more) return std::nullopt;
  uint32_t c = more == 0 ? lead : lead & (0x3Fu >> more);
  for (size_t i = 1; i <= more; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    c = c << 6 | (byte(i) & 0x3F);
  }
  static constexpr uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (c < kLeast[more] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return std::nullopt;
  text.remove_prefix(more + 1);
  return c;
}

// UDF 2.1.1, 2.3.4.2: does a name fit a file identifier as it is?
bool fits_cs0(std::string_view name) {
  uint64_t narrow = 0, wide = 0;
  bool needs_wide = false;
  while (!name.empty()) {
    const auto c = take_character(name);
    if (!c || *c == 0xFEFF || *c == 0xFFFE) return false;
    ++narrow;
    wide += *c > 0xFFFF ? 4 : 2;
    needs_wide |= *c > 0xFF;
  }
  return (needs_wide ? wide : narrow) <= 254;
}

bool path_fits_cs0(std::string_view path) {
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (!fits_cs0(path.substr(0, end))) return false;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return true;
}

std::string place_text(const TreeEntry& entry) {
  static constexpr const char* kKinds[] = {"a directory",    "",       "a symbolic link", "a character device",
                                           "a block device", "a fifo", "a socket"};
  if (entry.kind != EntryKind::file) return kKinds[static_cast<size_t>(entry.kind)];
  std::string text = std::to_string(entry.size) + " bytes";
  size_t named = 0;
  for (const DataExtent& extent : entry.extents) {
    if (extent.range().count == 0) continue;
    if (++named > 4) return text + ", ...";
    text += (named == 1 ? " at LBA " : ", ") + std::to_string(extent.range().first);
  }
  return text;
}

}  // namespace

void TreeAgreement::next_tree(const FileSystemReader& tree) { trees_.push_back({.reader = &tree}); }

TreeAgreement::Item TreeAgreement::item_of(const TreeEntry& entry) {
  Item item{hash_of(entry.path), entry.size, 0};
  if (entry.kind != EntryKind::file) return item.size = UINT64_MAX - static_cast<uint64_t>(entry.kind), item;
  uint64_t covered = 0;
  for (const DataExtent& extent : entry.extents) {
    if (extent.range().count == 0 || extent.first % kSectorSize != 0) return item.place = 0, item;
    covered += extent.bytes;
    const uint64_t numbers[] = {item.place, extent.first, extent.bytes};
    item.place = hash_of({reinterpret_cast<const char*>(numbers), sizeof numbers}) | 1;
  }
  if (covered != entry.size) item.place = 0;
  return item;
}

void TreeAgreement::add(const TreeEntry& entry) {
  if (entry.associated) return;
  trees_.back().relocates |= entry.relocated;
  trees_.back().items.push_back(item_of(entry));
}

// One tree against another.
class Disagreement {
 public:
  using Item = TreeAgreement::Item;
  using Tree = TreeAgreement::Tree;
  /// `said`: paths that were found to disagree, so that each is said once.
  Disagreement(const Tree& a, const Tree& b, bool own, std::unordered_set<uint64_t>& said, IssueLog& log, const std::stop_token& stop)
      : a_(a), b_(b), own_(own), said_(said), log_(log), stop_(stop) {}

  // Both sorted by path.
  void by_names() {
    std::vector<Item> only_a, only_b;
    auto a = a_.items.begin(), b = b_.items.begin();
    while (a != a_.items.end() || b != b_.items.end()) {
      if (b == b_.items.end() || (a != a_.items.end() && a->path < b->path)) {
        only_a.push_back(*a++);
      } else if (a == a_.items.end() || b->path < a->path) {
        only_b.push_back(*b++);
      } else {
        if (a->size != b->size || (a->place != b->place && a->place != 0 && b->place != 0)) differ_.push_back(a->path);
        ++a, ++b;
      }
    }
    // What one tree has under another name is renamed, the rest is missing.
    const auto by_data = [](const Item& x, const Item& y) { return std::pair(x.size, x.place) < std::pair(y.size, y.place); };
    std::ranges::sort(only_a, by_data);
    std::ranges::sort(only_b, by_data);
    auto x = only_a.begin(), y = only_b.begin();
    while (x != only_a.end() || y != only_b.end()) {
      if (y == only_b.end() || (x != only_a.end() && by_data(*x, *y))) {
        missing_in_b_.push_back(x++->path);
      } else if (x == only_a.end() || by_data(*y, *x)) {
        missing_in_a_.push_back(y++->path);
      } else {
        renamed_.emplace(x->path, y->path);
        if (renamed_in_b_.size() < kDescribed) renamed_in_b_.insert(y->path);
        ++x, ++y;
      }
    }
    for (auto* list : {&differ_, &missing_in_a_, &missing_in_b_}) std::ranges::sort(*list);
    if (!differ_.empty() || !missing_in_a_.empty() || !renamed_.empty()) walk(b_, [&](const TreeEntry& entry) { see_b(entry); });
    if (!differ_.empty() || !missing_in_b_.empty() || !renamed_.empty()) walk(a_, [&](const TreeEntry& entry) { see_a(entry); });
  }

  // Names are no help: every place of data that one tree has must be in the other.
  void by_data() {
    const auto in_a = data_of(a_), in_b = data_of(b_);
    std::ranges::set_difference(in_a, in_b, std::back_inserter(data_only_a_));
    std::ranges::set_difference(in_b, in_a, std::back_inserter(data_only_b_));
    if (!data_only_b_.empty())
      walk(b_, [&](const TreeEntry& entry) {
        if (has(data_only_b_, entry) && in_b_.size() < kDescribed) in_b_.emplace(hash_of(entry.path), describe(entry));
      });
    if (!data_only_a_.empty())
      walk(a_, [&](const TreeEntry& entry) {
        if (has(data_only_a_, entry)) see_data(entry);
      });
    for (const auto& [path, described] : in_b_)
      if (!said_.contains(path)) report("a tree names data that another does not", b_, described, only(b_, described, a_), hidden());
  }

 private:
  using Data = std::vector<std::pair<uint64_t, uint64_t>>;  // place, size

  template <class See>
  void walk(const Tree& tree, See see) {
    class Seeing final : public Visitor {
     public:
      explicit Seeing(See& see) : see_(see) {}
      void entry(const TreeEntry& entry) override { see_(entry); }

     private:
      See& see_;
    } visitor(see);
    IssueLog ignored(0);
    tree.reader->walk(visitor, ignored, stop_);
  }

  static Data data_of(const Tree& tree) {
    Data data;
    for (const Item& item : tree.items)
      if (item.place != 0) data.emplace_back(item.place, item.size);
    std::ranges::sort(data);
    data.erase(std::unique(data.begin(), data.end()), data.end());
    return data;
  }

  // Others hide files from one tree on request.
  Severity hidden() const { return own_ ? Severity::error : Severity::note; }

  struct Described {
    std::string path, text;
    EntryKind kind;
    uint64_t size;
    Lba record;
  };
  static Described describe(const TreeEntry& entry) {
    return {std::string(entry.path), place_text(entry), entry.kind, entry.size, entry.record};
  }

  void report(const char* what, const Tree& tree, const Described& entry, std::string detail, Severity severity) {
    said_.insert(hash_of(entry.path));
    log_.report(what, [&] {
      return Issue{.severity = severity,
                   .where = {entry.record, 1},
                   .paths = {{.path = entry.path, .bytes = entry.size, .size = entry.size}},
                   .clause = tree.reader->name().starts_with("UDF") ? "ECMA-167 4/8.3" : "ECMA-119 6.8",
                   .detail = std::move(detail)};
    });
  }

  static std::string name_of(const Tree& tree) { return std::string(tree.reader->name()); }
  std::string both(const Described& a, const Described& b) const {
    return name_of(a_) + ": " + a.text + "; " + name_of(b_) + ": " + b.text;
  }
  static std::string only(const Tree& tree, const Described& entry, const Tree& other) {
    return name_of(tree) + ": " + entry.text + "; no file of " + name_of(other) + " has just these";
  }

  static bool in(const std::vector<uint64_t>& list, uint64_t path) { return std::ranges::binary_search(list, path); }
  static bool has(const Data& list, const TreeEntry& entry) {
    const Item item = TreeAgreement::item_of(entry);
    return !entry.associated && item.place != 0 && std::ranges::binary_search(list, std::pair(item.place, item.size));
  }

  void see_b(const TreeEntry& entry) {
    const uint64_t path = hash_of(entry.path);
    if ((in(differ_, path) || renamed_in_b_.contains(path)) && in_b_.size() < kDescribed)
      in_b_.emplace(path, describe(entry));
    else if (in(missing_in_a_, path))
      report("a name is in one tree only", b_, describe(entry), name_of(b_) + " has it, " + name_of(a_) + " has not", hidden());
  }

  void see_a(const TreeEntry& entry) {
    const uint64_t path = hash_of(entry.path);
    if (in(differ_, path)) {
      const Described a = describe(entry);
      const auto found = in_b_.find(path);
      if (found == in_b_.end())
        report("trees disagree about a file", a_, a, name_of(a_) + ": " + a.text + "; " + name_of(b_) + ": something else", hidden());
      else
        report("trees disagree about a file", a_, a, both(a, found->second), is_habit(a, found->second) ? hidden() : Severity::error);
    } else if (in(missing_in_b_, path)) {
      // The directory that holds relocated ones is Rock Ridge's own.
      if (a_.relocates && entry.kind == EntryKind::directory && entry.path.rfind('/') == 0) return;
      report("a name is in one tree only", a_, describe(entry), name_of(a_) + " has it, " + name_of(b_) + " has not", hidden());
    } else if (const auto renamed = renamed_.find(path); renamed != renamed_.end() && path_fits_cs0(entry.path)) {
      const auto found = in_b_.find(renamed->second);
      report("a file has another name in another tree", a_, describe(entry),
             name_of(b_) + (found == in_b_.end() ? " has another for the same" : ": " + printable(found->second.path)) + ", " +
                 place_text(entry),
             hidden());
    }
  }

  // genisoimage shows links and its boot catalog as empty files of UDF, and of a file that is too large for one section a part.
  static bool is_habit(const Described& a, const Described& b) {
    return a.kind != b.kind || a.size == 0 || b.size == 0 || (b.size > disc::kMaxSectionBytes && a.size <= disc::kMaxSectionBytes);
  }

  void see_data(const TreeEntry& entry) {
    const uint64_t path = hash_of(entry.path);
    const auto found = in_b_.find(path);
    if (said_.contains(path)) return;
    const Described a = describe(entry);
    if (found == in_b_.end())
      report("a tree names data that another does not", a_, a, only(a_, a, b_), hidden());
    else
      report("trees disagree about a file", a_, a, both(a, found->second), is_habit(a, found->second) ? hidden() : Severity::error);
  }

  const Tree& a_;
  const Tree& b_;
  const bool own_;
  std::unordered_set<uint64_t>& said_;
  IssueLog& log_;
  const std::stop_token& stop_;
  std::vector<uint64_t> differ_, missing_in_a_, missing_in_b_;  // paths
  std::unordered_map<uint64_t, uint64_t> renamed_;              // path in a, path in b
  std::unordered_set<uint64_t> renamed_in_b_;
  Data data_only_a_, data_only_b_;
  std::map<uint64_t, Described> in_b_;
};

void TreeAgreement::check(bool own, IssueLog& log, const std::stop_token& stop) {
  if (trees_.size() < 2) return;
  for (Tree& tree : trees_) std::ranges::sort(tree.items, {}, &Item::path);
  std::unordered_set<uint64_t> said;
  for (size_t i = 1; i < trees_.size(); ++i) {
    Disagreement pair(trees_[0], trees_[i], own, said, log, stop);
    if (keeps_names(*trees_[0].reader) && keeps_names(*trees_[i].reader))
      pair.by_names();
    else
      pair.by_data();
  }
}

}  // namespace fsi
