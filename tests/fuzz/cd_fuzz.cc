// Any bytes as a cue sheet, a toc file or packs of CD-TEXT: an Error or a value, and nothing else. libFuzzer's entry, which the unit
// tests drive with mutated descriptions. No file that a description names is opened. Build by hand:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/cd_fuzz.cc libfsi/base/*.cc librecorder/cd/{cue_file,
//   toc_file,sheet,cd_text,layout,sector,subchannel,byte_source,audio_file}.cc -lxxhash -lcrypto -lsndfile
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "libfsi/base/error.h"
#include "librecorder/cd/sheet.h"

namespace {

/// What open_sheet() relies on.
void check(const rec::cd::Sheet& sheet) {
  if (sheet.tracks.empty()) __builtin_trap();
  for (const auto& track : sheet.tracks) {
    if (track.pieces.empty() || track.indexes.empty() || track.indexes.front().number != 1) __builtin_trap();
    for (const auto& piece : track.pieces)
      if (piece.file && *piece.file >= sheet.files.size()) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check(rec::cd::parse_cue(text, "fuzz.cue"));
  } catch (const fsi::Error&) {
  }
  try {
    check(rec::cd::parse_toc(text, "fuzz.toc"));
  } catch (const fsi::Error&) {
  }
  const auto decoded = rec::cd::decode_cd_text(std::as_bytes(std::span(data, size)));
  try {
    // What was read can be written again.
    if (!decoded.text.empty()) rec::cd::encode_cd_text(decoded.text, 1, 99);
  } catch (const fsi::Error&) {
  }
  return 0;
}
