// The sums of libisofs in an image (disc/libisofs_sums.h): tags of every session, the array, and the files. Found before
// the pass over the sectors, computed on the way, judged behind it.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "libfsi/base/file_sums.h"
#include "libfsi/base/prefix_sums.h"
#include "libfsi/check/foreign_sums.h"
#include "libfsi/disc/libisofs_sums.h"
#include "libfsi/read/volume.h"

namespace fsi {

class LibisofsCheck {
 public:
  /// Looks for tags from `session_start` on and, in the tree, for the array. Faults of the tags and of the array go to `log`.
  /// Throws Error(interrupted).
  LibisofsCheck(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, std::stop_token stop, IssueLog& log);

  /// What wants the pass; empty when there are no such sums.
  std::vector<InOrder*> in_order();
  /// After the pass; `passed` is false when there was none. Every file with a wrong sum is an Issue.
  void judge(bool passed, IssueLog& log, std::vector<ForeignSum>& facts);

 private:
  /// A sum that covers [start, point).
  struct Expected {
    std::string kind;
    uint64_t point = 0;
    Md5 md5{};
  };
  /// All that begin at one sector.
  struct Chain {
    uint64_t start = 0;
    std::vector<Expected> expected;  // ascending by point once the pass begins
    std::unique_ptr<PrefixSums> sums;
  };
  struct File {
    uint64_t first = 0, bytes = 0;  // where it lies
    uint32_t index = 0;
    size_t number = 0;  // in file_sums_
    Md5 expected{};
    bool wrong = false;
  };
  /// All chains in one: sessions lie behind each other, so that one thread has no more to do than with one session.
  class Chains final : public InOrder {
   public:
    explicit Chains(std::vector<Chain>& chains) : chains_(chains) {}
    void take(SectorRange range, std::span<const std::byte> bytes, std::span<const SectorRange> unreadable) override {
      for (const Chain& chain : chains_) chain.sums->take(range, bytes, unreadable);
    }

   private:
    std::vector<Chain>& chains_;
  };
  class Files;
  class Paths;

  std::optional<disc::LibisofsTag> tag_at(uint64_t sector, IssueLog& log) const;
  void find_sessions(uint64_t session_start, IssueLog& log);
  /// The start of the session that a relocated superblock stands for.
  std::optional<uint64_t> find_tags(uint64_t session_start, IssueLog& log);
  uint64_t end_of_session(uint64_t session_start) const;
  void expect(uint64_t start, Expected expected);
  void make_sums(IssueLog& log);
  void find_array(const VolumeRead& volume, IssueLog& log);
  bool read_array(IssueLog& log);
  void judge_chain(const Chain& chain, bool passed, IssueLog& log, std::vector<ForeignSum>& facts) const;
  void judge_files(bool passed, IssueLog& log, std::vector<ForeignSum>& facts);

  const SectorSource& source_;
  const std::stop_token stop_;
  std::vector<Chain> chains_;
  Chains all_chains_{chains_};
  std::shared_ptr<const FileSystemReader> tree_;  // the one with the array
  std::optional<disc::ChecksumArray> array_;
  bool array_right_ = false;
  FileSums file_sums_{SumKind::md5};
  std::vector<File> files_;
  uint64_t not_summed_ = 0;  // files that cannot be summed in one pass
};

}  // namespace fsi
