// A SectorSource that compares what is read through it with another one, sector by sector: an image file, a second disc.
#pragma once

#include <chrono>
#include <mutex>

#include "libfsi/base/timed_source.h"
#include "libfsi/check/compare.h"

namespace fsi {

class AgainstSource final : public SectorSource {
 public:
  /// Sector source_first + n is compared with sector other_first + n of the other one, as far as that goes. What costs
  /// more than `patience` to read of the other one is not compared.
  AgainstSource(const SectorSource& source, uint64_t source_first, const SectorSource& other, uint64_t other_first,
                std::chrono::nanoseconds patience);

  uint64_t sectors() const override { return source_.sectors(); }
  std::string name() const override { return source_.name(); }
  /// Fails as the source does. Thread-safe.
  void read(SectorRange range, std::span<std::byte> out) const override;

  /// So far, in sectors of the source: `different`, `unreadable` in the other one, and how many were compared.
  CompareResult result() const;
  /// Takes up what an earlier run found.
  void go_on(CompareResult earlier);

 private:
  void compare(SectorRange range, std::span<const std::byte> bytes) const;
  bool read_other(SectorRange range, std::span<std::byte> out) const;

  const SectorSource& source_;
  const SectorSource& other_;
  const TimedSource* const timed_;
  const uint64_t source_first_, other_first_;
  const std::chrono::nanoseconds patience_;
  mutable std::mutex mutex_;
  mutable CompareResult result_;
  mutable std::chrono::nanoseconds trouble_{};
};

}  // namespace fsi
