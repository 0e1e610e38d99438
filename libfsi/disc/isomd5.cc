#include "libfsi/disc/isomd5.h"

#include <algorithm>
#include <charconv>

#include "libfsi/base/digest.h"

namespace fsi::disc {

namespace {

constexpr std::string_view kSum = "ISO MD5SUM = ", kSkip = "SKIPSECTORS = ", kStatus = "RHLISOSTATUS=", kFragments = "FRAGMENT SUMS = ",
                           kCount = "FRAGMENT COUNT = ", kWarning = "THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!";

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view text, Md5& out) {
  if (text.size() != 2 * out.size()) return false;
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

bool read_number(std::string_view text, uint64_t& out) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  return fault == std::errc{} && end == text.data() + text.size();
}

uint64_t total_bytes(uint64_t sectors) { return sectors * kSectorSize; }

}  // namespace

Isomd5Read read_isomd5(std::span<const std::byte> application_use) {
  const std::string_view all{reinterpret_cast<const char*>(application_use.data()), application_use.size()};
  if (all.find(kSum) == std::string_view::npos) return {};
  Isomd5 sums;
  std::optional<uint64_t> skip, count;
  bool has_sum = false;
  const auto refuse = [](const char* why) { return Isomd5Read{std::nullopt, why}; };
  for (size_t at = 0; at < all.size();) {
    const size_t semicolon = std::min(all.find(';', at), all.size());
    const std::string_view item = all.substr(at, semicolon - at);
    at = semicolon + 1;
    uint64_t number = 0;
    if (item.starts_with(kSum)) {
      if (!read_hex(item.substr(kSum.size()), sums.sum)) return refuse("its sum is not 32 hex digits");
      has_sum = true;
    } else if (item.starts_with(kSkip)) {
      if (!read_number(item.substr(kSkip.size()), number)) return refuse("SKIPSECTORS is not a number");
      skip = number;
    } else if (item.starts_with(kStatus)) {
      if (!read_number(item.substr(kStatus.size()), number)) return refuse("RHLISOSTATUS is not a number");
      sums.supported = number != 0;
    } else if (item.starts_with(kFragments)) {
      sums.fragment_digits = item.substr(kFragments.size());
    } else if (item.starts_with(kCount)) {
      if (!read_number(item.substr(kCount.size()), number)) return refuse("FRAGMENT COUNT is not a number");
      count = number;
    }
  }
  if (!has_sum) return refuse("its sum does not stand at the start of an item");
  if (!skip) return refuse("it does not say SKIPSECTORS");
  if (*skip > UINT32_MAX) return refuse("SKIPSECTORS is larger than any volume");
  sums.skip_sectors = *skip;
  if (count.value_or(0) > kIsomd5FragmentDigits) return refuse("FRAGMENT COUNT is more than the digits there are");
  sums.fragment_count = sums.fragment_digits.empty() ? 0 : static_cast<uint32_t>(count.value_or(0));
  // Of a small image implantisomd5 writes fewer digits, and checkisomd5 compares with what stands behind them: no digits.
  sums.fragment_digits.resize(sums.fragment_count ? kIsomd5FragmentDigits : 0, ';');
  return {std::move(sums), {}};
}

std::string isomd5_text(const Isomd5& sums) {
  std::string text(kSum);
  text += hex(sums.sum) + ";" + std::string(kSkip) + std::to_string(sums.skip_sectors) + ";" + std::string(kStatus) +
          (sums.supported ? "1;" : "0;");
  if (sums.fragment_count) text += std::string(kFragments) + sums.fragment_digits + ";";
  text += std::string(kCount) + std::to_string(sums.fragment_count) + ";";
  return text + std::string(kWarning);
}

std::vector<Isomd5Point> isomd5_points(uint64_t sectors, uint32_t fragments) {
  std::vector<Isomd5Point> points;
  const uint64_t part = total_bytes(sectors) / (fragments + 1);
  if (fragments == 0 || part == 0) return points;
  // Buffer by buffer would take long for a volume of terabytes; the next buffer that begins in a later part does not.
  constexpr uint64_t kBuffer = kIsomd5BufferSectors * kSectorSize;
  for (uint64_t previous = 0; previous < fragments;) {
    const uint64_t offset = ((previous + 1) * part + kBuffer - 1) / kBuffer * kBuffer;
    if (offset >= total_bytes(sectors)) break;
    previous = offset / part;
    points.push_back({static_cast<uint32_t>(previous), std::min(sectors, (offset + kBuffer) / kSectorSize)});
  }
  return points;
}

bool isomd5_fragments_usable(uint64_t sectors) {
  return total_bytes(sectors) / (kIsomd5Fragments + 1) >= kIsomd5BufferSectors * kSectorSize;
}

std::string isomd5_digits(const Md5& state, uint32_t fragments) {
  std::string digits;
  for (size_t i = 0; i < std::min<size_t>(kIsomd5FragmentDigits / fragments, state.size()); ++i) {
    const auto value = std::to_integer<unsigned>(state[i]);
    digits += "0123456789abcdef"[value >= 16 ? value >> 4 : value];
  }
  return digits;
}

}  // namespace fsi::disc
