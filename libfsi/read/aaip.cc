#include "libfsi/read/aaip.h"

namespace fsi {

namespace {

constexpr unsigned char kContinues = 1, kIsofs = 4;

// One component: a record, or several of which all but the last say that they go on.
std::optional<std::string> take_component(std::string_view& rest) {
  std::string component;
  while (rest.size() >= 2) {
    const auto flags = static_cast<unsigned char>(rest[0]);
    const auto length = static_cast<unsigned char>(rest[1]);
    rest.remove_prefix(2);
    if (length > rest.size()) return std::nullopt;
    component += rest.substr(0, length);
    rest.remove_prefix(length);
    if (!(flags & kContinues)) return component;
  }
  return std::nullopt;
}

bool same_name(std::string_view recorded, std::string_view name) {
  constexpr std::string_view kLong = "isofs.";
  if (recorded == name) return true;
  return !name.empty() && name.front() == kIsofs && recorded.starts_with(kLong) && recorded.substr(kLong.size()) == name.substr(1);
}

}  // namespace

std::optional<std::string> find_attribute(std::string_view attributes, std::string_view name) {
  while (!attributes.empty()) {
    const auto recorded = take_component(attributes);
    if (!recorded) break;
    auto value = take_component(attributes);
    if (value && same_name(*recorded, name)) return value;
  }
  return std::nullopt;
}

}  // namespace fsi
