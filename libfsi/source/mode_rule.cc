#include "libfsi/source/mode_rule.h"

#include <string>

#include "libfsi/base/error.h"

namespace fsi {

namespace {
constexpr uint16_t kSetUid = 04000, kSetGid = 02000, kSticky = 01000;
}

ModeRule ModeRule::parse(std::string_view text) {
  ModeRule rule;
  size_t begin = 0;
  do {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view clause = text.substr(begin, end - begin);
    auto refuse = [&](const char* why) -> Error {
      return {ErrorKind::usage, printable(text), "reading a mode",
              "'" + printable(clause) + "' " + why + "; write it as for chmod, for example 644, a+rX or D755,F644"};
    };
    Step step{};
    step.directories = step.files = true;
    size_t i = 0;
    if (i < clause.size() && (clause[i] == 'D' || clause[i] == 'F')) {
      (clause[i] == 'D' ? step.files : step.directories) = false;
      ++i;
    }
    if (i == clause.size()) throw refuse("is empty");
    if (clause[i] >= '0' && clause[i] <= '7') {
      unsigned value = 0;
      for (; i < clause.size(); ++i) {
        if (clause[i] < '0' || clause[i] > '7') throw refuse("is not an octal number");
        value = value * 8 + static_cast<unsigned>(clause[i] - '0');
        if (value > 07777) throw refuse("is more than 7777");
      }
      step.octal = true;
      step.bits = static_cast<uint16_t>(value);
      rule.steps_.push_back(step);
    } else {
      uint16_t who = 0;
      for (; i < clause.size(); ++i) {
        if (clause[i] == 'u')
          who |= 0700 | kSetUid;
        else if (clause[i] == 'g')
          who |= 0070 | kSetGid;
        else if (clause[i] == 'o')
          who |= 0007 | kSticky;
        else if (clause[i] == 'a')
          who |= 07777;
        else
          break;
      }
      // The sticky bit belongs to nobody: `u+t` sets it as well, as in chmod.
      step.who = who == 0 ? 07777 : who;
      if (i == clause.size()) throw refuse("has no +, - or =");
      while (i < clause.size()) {
        step.op = clause[i];
        if (step.op != '+' && step.op != '-' && step.op != '=') throw refuse("has no +, - or = where one belongs");
        ++i;
        step.bits = 0;
        step.x_if_any = false;
        step.copy = 0;
        for (; i < clause.size() && clause[i] != '+' && clause[i] != '-' && clause[i] != '='; ++i) {
          switch (clause[i]) {
            case 'r': step.bits |= 0444; break;
            case 'w': step.bits |= 0222; break;
            case 'x': step.bits |= 0111; break;
            case 'X': step.x_if_any = true; break;
            case 's': step.bits |= kSetUid | kSetGid; break;
            case 't': step.bits |= kSticky; break;
            case 'u':
            case 'g':
            case 'o': step.copy = clause[i]; break;
            default: throw refuse("has a letter that is no permission");
          }
        }
        rule.steps_.push_back(step);
      }
    }
    begin = end + 1;
  } while (begin <= text.size());
  return rule;
}

uint16_t ModeRule::apply(uint16_t mode, bool is_directory) const {
  for (const Step& step : steps_) {
    if (!(is_directory ? step.directories : step.files)) continue;
    if (step.octal) {
      mode = step.bits;
      continue;
    }
    uint16_t bits = step.bits;
    if (step.x_if_any && (is_directory || (mode & 0111))) bits |= 0111;
    if (step.copy) {
      const unsigned three = mode >> (step.copy == 'u' ? 6 : step.copy == 'g' ? 3 : 0) & 7u;
      bits |= static_cast<uint16_t>(three * 0111);
    }
    const uint16_t sticky = bits & kSticky;
    bits = static_cast<uint16_t>((bits & step.who) | sticky);
    if (step.op == '+')
      mode |= bits;
    else if (step.op == '-')
      mode &= static_cast<uint16_t>(~bits);
    else
      mode = static_cast<uint16_t>((mode & ~step.who) | bits);
  }
  return mode;
}

}  // namespace fsi
