// Any bytes as an image: the whole recipe of verify must come to an end, and so must reading the files. libFuzzer's entry; the unit tests
// drive the same entry with mutated images. Build by hand:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/read_fuzz.cc libfsi/base/*.cc libfsi/read/*.cc
//   libfsi/check/*.cc libfsi/disc/*.cc -lxxhash -lcrypto -lz
#include "tests/fuzz/read_fuzz.h"

#include <array>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/check/contents.h"
#include "libfsi/check/verify.h"
#include "libfsi/read/content.h"

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
  try {
    fsi::ImageContents contents(source, {});
    std::array<std::byte, 5000> bytes;
    contents.list([&](const fsi::TreeEntry& entry, std::string_view) {
      const fsi::EntryContent content(entry);
      try {
        if (content.size() > 0) content.read(source, content.size() / 2, bytes);
      } catch (const fsi::Error&) {
      }
    });
  } catch (const fsi::Error&) {
  }
  return 0;
}
