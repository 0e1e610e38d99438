#include "libfsi/read/data.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "libfsi/base/error.h"

namespace fsi {

FileData::FileData(std::vector<DataExtent> extents) : extents_(std::move(extents)) {
  ends_.reserve(extents_.size());
  uint64_t end = 0;
  for (const DataExtent& extent : extents_) ends_.push_back(end += extent.bytes);
}

std::optional<DataExtent> FileData::run_at(uint64_t offset) const {
  const auto it = std::ranges::upper_bound(ends_, offset);
  if (it == ends_.end()) return std::nullopt;
  DataExtent run = extents_[static_cast<size_t>(it - ends_.begin())];
  const uint64_t inside = run.bytes - (*it - offset);
  run.bytes -= inside;
  if (run.kind == DataExtent::Kind::recorded) run.first += inside;
  return run;
}

size_t FileData::read(const SectorSource& source, uint64_t offset, std::span<std::byte> out) const {
  size_t done = 0;
  while (done < out.size()) {
    const auto run = run_at(offset + done);
    if (!run) break;
    const auto part = out.subspan(done, static_cast<size_t>(std::min<uint64_t>(run->bytes, out.size() - done)));
    switch (run->kind) {
      case DataExtent::Kind::recorded: read_bytes(source, run->first, part); break;
      case DataExtent::Kind::zeros: std::ranges::fill(part, std::byte{0}); break;
      case DataExtent::Kind::lost:
        throw Error(ErrorKind::corrupt, source.name(), "reading a file",
                    "its structures do not say where its data lies; verify names the fault");
    }
    done += part.size();
  }
  return done;
}

void read_bytes(const SectorSource& source, uint64_t first, std::span<std::byte> out) {
  const uint64_t end = source.sectors() * kSectorSize;
  if (first > end || out.size() > end - first)
    throw Error(ErrorKind::corrupt, source.name(), "reading a file", "its data lies beyond the end; the image is truncated or damaged");
  std::array<std::byte, kSectorSize> sector;
  while (!out.empty()) {
    const size_t inside = first % kSectorSize;
    if (inside == 0 && out.size() >= kSectorSize) {
      const size_t whole = out.size() / kSectorSize * kSectorSize;
      source.read({first / kSectorSize, whole / kSectorSize}, out.first(whole));
      out = out.subspan(whole);
      first += whole;
      continue;
    }
    source.read({first / kSectorSize, 1}, sector);
    const size_t part = std::min(out.size(), kSectorSize - inside);
    std::memcpy(out.data(), sector.data() + inside, part);
    out = out.subspan(part);
    first += part;
  }
}

}  // namespace fsi
