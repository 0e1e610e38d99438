#include "libfsi/check/tree_agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fixture {
namespace {

using fsi::EntryKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Name {
  std::string path;
  uint64_t size = 0;
  uint64_t lba = 0;
  EntryKind kind = EntryKind::file;
  bool relocated = false;
};

// A tree out of a list.
class ListedTree final : public fsi::FileSystemReader {
 public:
  ListedTree(std::string name, std::vector<Name> names) : name_(std::move(name)), names_(std::move(names)) {}
  std::string_view name() const override { return name_; }
  void walk(fsi::Visitor& visitor, fsi::IssueLog&, std::stop_token) const override {
    for (const Name& one : names_) {
      fsi::TreeEntry entry;
      entry.path = one.path;
      entry.kind = one.kind;
      entry.size = one.size;
      entry.relocated = one.relocated;
      entry.record = 7;
      const fsi::DataExtent extent{one.lba * fsi::kSectorSize, one.size};
      if (one.lba != 0) entry.extents = {&extent, 1};
      visitor.entry(entry);
    }
  }

 private:
  std::string name_;
  std::vector<Name> names_;
};

class Adding final : public fsi::Visitor {
 public:
  explicit Adding(fsi::TreeAgreement& agreement) : agreement_(agreement) {}
  void entry(const fsi::TreeEntry& entry) override { agreement_.add(entry); }

 private:
  fsi::TreeAgreement& agreement_;
};

std::vector<fsi::Issue> issues(const std::vector<ListedTree>& trees, bool own = true) {
  fsi::TreeAgreement agreement;
  fsi::IssueLog log;
  for (const ListedTree& tree : trees) {
    agreement.next_tree(tree);
    Adding adding(agreement);
    tree.walk(adding, log, {});
  }
  agreement.check(own, log, {});
  return log.take();
}

std::vector<std::string> said(const std::vector<ListedTree>& trees) {
  std::vector<std::string> all;
  for (const auto& issue : issues(trees)) all.push_back(issue.paths.at(0).path + ": " + issue.what);
  return all;
}

const std::vector<Name> kNames{
    {"/", 0, 0, EntryKind::directory}, {"/a", 5000, 50}, {"/b", 5001, 60}, {"/empty"}, {"/l", 3, 0, EntryKind::symlink}};

std::vector<Name> with(std::vector<Name> names, size_t i, Name name) {
  names.at(i) = std::move(name);
  return names;
}

TEST(TreeAgreement, TheSameIsTheSame) {
  EXPECT_THAT(said({{"Rock Ridge", kNames}}), IsEmpty());
  EXPECT_THAT(said({{"Rock Ridge", kNames}, {"UDF", kNames}, {"Joliet", kNames}}), IsEmpty());
}

TEST(TreeAgreement, AnotherSizeOrPlaceIsFoundAndSaidOnce) {
  for (const Name& other : {Name{"/a", 4999, 50}, Name{"/a", 5000, 51}}) {
    const auto found = issues({{"Rock Ridge", with(kNames, 1, other)}, {"UDF", kNames}, {"Joliet", kNames}});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].what, "trees disagree about a file");
    EXPECT_THAT(found[0].detail, HasSubstr("UDF: 5000 bytes at LBA 50"));
    EXPECT_EQ(found[0].where, (fsi::SectorRange{7, 1}));
    EXPECT_EQ(found[0].severity, fsi::Severity::error);
  }
  EXPECT_THAT(said({{"Rock Ridge", kNames}, {"Joliet", with(kNames, 1, {"/a", 5000, 51})}}),
              ElementsAre("/a: trees disagree about a file"));
}

TEST(TreeAgreement, NamesAreComparedWhereBothKeepThem) {
  EXPECT_THAT(said({{"Rock Ridge", kNames}, {"UDF", with(kNames, 1, {"/x", 5000, 50})}}),
              ElementsAre("/a: a file has another name in another tree"));
  EXPECT_THAT(said({{"Rock Ridge", kNames}, {"Joliet", with(kNames, 1, {"/A.;1", 5000, 50})}}), IsEmpty());
  auto fewer = kNames;
  fewer.pop_back();
  EXPECT_THAT(said({{"Rock Ridge", kNames}, {"UDF", fewer}}), ElementsAre("/l: a name is in one tree only"));
  EXPECT_THAT(said({{"Rock Ridge", fewer}, {"UDF", kNames}}), ElementsAre("/l: a name is in one tree only"));
}

TEST(TreeAgreement, WhatAFormatCannotShowIsNoFault) {
  // Bytes that are no UTF-8, characters that CS0 leaves out, names that are too long for it; in files and above them.
  const std::string euro = "\xE2\x82\xAC";
  std::string long_wide, just_fits;
  for (int i = 0; i < 128; ++i) long_wide += euro;
  for (int i = 0; i < 127; ++i) just_fits += euro;
  for (const std::string& name : {std::string("caf\xE9"), std::string("\xEF\xBF\xBE"), std::string("\xC0\xAF"), std::string("\xED\xA0\x80"),
                                  long_wide, std::string(255, 'n')}) {
    EXPECT_THAT(said({{"Rock Ridge", with(kNames, 1, {"/" + name, 5000, 50})}, {"UDF", with(kNames, 1, {"/x", 5000, 50})}}), IsEmpty())
        << name;
    EXPECT_THAT(said({{"Rock Ridge", with(kNames, 1, {"/" + name + "/f", 5000, 50})}, {"UDF", with(kNames, 1, {"/x/f", 5000, 50})}}),
                IsEmpty());
  }
  for (const std::string& name : {just_fits, std::string(254, 'n'), std::string("caf\xC3\xA9")})
    EXPECT_THAT(said({{"Rock Ridge", with(kNames, 1, {"/" + name, 5000, 50})}, {"UDF", with(kNames, 1, {"/x", 5000, 50})}}),
                testing::SizeIs(1))
        << name;
  // The relocation directory is of no other tree.
  auto deep = kNames;
  deep.push_back({"/rr_moved", 0, 0, EntryKind::directory});
  deep.push_back({"/d", 0, 0, EntryKind::directory, true});
  auto plain = kNames;
  plain.push_back({"/d", 0, 0, EntryKind::directory});
  EXPECT_THAT(said({{"Rock Ridge", deep}, {"UDF", plain}}), IsEmpty());
}

TEST(TreeAgreement, HabitsOfOthersAreNotes) {
  // A link is an empty file; a file above 4 GiB shows a part; one is hidden from Joliet.
  const auto link = with(kNames, 4, {"/l", 0, 0});
  const auto large = with(kNames, 1, {"/a", uint64_t{5} << 30, 50}), part = with(kNames, 1, {"/a", 0xFFFFF800, 50});
  const auto hidden = with(kNames, 1, {"/b2", 5001, 60});
  for (const auto& [a, b] : {std::pair(ListedTree("Rock Ridge", kNames), ListedTree("UDF", link)),
                             std::pair(ListedTree("Rock Ridge", part), ListedTree("UDF", large)),
                             std::pair(ListedTree("Rock Ridge", kNames), ListedTree("Joliet", hidden))}) {
    for (const bool own : {false, true}) {
      const auto found = issues({a, b}, own);
      ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found[0].severity, own ? fsi::Severity::error : fsi::Severity::note);
    }
  }
}

TEST(TreeAgreement, AFloodIsCounted) {
  std::vector<Name> a, b;
  for (int i = 0; i < 3000; ++i) {
    a.push_back({"/" + std::to_string(i), 10, static_cast<uint64_t>(100 + i)});
    b.push_back({"/" + std::to_string(i), 10, static_cast<uint64_t>(10000 + i)});
  }
  const auto found = issues({{"Rock Ridge", a}, {"UDF", b}});
  EXPECT_EQ(found.size(), 20u);
  EXPECT_EQ(found.back().more, 2980u);
}

}  // namespace
}  // namespace fixture
