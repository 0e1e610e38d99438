// A transport that answers from handlers of the test, by opcode, and whose time goes on only when somebody sleeps.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "librecorder/transport/transport.h"

namespace rec {

class FakeTransport : public Transport {
 public:
  using Reply = std::function<Answer(const Command&)>;

  static Answer good() { return {}; }
  static Answer sense(uint8_t key, uint8_t asc, uint8_t ascq) {
    Answer answer;
    answer.outcome = Outcome::check;
    answer.status = 2;
    answer.sense.key = key;
    answer.sense.asc = asc;
    answer.sense.ascq = ascq;
    return answer;
  }
  /// As much of `bytes` as the command asks for.
  static Reply data(std::vector<uint8_t> bytes) {
    return [bytes](const Command& command) {
      Answer answer;
      const size_t n = std::min(bytes.size(), command.in.size());
      for (size_t i = 0; i < n; ++i) command.in[i] = static_cast<std::byte>(bytes[i]);
      answer.residual = static_cast<uint32_t>(command.in.size() - n);
      return answer;
    };
  }

  /// Answers of an opcode: first those queued, then `always`, else 5/20/00.
  std::map<uint8_t, std::deque<Answer>> queued;
  std::map<uint8_t, Reply> always;
  std::vector<Command> seen;
  std::chrono::nanoseconds time{};

  Answer execute(const Command& command) override {
    seen.push_back(command);
    auto& queue = queued[command.cdb.opcode()];
    if (!queue.empty()) {
      const Answer answer = queue.front();
      queue.pop_front();
      return answer;
    }
    const auto reply = always.find(command.cdb.opcode());
    return reply == always.end() ? sense(5, 0x20, 0) : reply->second(command);
  }
  std::string name() const override { return "fake"; }
  std::chrono::nanoseconds now() const override { return time; }
  void sleep(std::chrono::nanoseconds t) override { time += t; }

  size_t count(uint8_t opcode) const {
    return static_cast<size_t>(std::count_if(seen.begin(), seen.end(), [&](const Command& c) { return c.cdb.opcode() == opcode; }));
  }
};

}  // namespace rec
