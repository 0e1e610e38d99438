#include "librecorder/virtual/faults.h"

#include <algorithm>
#include <charconv>

#include "libfsi/base/error.h"
#include "libfsi/base/wire.h"
#include "librecorder/scsi/opcode.h"

namespace rec::virt {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view spec) : spec_(spec) { fault_.spec = spec; }

  Fault parse() {
    for (std::string_view rest = spec_; !rest.empty() || words_ == 0;) {
      const size_t comma = rest.find(',');
      take(rest.substr(0, comma));
      ++words_;
      if (comma == rest.npos) break;
      rest.remove_prefix(comma + 1);
      if (rest.empty()) wrong("it ends with a comma");
    }
    if (!action_) wrong("it does not say what happens; add sense=K/AA/QQ, corrupt, timeout, residual=N, slow=N or gone");
    if (!any_op_ && !fault_.opcode && !fault_.first_lba && !fault_.only_read && !fault_.only_write)
      wrong("it does not say to which commands; add op=HEX, op=*, lba=N, read or write");
    if (fault_.action == Fault::Action::corrupt && !fault_.first_lba) wrong("corrupt needs lba=N");
    if (fault_.only_read && fault_.only_write) wrong("a command does not both read and write; leave one out, or both");
    if (!times_) fault_.times = fault_.first_lba ? Fault::kAlways : 1;
    return fault_;
  }

 private:
  [[noreturn]] void wrong(const std::string& why) const {
    throw fsi::Error(fsi::ErrorKind::usage, "--fault " + fsi::printable(spec_), "reading the fault", why);
  }

  uint32_t number(std::string_view text, int base, uint64_t least, uint64_t most, std::string_view word) const {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
      wrong("`" + fsi::printable(text) + "` in `" + fsi::printable(word) + "` is not a number from " + std::to_string(least) + " to " +
            std::to_string(most) + (base == 16 ? " in hexadecimal" : ""));
    return static_cast<uint32_t>(value);
  }

  void act(Fault::Action action) {
    if (action_) wrong("it says twice what happens; give one fault for each");
    action_ = true;
    fault_.action = action;
  }

  void take(std::string_view word) {
    const size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    const bool has_value = equals != word.npos;
    const std::string_view value = has_value ? word.substr(equals + 1) : std::string_view{};

    if (name == "op" && has_value) {
      if (value == "*")
        any_op_ = true;
      else
        fault_.opcode = static_cast<uint8_t>(number(value, 16, 0, 0xFF, word));
    } else if (name == "lba" && has_value) {
      const size_t dash = value.find('-');
      fault_.first_lba = number(value.substr(0, dash), 10, 0, UINT32_MAX, word);
      fault_.last_lba = dash == value.npos ? *fault_.first_lba : number(value.substr(dash + 1), 10, *fault_.first_lba, UINT32_MAX, word);
    } else if (name == "nth" && has_value) {
      fault_.nth = number(value, 10, 1, UINT32_MAX, word);
    } else if (name == "times" && has_value) {
      fault_.times = number(value, 10, 1, UINT32_MAX - 1, word);
      times_ = true;
    } else if (word == "always") {
      fault_.times = Fault::kAlways;
      times_ = true;
    } else if (word == "read") {
      fault_.only_read = true;
    } else if (word == "write") {
      fault_.only_write = true;
    } else if (name == "sense" && has_value) {
      act(Fault::Action::sense);
      const size_t first = value.find('/'), second = value.find('/', first == value.npos ? first : first + 1);
      if (second == value.npos) wrong("`" + fsi::printable(word) + "` is not a sense; write sense=K/AA/QQ, as in sense=3/0C/00");
      fault_.key = static_cast<uint8_t>(number(value.substr(0, first), 16, 0, 0x0F, word));
      fault_.asc = static_cast<uint8_t>(number(value.substr(first + 1, second - first - 1), 16, 0, 0xFF, word));
      fault_.ascq = static_cast<uint8_t>(number(value.substr(second + 1), 16, 0, 0xFF, word));
    } else if (name == "residual" && has_value) {
      act(Fault::Action::residual);
      fault_.residual = number(value, 10, 1, UINT32_MAX, word);
    } else if (name == "slow" && has_value) {
      act(Fault::Action::slow);
      fault_.milliseconds = number(value, 10, 1, UINT32_MAX, word);
    } else if (word == "corrupt") {
      act(Fault::Action::corrupt);
    } else if (word == "timeout") {
      act(Fault::Action::timeout);
    } else if (word == "gone") {
      act(Fault::Action::gone);
    } else {
      wrong("`" + fsi::printable(word) +
            "` is not a word of a fault; there are op= lba= read write nth= times= always sense= corrupt timeout residual= slow= gone");
    }
  }

  std::string_view spec_;
  Fault fault_;
  size_t words_ = 0;
  bool action_ = false, any_op_ = false, times_ = false;
};

bool is_write(uint8_t opcode) { return opcode == op::kWrite10 || opcode == op::kWrite12 || opcode == op::kWriteAndVerify10; }

bool overlaps(const Fault& fault, const BlockRange& range) {
  const uint64_t end = uint64_t{range.first} + range.count;
  return *fault.first_lba < end && *fault.last_lba >= range.first;
}

bool matches(const Fault& fault, const Cdb& cdb) {
  if (fault.opcode && *fault.opcode != cdb.opcode()) return false;
  if (!fault.first_lba && !fault.only_read && !fault.only_write) return true;
  const auto range = blocks_of(cdb);
  if (!range) return false;
  if (fault.only_read && is_write(cdb.opcode())) return false;
  if (fault.only_write && !is_write(cdb.opcode())) return false;
  return !fault.first_lba || overlaps(fault, *range);
}

/// Counts a matching command; true when the fault happens to it.
bool happens(Fault& fault) {
  if (fault.fired >= fault.times || ++fault.seen < fault.nth) return false;
  ++fault.fired;
  return true;
}

}  // namespace

Fault parse_fault(std::string_view spec) { return Parser(spec).parse(); }

std::optional<BlockRange> blocks_of(const Cdb& cdb) {
  fsi::Be32 lba, length32;
  fsi::Be24 length24;
  fsi::Be16 length16;
  const auto bytes = std::as_bytes(std::span(cdb.bytes));
  if (!fsi::load(bytes, 2, lba) || !fsi::load(bytes, 6, length32) || !fsi::load(bytes, 6, length24) || !fsi::load(bytes, 7, length16))
    return {};
  switch (cdb.opcode()) {
    case op::kRead10:
    case op::kWrite10:
    case op::kWriteAndVerify10:
    case op::kVerify10: return BlockRange{lba, length16};
    case op::kRead12:
    case op::kWrite12:
    case op::kVerify12: return BlockRange{lba, length32};
    case op::kReadCd: return BlockRange{lba, length24};
    default: return {};
  }
}

Fault* next_fault(std::vector<Fault>& faults, const Command& command) {
  const auto is_done = [](const Fault& fault) {
    return fault.action == Fault::Action::slow || (fault.action == Fault::Action::sense && fault.key == 1);
  };
  Fault* found = nullptr;
  for (Fault& fault : faults) {
    if (fault.action == Fault::Action::corrupt || !matches(fault, command.cdb) || !happens(fault)) continue;
    if (!found || (is_done(*found) && !is_done(fault))) found = &fault;
  }
  return found;
}

bool corrupt(std::vector<Fault>& faults, const Cdb& cdb, std::span<std::byte> data, uint32_t block_bytes) {
  const auto range = blocks_of(cdb);
  if (!range) return false;
  bool used_up = false;
  for (Fault& fault : faults) {
    if (fault.action != Fault::Action::corrupt || !matches(fault, cdb) || !happens(fault)) continue;
    used_up |= fault.times != Fault::kAlways;
    const uint64_t from = std::max(*fault.first_lba, range->first);
    const uint64_t to = std::min<uint64_t>(uint64_t{*fault.last_lba} + 1, uint64_t{range->first} + range->count);
    for (uint64_t lba = from; lba < to; ++lba) {
      // Always the same bit of a block, so that reading twice does not reveal it; not the first byte, which zeros often start.
      const uint64_t at = (lba - range->first) * block_bytes + lba % block_bytes;
      if (at < data.size()) data[at] ^= std::byte{0x10};
    }
  }
  return used_up;
}

}  // namespace rec::virt
