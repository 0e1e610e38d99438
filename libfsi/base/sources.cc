#include "libfsi/base/sources.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "libfsi/base/error.h"
#include "libfsi/base/wire.h"

namespace fsi {

namespace {

constexpr const char* kDoing = "making a stream of others";

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " + ") + name;
  return text;
}

// SplitMix64 (Steele, Lea, Flood 2014): the state is a counter, so any word can be had without those before it.
uint64_t mixed(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
  state = (state ^ (state >> 27)) * 0x94D049BB133111EB;
  return state ^ (state >> 31);
}

// Bytes of a source that has sectors.
void read_bytes(const SectorSource& source, uint64_t offset, std::span<std::byte> out) {
  const uint64_t first = offset / kSectorSize, count = sectors_for(offset + out.size()) - first;
  std::vector<std::byte> whole(count * kSectorSize);
  source.read({first, count}, whole);
  std::copy_n(whole.begin() + static_cast<ptrdiff_t>(offset % kSectorSize), out.size(), out.begin());
}

}  // namespace

ConcatSource::ConcatSource(std::vector<std::shared_ptr<const SectorSource>> parts) : parts_(std::move(parts)), starts_{0} {
  for (const auto& part : parts_) {
    uint64_t end = 0;
    if (__builtin_add_overflow(starts_.back(), part->sectors(), &end))
      throw Error(ErrorKind::usage, part->name(), kDoing, "together they have more sectors than can be counted");
    starts_.push_back(end);
  }
}

void ConcatSource::read(SectorRange range, std::span<std::byte> out) const {
  auto part = static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end() - 1, range.first) - starts_.begin()) - 1;
  for (; range.count > 0; ++part) {
    const uint64_t here = std::min(range.count, starts_[part + 1] - range.first);
    if (here > 0) parts_[part]->read({range.first - starts_[part], here}, out.first(here * kSectorSize));
    out = out.subspan(here * kSectorSize);
    range = {range.first + here, range.count - here};
  }
}

std::string ConcatSource::name() const {
  std::vector<std::string> names;
  for (const auto& part : parts_) names.push_back(part->name());
  return joined(names);
}

RangeSource::RangeSource(std::shared_ptr<const SectorSource> source, SectorRange range) : source_(std::move(source)), range_(range) {
  if (range_.first > source_->sectors() || range_.count > source_->sectors() - range_.first)
    throw Error(ErrorKind::usage, source_->name(), kDoing,
                "it has " + std::to_string(source_->sectors()) + " sectors, and " + std::to_string(range_.count) + " from sector " +
                    std::to_string(range_.first) + " are not among them");
}

void RangeSource::read(SectorRange range, std::span<std::byte> out) const { source_->read({range_.first + range.first, range.count}, out); }

InterleaveSource::InterleaveSource(std::vector<Part> parts) : parts_(std::move(parts)) {
  for (const Part& part : parts_) {
    const auto refuse = [&](const std::string& why) { throw Error(ErrorKind::usage, part.source->name(), kDoing, why); };
    if (part.block == 0) refuse("a block has at least one byte");
    if (part.bytes % part.block)
      refuse("its " + std::to_string(part.bytes) + " bytes are no whole number of blocks of " + std::to_string(part.block));
    if (sectors_for(part.bytes) > part.source->sectors())
      refuse("it has " + std::to_string(part.source->sectors()) + " sectors, too few for " + std::to_string(part.bytes) + " bytes");
    const uint64_t turns = part.bytes / part.block;
    if (&part == parts_.data()) turns_ = turns;
    if (turns != turns_)
      refuse("it has " + std::to_string(turns) + " blocks, and the first one has " + std::to_string(turns_) + "; they must end together");
    stride_ += part.block;
  }
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(turns_, stride_, &bytes)) throw Error(ErrorKind::usage, name(), kDoing, "together they are too long");
}

void InterleaveSource::read(SectorRange range, std::span<std::byte> out) const {
  const uint64_t from = range.first * kSectorSize, to = std::min(from + out.size(), bytes());
  std::fill(out.begin(), out.end(), std::byte{0});
  if (from >= to) return;
  // All that each part gives to these turns at once, then block by block to where it belongs.
  const uint64_t first_turn = from / stride_, end_turn = (to + stride_ - 1) / stride_;
  uint64_t before = 0;  // in a turn, of the other parts
  std::vector<std::byte> blocks;
  for (const Part& part : parts_) {
    blocks.resize((end_turn - first_turn) * part.block);
    read_bytes(*part.source, first_turn * part.block, blocks);
    for (uint64_t turn = first_turn; turn < end_turn; ++turn) {
      const uint64_t at = turn * stride_ + before, begin = std::max(at, from), end = std::min(at + part.block, to);
      if (begin < end)
        std::memcpy(out.data() + (begin - from), blocks.data() + (turn - first_turn) * part.block + (begin - at), end - begin);
    }
    before += part.block;
  }
}

std::string InterleaveSource::name() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) names.push_back(part.source->name());
  return joined(names);
}

void ZeroSource::read(SectorRange, std::span<std::byte> out) const { std::fill(out.begin(), out.end(), std::byte{0}); }

void RandomSource::read(SectorRange range, std::span<std::byte> out) const {
  constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
  uint64_t state = seed_ + (range.first * (kSectorSize / sizeof(uint64_t))) * kGoldenRatio;
  for (size_t at = 0; at < out.size(); at += sizeof(uint64_t)) {
    const Le64 word = mixed(state += kGoldenRatio);
    std::memcpy(out.data() + at, &word, sizeof word);
  }
}

}  // namespace fsi
