#include "libfsi/check/libisofs_check.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "libfsi/base/error.h"
#include "libfsi/base/progress.h"
#include "libfsi/base/try_read.h"
#include "libfsi/read/aaip.h"
#include "libfsi/read/iso_tree.h"

namespace fsi {

using namespace disc;

namespace {

constexpr uint64_t kTagSearch = 32;       // libisofs looks for the superblock tag in the first sectors of a session
constexpr uint64_t kSessionUnit = 32;     // where xorriso begins sessions on overwritable media
constexpr size_t kMostSessions = 10'000;  // more than any medium holds
constexpr uint64_t kOverlap = 4;          // files may share bytes, but not so that summing them takes for ever

uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

// Collects the files with an index, from a tree whose root names an array.
class LibisofsCheck::Files final : public Visitor {
 public:
  explicit Files(LibisofsCheck& check) : check_(check), budget_(check.source_.sectors() * kSectorSize * kOverlap) {}

  struct NoArray {};
  uint64_t beyond = 0;  // files with an index that the array does not have

  void entry(const TreeEntry& entry) override {
    if (!check_.array_) {  // the root comes first
      if (const auto value = find_attribute(entry.attributes, kArrayAttribute)) check_.array_ = read_checksum_array(*value);
      if (!check_.array_) throw NoArray{};
      return;
    }
    if (entry.kind != EntryKind::file || entry.attributes.empty()) return;
    const auto value = find_attribute(entry.attributes, kIndexAttribute);
    const auto index = value ? read_checksum_index(*value) : std::nullopt;
    if (!index) return;
    if (*index == 0 || *index + 1 >= check_.array_->count) {
      ++beyond;
      return;
    }
    add(entry, static_cast<uint32_t>(*index));
  }

 private:
  void add(const TreeEntry& entry, uint32_t index) {
    std::vector<ByteRun> runs;
    uint64_t bytes = 0;
    for (const DataExtent& extent : entry.extents) {
      runs.push_back({extent.first, extent.bytes, extent.kind != DataExtent::Kind::recorded});
      bytes += extent.bytes;
    }
    File file{.first = runs.empty() ? 0 : runs.front().first, .bytes = bytes, .index = index, .number = check_.file_sums_.size()};
    // Names of one file follow each other in no order, but the sums of one place are the same.
    if (!seen_.insert({file.first, file.bytes, index}).second) return;
    if (bytes > budget_ || !check_.file_sums_.add(runs)) {
      ++check_.not_summed_;
      return;
    }
    budget_ -= bytes;
    check_.files_.push_back(file);
  }

  LibisofsCheck& check_;
  uint64_t budget_;
  std::set<std::tuple<uint64_t, uint64_t, uint32_t>> seen_;
};

// Names the files whose sums are wrong.
class LibisofsCheck::Paths final : public Visitor {
 public:
  Paths(const LibisofsCheck& check, IssueLog& log) : log_(log) {
    for (const File& file : check.files_)
      if (file.wrong) wrong_.insert({file.first, file.bytes, file.index});
  }
  bool any() const { return !wrong_.empty(); }

  void entry(const TreeEntry& entry) override {
    if (entry.kind != EntryKind::file || entry.attributes.empty()) return;
    const auto value = find_attribute(entry.attributes, kIndexAttribute);
    const auto index = value ? read_checksum_index(*value) : std::nullopt;
    uint64_t bytes = 0;
    for (const DataExtent& extent : entry.extents) bytes += extent.bytes;
    const uint64_t first = entry.extents.empty() ? 0 : entry.extents.front().first;
    if (!index || !wrong_.contains({first, bytes, static_cast<uint32_t>(*index)})) return;
    log_.report("the sum that libisofs recorded of a file is wrong", [&] {
      Issue issue{.finding = Finding::foreign_sum};
      if (!entry.extents.empty()) issue.where = entry.extents.front().range();
      issue.paths.push_back({.path = std::string(entry.path), .bytes = entry.size, .size = entry.size});
      return issue;
    });
  }

 private:
  IssueLog& log_;
  std::set<std::tuple<uint64_t, uint64_t, uint32_t>> wrong_;
};

LibisofsCheck::LibisofsCheck(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, std::stop_token stop,
                             IssueLog& log)
    : source_(source), stop_(std::move(stop)) {
  find_sessions(session_start, log);
  find_array(volume, log);
  make_sums(log);
}

void LibisofsCheck::make_sums(IssueLog& log) {
  uint64_t budget = source_.sectors() * kOverlap;
  std::erase_if(chains_, [&](Chain& chain) {
    std::ranges::stable_sort(chain.expected, {}, &Expected::point);
    const uint64_t sectors = chain.expected.back().point - chain.start;
    if (sectors > budget) {
      log.report("sums of libisofs were not checked", [&] {
        return Issue{.severity = Severity::warning,
                     .finding = Finding::foreign_sum,
                     .where = {chain.start, sectors},
                     .detail = "they cover more than there is, or each other"};
      });
      return true;
    }
    budget -= sectors;
    std::vector<uint64_t> points;
    for (const Expected& expected : chain.expected) points.push_back(expected.point);
    chain.sums = std::make_unique<PrefixSums>(chain.start, std::move(points));
    return false;
  });
}

std::optional<LibisofsTag> LibisofsCheck::tag_at(uint64_t sector, IssueLog& log) const {
  std::vector<std::byte> bytes(kSectorSize);
  if (!try_read(source_, {sector, 1}, bytes)) return std::nullopt;
  const TagRead read = read_tag(bytes);
  const auto fault = [&](std::string detail) {
    log.report("a checksum tag of libisofs is damaged", [&] {
      return Issue{.finding = Finding::foreign_sum, .where = {sector, 1}, .detail = std::move(detail)};
    });
  };
  if (read.damaged) fault("its own sum is wrong");
  if (!read.tag) return std::nullopt;
  // A tag that lies elsewhere than it says is a copy, or somebody's data.
  if (read.tag->position != sector) return std::nullopt;
  if (read.tag->range.end() != sector || read.tag->range.count == 0) {
    fault("it does not cover what lies before it");
    return std::nullopt;
  }
  return read.tag;
}

void LibisofsCheck::expect(uint64_t start, Expected expected) {
  auto chain = std::ranges::find(chains_, start, &Chain::start);
  if (chain == chains_.end()) {
    chains_.emplace_back().start = start;
    chain = chains_.end() - 1;
  }
  chain->expected.push_back(std::move(expected));
}

// Where the volume of a session ends by its own word.
uint64_t LibisofsCheck::end_of_session(uint64_t session_start) const {
  std::vector<std::byte> sector(kSectorSize);
  VolumeDescriptor descriptor;
  if (!try_read(source_, {session_start + kFirstDescriptor, 1}, sector) || !load(sector, 0, descriptor)) return session_start;
  if (descriptor.header.type != static_cast<uint8_t>(DescriptorType::primary)) return session_start;
  return session_start + descriptor.volume_space_size.little();
}

void LibisofsCheck::find_sessions(uint64_t session_start, IssueLog& log) {
  const std::optional<uint64_t> newest = find_tags(session_start, log);
  // The descriptors at sector 0 are those of the newest session; the sessions follow each other from sector 32.
  if (!newest || *newest <= session_start) return;
  size_t sessions = 0;
  for (uint64_t at = session_start + kSessionUnit; at < *newest && ++sessions < kMostSessions;) {
    check_stop(stop_);
    find_tags(at, log);
    const uint64_t end = round_up(end_of_session(at), kSessionUnit);
    if (end <= at) break;
    at = end;
  }
  find_tags(*newest, log);
}

std::optional<uint64_t> LibisofsCheck::find_tags(uint64_t session_start, IssueLog& log) {
  std::optional<LibisofsTag> tag;
  for (uint64_t at = kFirstDescriptor; at <= kTagSearch && !tag; ++at) tag = tag_at(session_start + at, log);
  if (!tag || (tag->kind != TagKind::superblock && tag->kind != TagKind::relocated)) return std::nullopt;
  const auto add = [&](const LibisofsTag& found) {
    expect(found.range.first, {"libisofs " + std::string(tag_name(found.kind)) + " tag", found.range.end(), found.md5});
  };
  add(*tag);
  if (tag->kind == TagKind::relocated) return tag->next;
  for (const TagKind kind : {TagKind::tree, TagKind::session}) {
    const uint64_t at = tag->next;
    const uint64_t before = tag->position;
    tag = tag_at(at, log);
    if (!tag || tag->kind != kind || at <= before) {
      log.report("a checksum tag of libisofs is missing", [&] {
        return Issue{
            .finding = Finding::foreign_sum,
            .where = {at, 1},
            .detail = "the tag at LBA " + std::to_string(before) + " says that the " + std::string(tag_name(kind)) + " tag is here"};
      });
      return std::nullopt;
    }
    add(*tag);
  }
  return std::nullopt;
}

void LibisofsCheck::find_array(const VolumeRead& volume, IssueLog& log) {
  for (const auto& tree : volume.iso_trees) {
    if (!tree->rock_ridge()) continue;
    Files files(*this);
    IssueLog ignored(0);  // what is wrong with the tree is said by others
    try {
      tree->walk(files, ignored, stop_);
    } catch (const Files::NoArray&) {
      continue;
    }
    if (!array_) continue;
    tree_ = tree;
    if (files.beyond > 0)
      log.report("files name sums that the array of libisofs does not have", [&] {
        return Issue{.finding = Finding::foreign_sum, .where = array_->range(), .detail = std::to_string(files.beyond) + " files"};
      });
    break;
  }
  if (!array_) return;
  array_right_ = read_array(log);
  std::vector<std::byte> sector(kSectorSize);
  const uint64_t at = array_->range().end();
  const bool known =
      std::ranges::any_of(chains_, [&](const Chain& c) { return std::ranges::find(c.expected, at, &Expected::point) != c.expected.end(); });
  if (known) return;
  // Without the tags before it, the session tag is found by the array.
  if (const auto tag = tag_at(at, log); tag && tag->kind == TagKind::session)
    expect(tag->range.first, {"libisofs session tag", tag->range.end(), tag->md5});
}

// Takes the sums of files_ out of the array; true when the array's own sum is right.
bool LibisofsCheck::read_array(IssueLog& log) {
  const ChecksumArray& array = *array_;
  const auto fault = [&](const char* detail) {
    log.report("the array of sums of libisofs is damaged",
               [&] { return Issue{.finding = Finding::foreign_sum, .where = array.range(), .detail = detail}; });
    return false;
  };
  if (array.range().end() > source_.sectors()) return fault("it reaches beyond the end of the image");
  std::vector<size_t> by_index(files_.size());
  for (size_t i = 0; i < by_index.size(); ++i) by_index[i] = i;
  std::ranges::sort(by_index, {}, [&](size_t i) { return files_[i].index; });

  constexpr uint64_t kPiece = 512;  // sectors
  std::vector<std::byte> bytes(kPiece * kSectorSize);
  RunningDigest digest(SumKind::md5);
  Md5 first{}, last{};
  auto wanted = by_index.begin();
  for (uint64_t at = 0; at < array.range().count; at += kPiece) {
    check_stop(stop_);
    const SectorRange piece{array.end + at, std::min(kPiece, array.range().count - at)};
    const auto part = std::span(bytes).first(piece.count * kSectorSize);
    try {
      source_.read(piece, part);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      return fault("it cannot be read");
    }
    const uint64_t begin = at * kSectorSize / kArrayEntryBytes, end = begin + part.size() / kArrayEntryBytes;
    const auto entry = [&](uint64_t index, Md5& out) {
      std::copy_n(part.begin() + static_cast<ptrdiff_t>((index - begin) * kArrayEntryBytes), out.size(), out.begin());
    };
    if (begin == 0) entry(0, first);
    for (; wanted != by_index.end() && files_[*wanted].index < end; ++wanted) entry(files_[*wanted].index, files_[*wanted].expected);
    const uint64_t covered = std::min(end, array.count - 1);
    if (covered > begin) digest.add(part.first((covered - begin) * kArrayEntryBytes));
    if (array.count - 1 >= begin && array.count - 1 < end) entry(array.count - 1, last);
  }
  if (as_md5(digest.finish()) != last) return fault("its own sum is wrong");
  expect(array.start, {"libisofs session sum", array.end, first});
  return true;
}

std::vector<InOrder*> LibisofsCheck::in_order() {
  std::vector<InOrder*> all;
  if (!chains_.empty()) all.push_back(&all_chains_);
  if (array_right_ && !files_.empty()) all.push_back(&file_sums_);
  return all;
}

void LibisofsCheck::judge(bool passed, IssueLog& log, std::vector<ForeignSum>& facts) {
  for (const Chain& chain : chains_) judge_chain(chain, passed, log, facts);
  if (array_ && array_right_) judge_files(passed, log, facts);
}

// Each sum covers what the one before covers and more: the first that is wrong tells where the damage begins, the others
// nothing new.
void LibisofsCheck::judge_chain(const Chain& chain, bool passed, IssueLog& log, std::vector<ForeignSum>& facts) const {
  uint64_t right_to = chain.start;
  bool said = false;
  for (size_t i = 0; i < chain.expected.size(); ++i) {
    const Expected& expected = chain.expected[i];
    ForeignSum fact;
    fact.kind = expected.kind;
    fact.range = {chain.start, expected.point - chain.start};
    const std::optional<Md5>& sum = chain.sums->sums()[i];
    if (!passed) {
      fact.state = ForeignSum::State::unchecked;
    } else if (!sum) {
      fact.state = ForeignSum::State::unknown;
      fact.detail = chain.sums->unreadable() ? "sector " + std::to_string(*chain.sums->unreadable()) + " cannot be read"
                                             : "the image ends before its end";
    } else if (*sum == expected.md5) {
      fact.state = ForeignSum::State::right;
      right_to = expected.point;
    } else {
      fact.state = ForeignSum::State::wrong;
      if (!std::exchange(said, true))
        log.report("a sum that libisofs recorded is wrong", [&] {
          return Issue{.finding = Finding::foreign_sum,
                       .where = {right_to, expected.point - right_to},
                       .detail = expected.kind + " over LBA " + std::to_string(chain.start) + ".." + std::to_string(expected.point - 1)};
        });
    }
    facts.push_back(std::move(fact));
  }
}

void LibisofsCheck::judge_files(bool passed, IssueLog& log, std::vector<ForeignSum>& facts) {
  ForeignSum fact;
  fact.kind = "libisofs file sums";
  fact.range = array_->range();
  fact.files = files_.size();
  uint64_t unknown = 0;
  if (passed) {
    for (File& file : files_) {
      const auto sum = file_sums_.sum(file.number);
      file.wrong = sum && as_md5(*sum) != file.expected;
      fact.wrong += file.wrong;
      unknown += !sum;
    }
    fact.state = fact.wrong ? ForeignSum::State::wrong : unknown ? ForeignSum::State::unknown : ForeignSum::State::right;
    if (unknown) fact.detail = std::to_string(unknown) + " files cannot be read whole";
    if (Paths paths(*this, log); paths.any()) {
      IssueLog ignored(0);
      tree_->walk(paths, ignored, stop_);
    }
    if (not_summed_)
      log.report("files with a sum of libisofs were not checked", [&] {
        return Issue{.severity = Severity::warning,
                     .finding = Finding::foreign_sum,
                     .detail = std::to_string(not_summed_) + " files lie over each other or in pieces that go backwards"};
      });
  }
  facts.push_back(std::move(fact));
}

}  // namespace fsi
