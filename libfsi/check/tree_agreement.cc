#include "libfsi/check/tree_agreement.h"

#include <algorithm>
#include <map>
#include <string>

namespace fsi {

namespace {

constexpr size_t kDescribed = 64;
// A file as large as this cannot be shown whole by one section of ISO 9660, and some makers use no more.
constexpr uint64_t kBeyondOneSection = 0xFFFFF800;

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
  Disagreement(const Tree& a, const Tree& b, bool own, IssueLog& log, const std::stop_token& stop)
      : a_(a), b_(b), own_(own), log_(log), stop_(stop) {}

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
        renamed_.push_back(x->path);
        ++x, ++y;
      }
    }
    for (auto* list : {&differ_, &missing_in_a_, &missing_in_b_, &renamed_}) std::ranges::sort(*list);
    if (!differ_.empty() || !missing_in_a_.empty()) walk(b_, [&](const TreeEntry& entry) { see_b(entry); });
    if (!differ_.empty() || !missing_in_b_.empty() || !renamed_.empty()) walk(a_, [&](const TreeEntry& entry) { see_a(entry); });
  }

  // Names are no help: every place of data that one tree has must be in the other.
  void by_data() {
    for (const auto& [here, there] : {std::pair(&a_, &b_), std::pair(&b_, &a_)}) {
      const auto mine = data_of(*here), others = data_of(*there);
      std::vector<std::pair<uint64_t, uint64_t>> missing;
      std::ranges::set_difference(mine, others, std::back_inserter(missing));
      if (missing.empty()) continue;
      walk(*here, [&](const TreeEntry& entry) {
        const Item item = TreeAgreement::item_of(entry);
        if (!entry.associated && item.place != 0 && std::ranges::binary_search(missing, std::pair(item.place, item.size)))
          report("a tree names data that another does not", *here, entry,
                 std::string(here->reader->name()) + ": " + place_text(entry) + "; no file of " + std::string(there->reader->name()) +
                     " has just these",
                 hidden());
      });
    }
  }

 private:
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

  static std::vector<std::pair<uint64_t, uint64_t>> data_of(const Tree& tree) {
    std::vector<std::pair<uint64_t, uint64_t>> data;
    for (const Item& item : tree.items)
      if (item.place != 0) data.emplace_back(item.place, item.size);
    std::ranges::sort(data);
    data.erase(std::unique(data.begin(), data.end()), data.end());
    return data;
  }

  // Others hide files from one tree on request.
  Severity hidden() const { return own_ ? Severity::error : Severity::note; }

  void report(const char* what, const Tree& tree, const TreeEntry& entry, std::string detail, Severity severity) {
    log_.report(what, [&] {
      return Issue{.severity = severity,
                   .where = {entry.record, 1},
                   .paths = {{.path = std::string(entry.path), .bytes = entry.size, .size = entry.size}},
                   .clause = tree.reader->name().starts_with("UDF") ? "ECMA-167 4/8.3" : "ECMA-119 6.8",
                   .detail = std::move(detail)};
    });
  }

  static bool in(const std::vector<uint64_t>& list, uint64_t path) { return std::ranges::binary_search(list, path); }

  void see_b(const TreeEntry& entry) {
    const uint64_t path = hash_of(entry.path);
    if (in(differ_, path) && in_b_.size() < kDescribed)
      in_b_.emplace(path, Described{place_text(entry), entry.kind, entry.size});
    else if (in(missing_in_a_, path))
      report("a name is in one tree only", b_, entry,
             std::string(b_.reader->name()) + " has it, " + std::string(a_.reader->name()) + " has not", hidden());
  }

  void see_a(const TreeEntry& entry) {
    const uint64_t path = hash_of(entry.path);
    const std::string a = std::string(a_.reader->name()), b = std::string(b_.reader->name());
    if (in(differ_, path)) {
      const auto found = in_b_.find(path);
      // genisoimage shows links and its boot catalog as empty files of UDF, and of a file that is too large for one section a part.
      const bool habit = found != in_b_.end() && (found->second.kind != entry.kind || found->second.size == 0 || entry.size == 0 ||
                                                  (found->second.size > kBeyondOneSection && entry.size <= kBeyondOneSection));
      report("trees disagree about a file", a_, entry,
             a + ": " + place_text(entry) + "; " + b + ": " + (found != in_b_.end() ? found->second.text : std::string("something else")),
             habit ? hidden() : Severity::error);
    } else if (in(missing_in_b_, path)) {
      // The directory that holds relocated ones is Rock Ridge's own.
      if (a_.relocates && entry.kind == EntryKind::directory && entry.path.rfind('/') == 0) return;
      report("a name is in one tree only", a_, entry, a + " has it, " + b + " has not", hidden());
    } else if (in(renamed_, path) && path_fits_cs0(entry.path)) {
      report("a file has another name in another tree", a_, entry, a + " has it, " + b + " has another for the same: " + place_text(entry),
             hidden());
    }
  }

  struct Described {
    std::string text;
    EntryKind kind;
    uint64_t size;
  };
  const Tree& a_;
  const Tree& b_;
  const bool own_;
  IssueLog& log_;
  const std::stop_token& stop_;
  std::vector<uint64_t> differ_, missing_in_a_, missing_in_b_, renamed_;  // paths
  std::map<uint64_t, Described> in_b_;
};

void TreeAgreement::check(bool own, IssueLog& log, const std::stop_token& stop) {
  if (trees_.size() < 2) return;
  for (Tree& tree : trees_) std::ranges::sort(tree.items, {}, &Item::path);
  for (size_t i = 1; i < trees_.size(); ++i) {
    Disagreement pair(trees_[0], trees_[i], own, log, stop);
    if (keeps_names(*trees_[0].reader) && keeps_names(*trees_[i].reader))
      pair.by_names();
    else
      pair.by_data();
  }
}

}  // namespace fsi
