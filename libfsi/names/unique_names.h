// Makes the recorded names of one directory unique and puts them in order. The result depends on the names
// alone, never on the order of arrival, and the work grows with their number, whatever they are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "libfsi/names/name_shape.h"

namespace fsi {

/// What is to be named.
struct NameRequest {
  std::string_view name;
  uint32_t id = 0;
  bool directory = false;
};

using Serials = std::vector<std::pair<uint32_t, uint32_t>>;  // id, serial

/// Writes the ids of `requests` into `order` (as many), sorted by recorded name. Of names that collide the one with the
/// lowest id stays as it is, the others get serials, which are appended to `serials`. Keeps its buffers: use one
/// for many directories; not for two threads at a time. Throws Error{limit} when a name has too many collisions.
class UniqueNames {
 public:
  explicit UniqueNames(const NameShape& shape) : shape_(shape) {}
  void arrange(std::span<const NameRequest> requests, std::span<uint32_t> order, Serials& serials);

 private:
  struct Item {
    uint64_t prefix;  // the first eight bytes of the recorded name, so that most comparisons need no more
    uint64_t offset;  // of the recorded name in text_
    uint32_t request;
    uint32_t length;
  };
  struct TextHash {
    const UniqueNames& names;
    size_t operator()(const Item& item) const { return std::hash<std::string_view>()(names.text(item)); }
  };
  struct TextEqual {
    const UniqueNames& names;
    bool operator()(const Item& a, const Item& b) const { return names.text(a) == names.text(b); }
  };
  std::string_view text(const Item& item) const { return {text_.data() + item.offset, item.length}; }
  Item make(std::span<const NameRequest> requests, uint32_t request, uint32_t serial);
  void sort(std::span<const NameRequest> requests);
  void resolve(std::span<const NameRequest> requests, std::span<const uint32_t> losers, Serials& serials);

  const NameShape& shape_;
  std::vector<Item> items_;
  std::vector<char> text_;
};

}  // namespace fsi
