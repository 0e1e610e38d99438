#include "libfsi/check/isomd5_check.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/disc/manifest.h"

namespace fsi {

using namespace disc;

namespace {

constexpr Blank kBlank{kFirstDescriptor * uint64_t{kSectorSize} + kIsomd5Offset, kIsomd5Bytes};

std::string fragment_name(const Isomd5Point& point, uint32_t count) {
  return "fragment " + std::to_string(point.fragment) + " of " + std::to_string(count);
}

}  // namespace

Isomd5Check::Isomd5Check(const VolumeRead& volume, const SectorSource& source, uint64_t session_start, IssueLog& log) : source_(source) {
  // checkisomd5 knows sector 16 of the disc only.
  if (session_start != 0 || !volume.primary || volume.primary->lba != kFirstDescriptor) return;
  const VolumeDescriptor& descriptor = volume.primary->descriptor;
  Isomd5Read read = read_isomd5(std::as_bytes(std::span(descriptor.application_use)));
  const auto fault = [&](std::string detail) {
    log.report("the text of isomd5sum cannot be used", [&] {
      return Issue{.finding = Finding::foreign_sum, .where = {kFirstDescriptor, 1}, .detail = std::move(detail)};
    });
  };
  if (!read.sums) {
    if (!read.fault.empty()) fault(read.fault);
    return;
  }
  const uint64_t volume_sectors = descriptor.volume_space_size.big();
  if (read.sums->skip_sectors >= volume_sectors) {
    fault("it skips " + std::to_string(read.sums->skip_sectors) + " sectors of a volume of " + std::to_string(volume_sectors));
    return;
  }
  text_ = std::move(*read.sums);
  sectors_ = volume_sectors - text_.skip_sectors;
  points_ = isomd5_points(sectors_, text_.fragment_count);
  std::vector<uint64_t> sectors;
  for (const Isomd5Point& point : points_) sectors.push_back(point.sector);
  sectors.push_back(sectors_);
  sums_ = std::make_unique<PrefixSums>(0, std::move(sectors), kBlank);
}

bool Isomd5Check::implanted_after(const Manifest& manifest) const {
  if (!sums_ || !manifest.has_digest(0) || manifest.base != 0) return false;
  std::vector<std::byte> chunk(kChunkBytes);
  try {
    source_.read({0, kChunkSectors}, chunk);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return false;
  }
  std::fill_n(chunk.begin() + kBlank.first, kBlank.bytes, std::byte{' '});
  const Digest digest = digest_of(manifest.kind, chunk);
  const auto expected = manifest.digest_of_chunk(0);
  return std::memcmp(digest.data(), expected.data(), expected.size()) == 0;
}

void Isomd5Check::judge(bool passed, IssueLog& log, std::vector<ForeignSum>& facts) const {
  if (!sums_) return;
  ForeignSum fact;
  fact.kind = "isomd5sum";
  fact.range = {0, sectors_};
  fact.detail = (text_.fragment_count ? std::to_string(text_.fragment_count) : std::string("no")) + " fragments, " +
                (text_.supported ? "supported" : "not marked as supported");
  const std::optional<Md5>& whole = sums_->sums().back();
  if (!passed) {
    fact.state = ForeignSum::State::unchecked;
  } else if (whole) {
    const bool right = *whole == text_.sum;
    fact.state = right ? ForeignSum::State::right : ForeignSum::State::wrong;
    judge_fragments(fact, right, log);
  } else {
    fact.state = ForeignSum::State::unknown;
    if (sums_->unreadable())
      fact.detail += "; sector " + std::to_string(*sums_->unreadable()) + " cannot be read";
    else
      log.report("an isomd5sum covers sectors that are missing",
                 [&] { return Issue{.finding = Finding::foreign_sum, .where = fact.range, .detail = "the image ends before them"}; });
  }
  facts.push_back(std::move(fact));
}

// Each fragment sum covers all before it too: the first that is wrong tells where the damage begins. It has twelve bits or so: once
// in a thousand times it is right by chance, and the next one tells.
void Isomd5Check::judge_fragments(ForeignSum& fact, bool whole_is_right, IssueLog& log) const {
  const size_t each = text_.fragment_count ? kIsomd5FragmentDigits / text_.fragment_count : 0;
  uint64_t from = 0;
  for (size_t i = 0; i < points_.size(); ++i) {
    const std::string recorded = text_.fragment_digits.substr((points_[i].fragment - 1) * each, each);
    if (isomd5_digits(*sums_->sums()[i], text_.fragment_count).substr(0, each) == recorded) {
      from = points_[i].sector;
      continue;
    }
    const std::string name = fragment_name(points_[i], text_.fragment_count);
    if (whole_is_right) {
      log.report("the isomd5sum is right, but not its fragment sums", [&] {
        return Issue{.severity = Severity::warning,
                     .finding = Finding::foreign_sum,
                     .where = {kFirstDescriptor, 1},
                     .detail = "checkisomd5 refuses the image at " + name +
                               (isomd5_fragments_usable(sectors_) ? "" : "; implantisomd5 makes such sums for images this small")};
      });
      return;
    }
    log.report("an isomd5sum is wrong", [&] {
      return Issue{.finding = Finding::foreign_sum,
                   .where = {from, points_[i].sector - from},
                   .detail = name + " is the first that differs; what lies before it is right"};
    });
    return;
  }
  if (whole_is_right) return;
  log.report("an isomd5sum is wrong", [&] {
    return Issue{.finding = Finding::foreign_sum,
                 .where = {from, fact.range.end() - from},
                 .detail = points_.empty() ? "it has no fragments that would say more" : "all fragments before these sectors are right"};
  });
}

}  // namespace fsi
