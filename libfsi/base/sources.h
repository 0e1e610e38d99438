// Sources made of other sources, or of nothing: several one after the other, a part of one, several woven block by block, zeros,
// and numbers that look random and are always the same. What they are made of must not change meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libfsi/base/sectors.h"

namespace fsi {

/// Several sources, one after the other. The same one may come more than once.
class ConcatSource final : public SectorSource {
 public:
  explicit ConcatSource(std::vector<std::shared_ptr<const SectorSource>> parts);
  uint64_t sectors() const override { return starts_.back(); }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override;

 private:
  std::vector<std::shared_ptr<const SectorSource>> parts_;
  std::vector<uint64_t> starts_;  // of each part, and the end of the last
};

/// Some sectors of a source, counted from 0.
class RangeSource final : public SectorSource {
 public:
  /// Throws Error{usage} when the range does not lie inside the source.
  RangeSource(std::shared_ptr<const SectorSource> source, SectorRange range);
  uint64_t sectors() const override { return range_.count; }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override { return source_->name(); }

 private:
  std::shared_ptr<const SectorSource> source_;
  SectorRange range_;
};

/// Blocks of several sources in turn, as 2352 bytes of a CD's sector and the 96 of its subchannel. The last sector is filled up
/// with zeros.
class InterleaveSource final : public SectorSource {
 public:
  struct Part {
    std::shared_ptr<const SectorSource> source;
    uint64_t bytes = 0;  ///< of the source that count, from its start
    uint32_t block = 0;  ///< bytes that are taken each turn
  };
  /// Throws Error{usage} when a part is no whole number of blocks or longer than its source, or when they do not end together.
  explicit InterleaveSource(std::vector<Part> parts);
  /// Bytes that are not filling.
  uint64_t bytes() const { return turns_ * stride_; }
  uint64_t sectors() const override { return sectors_for(bytes()); }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override;

 private:
  std::vector<Part> parts_;
  uint64_t turns_ = 0, stride_ = 0;
};

class ZeroSource final : public SectorSource {
 public:
  explicit ZeroSource(uint64_t sectors) : sectors_(sectors) {}
  uint64_t sectors() const override { return sectors_; }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override { return "zeros"; }

 private:
  uint64_t sectors_;
};

/// SplitMix64 by position: the same seed gives the same bytes on every machine, wherever the reading begins. Not for secrets.
class RandomSource final : public SectorSource {
 public:
  RandomSource(uint64_t seed, uint64_t sectors) : seed_(seed), sectors_(sectors) {}
  uint64_t sectors() const override { return sectors_; }
  void read(SectorRange range, std::span<std::byte> out) const override;
  std::string name() const override { return "random numbers of seed " + std::to_string(seed_); }

 private:
  uint64_t seed_, sectors_;
};

}  // namespace fsi
