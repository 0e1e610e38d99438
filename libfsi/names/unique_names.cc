#include "libfsi/names/unique_names.h"

#include <tbb/parallel_sort.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

uint64_t prefix_of(std::string_view text) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) prefix = prefix << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return prefix;
}

constexpr uint32_t power_of_ten(unsigned exponent) {
  uint32_t power = 1;
  while (exponent--) power *= 10;
  return power;
}

constexpr size_t kManyNames = 1 << 15;  // from here on a second thread pays

}  // namespace

UniqueNames::Item UniqueNames::make(std::span<const NameRequest> requests, uint32_t request, uint32_t serial) {
  Identifier name;
  shape_.make(requests[request].name, requests[request].directory, serial, name);
  const Item item{prefix_of(name.view()), text_.size(), request, static_cast<uint32_t>(name.size())};
  text_.insert(text_.end(), name.view().begin(), name.view().end());
  return item;
}

void UniqueNames::sort(std::span<const NameRequest> requests) {
  const auto before = [&](const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    const int order = text(a).compare(text(b));
    return order != 0 ? order < 0 : requests[a.request].id < requests[b.request].id;
  };
  if (std::is_sorted(items_.begin(), items_.end(), before)) return;  // as the tree's order usually is
  if (items_.size() < kManyNames)
    std::sort(items_.begin(), items_.end(), before);
  else
    tbb::parallel_sort(items_.begin(), items_.end(), before);
}

void UniqueNames::arrange(std::span<const NameRequest> requests, std::span<uint32_t> order, Serials& serials) {
  items_.clear();
  text_.clear();
  for (uint32_t i = 0; i < requests.size(); ++i) items_.push_back(make(requests, i, 0));
  sort(requests);
  std::vector<uint32_t> losers;
  for (size_t i = 1; i < items_.size(); ++i)
    if (text(items_[i]) == text(items_[i - 1])) losers.push_back(static_cast<uint32_t>(i));
  if (!losers.empty()) {
    resolve(requests, losers, serials);
    sort(requests);
  }
  for (size_t i = 0; i < items_.size(); ++i) order[i] = requests[items_[i].request].id;
}

// Every loser takes the next free number of its stem. A number is tried once for each stem, and is refused only
// because another name of the directory is in its way: the tries are never more than the names.
void UniqueNames::resolve(std::span<const NameRequest> requests, std::vector<uint32_t>& losers, Serials& serials) {
  const auto is_original = [&](std::string_view name) {  // also of a loser: its first name is its winner's
    const auto at = std::lower_bound(items_.begin(), items_.end(), name,
                                     [&](const Item& item, std::string_view wanted) { return text(item) < wanted; });
    return at != items_.end() && text(*at) == name;
  };
  std::sort(losers.begin(), losers.end(),
            [&](uint32_t a, uint32_t b) { return requests[items_[a].request].id < requests[items_[b].request].id; });

  std::unordered_map<std::string, uint32_t> next_numbers;  // by the stem with zeros for digits, and their number
  std::unordered_set<std::string> given;
  std::vector<std::pair<uint32_t, Item>> renamed;
  Identifier candidate;
  for (const uint32_t loser : losers) {
    const NameRequest& request = requests[items_[loser].request];
    uint32_t serial = 0;
    for (unsigned digits = kFewestDigits; digits <= kMostDigits && !serial; ++digits) {
      const uint32_t zero = power_of_ten(digits);
      shape_.make(request.name, request.directory, zero, candidate);
      uint32_t& next = next_numbers[std::string(candidate.view()) + static_cast<char>(digits)];
      while (next < zero && !serial) {
        shape_.make(request.name, request.directory, zero + next, candidate);
        if (!is_original(candidate.view()) && given.emplace(candidate.view()).second) serial = zero + next;
        ++next;
      }
    }
    if (!serial)
      throw Error(ErrorKind::limit, printable(request.name), "making its name unique",
                  "more names of its directory collide than can be numbered; spread them over several directories");
    serials.emplace_back(request.id, serial);
    renamed.emplace_back(loser, make(requests, items_[loser].request, serial));
  }
  for (const auto& [place, item] : renamed) items_[place] = item;
}

}  // namespace fsi
