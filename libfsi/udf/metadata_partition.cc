#include "libfsi/udf/metadata_partition.h"

#include "libfsi/base/error.h"
#include "libfsi/udf/allocation.h"
#include "libfsi/udf/icb.h"

namespace fsi::udf {

namespace {

// The longest extent that is whole allocation units.
constexpr uint32_t kUnitBytes = disc::kMetadataUnit * kSectorSize;
constexpr uint32_t kLongestMetadataExtent = disc::kLongestExtent / kUnitBytes * kUnitBytes;

}  // namespace

FileSetRegion::FileSetRegion(const FileSet& files, Role role) : files_(files), role_(role) {
  zone = role == Role::mirror_copy ? Zone::tail : Zone::fixed;
  fixed_at = kPartitionAt + (role == Role::metadata_file ? kMetadataFileAt : 0);
  align = role == Role::plain ? 1 : disc::kMetadataUnit;
}

std::string FileSetRegion::what() const {
  switch (role_) {
    case Role::plain: return "UDF file entries and directories";
    case Role::metadata_file: return "UDF metadata file";
    default: return "UDF metadata mirror file";
  }
}

uint64_t FileSetRegion::measure() {
  if (role_ == Role::plain) return files_.blocks();
  return (files_.blocks() + disc::kMetadataUnit - 1) / disc::kMetadataUnit * disc::kMetadataUnit;
}

void FileSetRegion::render(uint64_t first, std::span<std::byte> out) const {
  const ReadContent none = [&](ContentId, uint64_t, std::span<std::byte>) {
    throw Error(ErrorKind::failed, what(), "rendering it", "it holds files' data, and nothing was given to read them with");
  };
  files_.render(none, first, out);
}

void FileSetRegion::render_with(const ReadContent& read, uint64_t first, std::span<std::byte> out) const {
  files_.render(read, first, out);
}

void FileSetRegion::describe(std::vector<std::pair<std::string, SectorRange>>& parts) const {
  parts.emplace_back(what() + ": file set descriptor", SectorRange{0, 2});
  parts.emplace_back(what(), SectorRange{2, range.count - 2});
}

MetadataIcbRegion::MetadataIcbRegion(const Volume& volume, const Layout& layout, const Form& form, const Region& file, bool mirror)
    : volume_(volume), layout_(layout), form_(form), file_(file), mirror_(mirror) {
  zone = mirror ? Zone::tail : Zone::fixed;
  fixed_at = kPartitionAt;
}

void MetadataIcbRegion::render(uint64_t, std::span<std::byte> out) const {
  const uint64_t partition = layout_.session_start + kPartitionAt;
  AllocationRun run;
  run.block = file_.range.first - partition;
  run.bytes = file_.range.count * kSectorSize;
  run.longest = kLongestMetadataExtent;

  IcbFacts facts;
  facts.type = mirror_ ? disc::FileType::metadata_mirror : disc::FileType::metadata;
  facts.uid = facts.gid = UINT32_MAX;  // nobody's
  facts.links = 0;                     // no file identifier names it
  facts.bytes = run.bytes;
  facts.blocks = file_.range.count;
  facts.mtime = facts.atime = facts.ctime = volume_.created;
  const auto room = out.subspan(kSectorSize - icb_room(form_));
  const AllocationChain chain(run, room.size());
  if (chain.extents()) throw Error(ErrorKind::limit, what(), "recording its extents", "the metadata would pass 229 GiB; split the source");
  const size_t used = chain.put_in_icb(room, 0, 0);
  put_icb(form_, facts, room.first(used), static_cast<uint32_t>(range.first - partition), out);
}

}  // namespace fsi::udf
