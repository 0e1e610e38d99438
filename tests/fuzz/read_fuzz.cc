// Any bytes as an image: the whole recipe of verify must come to an end. libFuzzer's entry; the unit tests drive the
// same entry with mutated images. Build by hand:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/read_fuzz.cc libfsi/base/*.cc libfsi/read/*.cc
//   libfsi/check/*.cc -lxxhash -lcrypto
#include "tests/fuzz/read_fuzz.h"

#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/check/verify.h"

namespace {

class BorrowedSource final : public fsi::SectorSource {
 public:
  BorrowedSource(const uint8_t* data, size_t size) : data_(data), sectors_(size / fsi::kSectorSize) {}
  uint64_t sectors() const override { return sectors_; }
  void read(fsi::SectorRange range, std::span<std::byte> out) const override {
    if (range.end() < range.first || range.end() > sectors_ || out.size() != range.count * fsi::kSectorSize) __builtin_trap();
    std::memcpy(out.data(), data_ + range.first * fsi::kSectorSize, out.size());
  }
  std::string name() const override { return "fuzz"; }

 private:
  const uint8_t* data_;
  uint64_t sectors_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const BorrowedSource source(data, size);
  fsi::VerifyOptions options;
  options.threads = 1;
  options.level = fsi::VerifyOptions::Level::quick;
  fsi::verify(source, options);
  return 0;
}
