#include "libfsi/image/implants.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/base/words.h"
#include "libfsi/disc/isomd5.h"
#include "libfsi/disc/libisofs_sums.h"
#include "libfsi/layout/patch.h"

namespace fsi {

namespace {

// Behind all descriptors and a few zero sectors: readers of UDF's recognition sequence stop before it. Beside the manifest's locator.
constexpr uint64_t kSuperblockTag = 30;
constexpr uint64_t kPieceSectors = 512;

// Calls `take` with the sectors of `range`, read piece by piece.
template <class Take>
void read_through(SectorRange range, const Implants::Read& read, Take take) {
  std::vector<std::byte> buffer(kPieceSectors * kSectorSize);
  for (uint64_t at = range.first; at < range.end(); at += kPieceSectors) {
    const SectorRange piece{at, std::min(kPieceSectors, range.end() - at)};
    const auto bytes = std::span(buffer).first(piece.count * kSectorSize);
    read(piece, bytes);
    take(piece, bytes);
  }
}

}  // namespace

void add_implants(const std::string& words, ImplantOptions& options) {
  for (const std::string& word : split_words(words)) {
    if (word == "isomd5")
      options.isomd5 = true;
    else if (word == "libisofs")
      options.libisofs = true;
    else if (word == "supported")
      options.supported = true;
    else
      throw Error(ErrorKind::usage, "--implant", "choosing the sums to implant",
                  "\"" + printable(word) + "\" is not one of isomd5, libisofs, supported");
  }
}

void Implants::Tag::render(uint64_t, std::span<std::byte> out) const { std::memcpy(out.data(), line.data(), line.size()); }

void Implants::Array::render(uint64_t first, std::span<std::byte> out) const {
  if (owner_.sealed_) std::memcpy(out.data(), owner_.array_bytes_.data() + first * kSectorSize, out.size());
}

Implants::Implants(const SourceTree& tree, const Layout& layout, const ImplantOptions& options)
    : tree_(tree), layout_(layout), options_(options) {
  superblock_.zone = Zone::fixed;
  superblock_.fixed_at = kSuperblockTag;
}

std::vector<Region*> Implants::regions() {
  std::vector<Region*> regions;
  if (has_tags()) regions = {&superblock_, &tree_tag_};
  if (options_.libisofs) regions.push_back(&array_);
  return regions;
}

// The session's, each content's, and the array's own.
uint64_t Implants::entries() const { return tree_.contents.size() + 2; }
uint64_t Implants::array_sectors() const { return sectors_for(entries() * disc::kArrayEntryBytes); }

bool Implants::needs_tags(SectorRange range) const {
  const auto holds = [&](const Tag& tag) { return relative(tag) >= range.first && relative(tag) < range.end(); };
  return has_tags() && (holds(superblock_) || holds(tree_tag_));
}

void Implants::freeze_tags(const Read& read) {
  RunningDigest digest(SumKind::md5);
  const auto add = [&](uint64_t from, uint64_t to) {
    read_through({from, to - from}, read, [&](SectorRange, std::span<const std::byte> bytes) { digest.add(bytes); });
  };
  const auto finish = [&](Tag& tag, disc::TagKind kind, uint64_t next) {
    disc::LibisofsTag record;
    record.kind = kind;
    record.position = tag.range.first;
    record.range = {layout_.session_start, relative(tag)};
    record.next = next;
    record.md5 = as_md5(digest.value());
    tag.line = disc::tag_line(record);
  };
  add(0, relative(superblock_));
  finish(superblock_, disc::TagKind::superblock, tree_tag_.range.first);
  add(relative(superblock_), relative(tree_tag_));
  finish(tree_tag_, disc::TagKind::tree, array_.range.end() - 1);
}

std::vector<InOrder*> Implants::sums(uint64_t body, FileSums& files) {
  if (sealed_) return {};
  std::vector<InOrder*> all;
  body_ = body;
  if (options_.isomd5) {
    // Without anything behind the body the traditional few sectors are left out: drives had trouble with a disc's last ones.
    if (body_ == layout_.sectors()) body_ -= disc::kIsomd5SkipSectors;
    std::vector<uint64_t> points;
    if (disc::isomd5_fragments_usable(body_))
      for (const disc::Isomd5Point& point : disc::isomd5_points(body_, disc::kIsomd5Fragments)) points.push_back(point.sector);
    points.push_back(body_);
    isomd5_ = std::make_unique<PrefixSums>(0, std::move(points));
    all.push_back(isomd5_.get());
  }
  if (options_.libisofs) {
    session_ = std::make_unique<PrefixSums>(0, std::vector<uint64_t>{body, body + array_sectors()});
    if (!options_.isomd5) all.push_back(session_.get());
    all.push_back(&files);
  }
  return all;
}

void Implants::seal(const Read& read, const FileSums& files) {
  if (sealed_) return;
  if (options_.isomd5) seal_isomd5();
  if (options_.libisofs) seal_array(read, files);
  sealed_ = true;
}

void Implants::seal_isomd5() {
  disc::Isomd5 sums;
  sums.sum = isomd5_->sums().back().value();
  sums.skip_sectors = layout_.sectors() - body_;
  sums.supported = options_.supported;
  if (isomd5_->sums().size() > 1) {
    sums.fragment_count = disc::kIsomd5Fragments;
    for (size_t i = 0; i + 1 < isomd5_->sums().size(); ++i)
      sums.fragment_digits += disc::isomd5_digits(isomd5_->sums()[i].value(), disc::kIsomd5Fragments);
  }
  isomd5_text_ = disc::isomd5_text(sums);
}

void Implants::seal_array(const Read& read, const FileSums& files) {
  if (options_.isomd5)
    read_through({0, body_}, read, [&](SectorRange range, std::span<std::byte> bytes) {
      lay_over(range, bytes);
      session_->take(range, bytes, {});
    });
  array_bytes_.assign(array_.range.count * kSectorSize, std::byte{});
  const auto entry = [&](uint64_t index) {
    return std::span(array_bytes_).subspan(index * disc::kArrayEntryBytes, disc::kArrayEntryBytes);
  };
  std::ranges::copy(session_->sums()[0].value(), entry(0).begin());
  for (ContentId id = 0; id < tree_.contents.size(); ++id) std::ranges::copy(as_md5(files.sum(id).value()), entry(id + 1).begin());
  const uint64_t last = entries() - 1;
  std::ranges::copy(md5_of(std::span(array_bytes_).first(last * disc::kArrayEntryBytes)), entry(last).begin());

  const uint64_t tag_at = body_ + array_sectors();
  session_->take({body_, array_sectors()}, std::span(array_bytes_).first(array_sectors() * kSectorSize), {});
  disc::LibisofsTag tag;
  tag.kind = disc::TagKind::session;
  tag.position = layout_.session_start + tag_at;
  tag.range = {layout_.session_start, tag_at};
  tag.md5 = session_->sums()[1].value();
  const std::string line = disc::tag_line(tag);
  std::memcpy(array_bytes_.data() + array_sectors() * kSectorSize, line.data(), line.size());
}

void Implants::lay_over(SectorRange range, std::span<std::byte> out) const {
  if (isomd5_text_.empty()) return;
  fsi::lay_over(out, range.first * kSectorSize, std::as_bytes(std::span(isomd5_text_)),
                disc::kFirstDescriptor * kSectorSize + disc::kIsomd5Offset);
}

}  // namespace fsi
