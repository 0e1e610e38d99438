// What the fault matrices share: the faults, with what must come of each, and the commands of a recipe that they happen to.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rec {

enum class Where : uint8_t { before, writing, after };
/// What must come of a fault.
enum class Must : uint8_t { succeed, fail, either };

struct Fault {
  const char* spec;
  Must before, writing, after;
};

// What must be survived is what real drives do on good days; what must fail is what no program can mend. Between them it depends
// on the command: a drive may lack one that only asks.
inline constexpr Fault kFaults[] = {
    {"sense=0/00/00", Must::either, Must::either, Must::either},
    {"sense=1/5D/00", Must::succeed, Must::succeed, Must::succeed},
    {"sense=1/73/01", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/00", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/01", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/02", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/03", Must::fail, Must::fail, Must::fail},
    {"sense=2/04/04", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/07", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/04/08", Must::succeed, Must::succeed, Must::succeed},
    {"sense=2/3A/01", Must::either, Must::fail, Must::fail},
    {"sense=2/3A/02,always", Must::either, Must::fail, Must::fail},  // taken out: it stays away
    {"sense=2/06/00", Must::either, Must::fail, Must::fail},
    {"sense=2/30/00", Must::either, Must::fail, Must::fail},
    {"sense=3/02/00", Must::either, Must::fail, Must::fail},
    {"sense=3/0C/00", Must::either, Must::fail, Must::fail},
    {"sense=3/11/05", Must::either, Must::fail, Must::fail},
    {"sense=3/57/00", Must::either, Must::fail, Must::fail},
    {"sense=3/73/03", Must::either, Must::fail, Must::fail},
    {"sense=4/44/00", Must::either, Must::fail, Must::fail},
    {"sense=5/20/00", Must::either, Must::fail, Must::either},
    {"sense=5/21/00", Must::either, Must::fail, Must::either},
    {"sense=5/24/00", Must::either, Must::fail, Must::either},
    {"sense=5/26/00", Must::either, Must::fail, Must::either},
    {"sense=5/2C/00", Must::either, Must::succeed, Must::either},
    {"sense=5/30/05", Must::either, Must::fail, Must::either},
    {"sense=5/55/00", Must::succeed, Must::either, Must::succeed},
    {"sense=5/64/00", Must::either, Must::either, Must::either},
    {"sense=5/6F/00", Must::either, Must::fail, Must::either},
    {"sense=5/72/03", Must::either, Must::fail, Must::either},
    {"sense=6/28/00", Must::succeed, Must::fail, Must::fail},
    {"sense=6/29/00", Must::succeed, Must::fail, Must::fail},
    {"sense=6/2A/01", Must::succeed, Must::succeed, Must::either},
    {"sense=6/5A/01", Must::succeed, Must::succeed, Must::succeed},
    {"sense=7/27/00", Must::either, Must::fail, Must::fail},
    {"sense=8/00/00", Must::either, Must::fail, Must::fail},
    {"sense=B/4B/00", Must::succeed, Must::succeed, Must::succeed},
    {"timeout", Must::fail, Must::fail, Must::fail},
    {"gone", Must::fail, Must::fail, Must::fail},
    {"residual=1", Must::either, Must::fail, Must::either},
};

struct PlacedCommand {
  uint8_t opcode = 0;
  uint32_t nth = 0;
  Where where = Where::before;
};

/// One cell for each opcode in each part of the recipe: the first time it is sent there, and the last. `lines`: a transcript.
inline std::vector<PlacedCommand> commands_of(const std::vector<std::string>& lines) {
  std::vector<uint8_t> opcodes;
  for (const std::string& line : lines) {
    // "WRITE(10) 2A 00 …": the name has no hexadecimal byte of its own between spaces before the opcode.
    size_t at = line.find(" -> ");
    const std::string block = line.substr(0, std::min(at, line.find(" :")));
    size_t bytes = 0;
    std::vector<std::string> words;
    for (size_t from = 0; from <= block.size();) {
      const size_t end = std::min(block.find(' ', from), block.size());
      words.push_back(block.substr(from, end - from));
      from = end + 1;
    }
    while (bytes < words.size() && words[words.size() - 1 - bytes].size() == 2 &&
           std::isxdigit(static_cast<unsigned char>(words[words.size() - 1 - bytes][0])))
      ++bytes;
    for (const size_t length : {size_t{16}, size_t{12}, size_t{10}, size_t{6}})
      if (bytes >= length) {
        opcodes.push_back(static_cast<uint8_t>(std::stoul(words[words.size() - length], nullptr, 16)));
        break;
      }
  }
  const auto is_write = [](uint8_t opcode) { return opcode == 0x2A || opcode == 0xAA; };
  const auto first = std::find_if(opcodes.begin(), opcodes.end(), is_write) - opcodes.begin();
  const auto last = opcodes.rend() - std::find_if(opcodes.rbegin(), opcodes.rend(), is_write) - 1;
  std::map<uint8_t, uint32_t> seen;
  std::map<std::pair<Where, uint8_t>, std::vector<uint32_t>> places;
  for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(opcodes.size()); ++i) {
    const Where where = i < first ? Where::before : i <= last ? Where::writing : Where::after;
    places[{where, opcodes[static_cast<size_t>(i)]}].push_back(++seen[opcodes[static_cast<size_t>(i)]]);
  }
  std::vector<PlacedCommand> commands;
  for (const auto& [place, nths] : places) {
    commands.push_back({place.second, nths.front(), place.first});
    if (nths.size() > 1) commands.push_back({place.second, nths.back(), place.first});
  }
  return commands;
}

}  // namespace rec
