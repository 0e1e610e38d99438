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
void UniqueNames::resolve(std::span<const NameRequest> requests, std::span<const uint32_t> losers, Serials& serials) {
  const auto is_original = [&](std::string_view name) {
    const auto at = std::lower_bound(items_.begin(), items_.end(), name,
                                     [&](const Item& item, std::string_view wanted) { return text(item) < wanted; });
    return at != items_.end() && text(*at) == name;
  };
  std::unordered_map<std::string, uint32_t> next_numbers;  // by the stem with zeros for digits, and how many
  std::unordered_set<Item, TextHash, TextEqual> given(losers.size(), TextHash{*this}, TextEqual{*this});
  std::vector<std::pair<uint32_t, Item>> renamed;
  renamed.reserve(losers.size());
  Identifier candidate;
  unsigned digits = 0;
  uint32_t* next = nullptr;  // number of the stem with so many digits
  for (size_t i = 0; i < losers.size(); ++i) {
    const Item& item = items_[losers[i]];
    const NameRequest& request = requests[item.request];
    const auto use_digits = [&](unsigned count) {
      if (count > kMostDigits)
        throw Error(ErrorKind::limit, printable(request.name), "making its name unique",
                    "more names of its directory collide than can be numbered; spread them over several directories");
      digits = count;
      shape_.make(request.name, request.directory, power_of_ten(digits), candidate);
      next = &next_numbers[std::string(candidate.view()) + static_cast<char>(digits)];
    };
    // What collides with one name, and is of its kind, has its stem and goes on where that one stopped.
    const bool goes_on =
        i > 0 && text(items_[losers[i - 1]]) == text(item) && requests[items_[losers[i - 1]].request].directory == request.directory;
    if (!goes_on) use_digits(kFewestDigits);
    for (bool found = false; !found;) {
      if (*next == power_of_ten(digits)) {
        use_digits(digits + 1);
        continue;
      }
      const uint32_t serial = power_of_ten(digits) + (*next)++;
      const size_t before = text_.size();
      const Item made = make(requests, item.request, serial);
      found = !is_original(text(made)) && given.insert(made).second;
      if (found) {
        serials.emplace_back(request.id, serial);
        renamed.emplace_back(losers[i], made);
      } else {
        text_.resize(before);
      }
    }
  }
  for (const auto& [place, item] : renamed) items_[place] = item;
}

}  // namespace fsi
