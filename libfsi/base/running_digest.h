// A digest that takes its bytes piece by piece: MD5, SHA-256, XXH128. For checksums that others define over a file or a
// run of sectors; the manifest's own digests are one shot (digest.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fsi {

/// The kinds that md5sum, sha256sum and xxh128sum compute.
enum class SumKind : uint8_t { md5, sha256, xxh128 };

/// Bytes of a sum: 16 or 32.
size_t sum_size(SumKind kind);
std::string_view sum_name(SumKind kind);
/// "md5", "sha256", "xxh128". Throws Error{usage} that names `option`.
SumKind parse_sum_kind(std::string_view word, const std::string& option);

/// The first sum_size() bytes, the rest is zero. XXH128 in its canonical (big-endian) form.
using Sum = std::array<std::byte, 32>;
using Md5 = std::array<std::byte, 16>;

/// Move only. Not for two threads at a time.
class RunningDigest {
 public:
  explicit RunningDigest(SumKind kind);
  ~RunningDigest();
  RunningDigest(RunningDigest&&) noexcept;
  RunningDigest& operator=(RunningDigest&&) noexcept;

  void add(std::span<const std::byte> bytes);
  /// Of all bytes so far; more may follow.
  Sum value() const;
  /// The same, and starts again from nothing: cheaper than a new one.
  Sum finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Md5 md5_of(std::span<const std::byte> bytes);
inline Md5 as_md5(const Sum& sum) {
  Md5 md5;
  for (size_t i = 0; i < md5.size(); ++i) md5[i] = sum[i];
  return md5;
}

}  // namespace fsi
