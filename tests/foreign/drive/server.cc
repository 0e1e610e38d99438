// Serves a virtual drive on a local socket, so that programs of others can be put in front of it (see shim.cc).
// server NAME SOCKET [FASTER]: runs until it is killed. The drive's time runs FASTER times as fast as ours, wire::kFaster times
// without it.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "librecorder/virtual/registry.h"
#include "tests/foreign/drive/wire.h"

namespace {

bool receive(int fd, void* to, size_t bytes) {
  for (auto* at = static_cast<std::byte*>(to); bytes > 0;) {
    const ssize_t n = ::read(fd, at, bytes);
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

bool send_all(int fd, const void* from, size_t bytes) {
  for (auto* at = static_cast<const std::byte*>(from); bytes > 0;) {
    const ssize_t n = ::send(fd, at, bytes, MSG_NOSIGNAL);
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

class Server {
 public:
  Server(std::unique_ptr<rec::Transport> drive, int faster) : drive_(std::move(drive)), faster_(faster) {}

  // One caller, until it hangs up.
  void serve(int fd) {
    std::vector<std::byte> data;
    for (wire::Request request; receive(fd, &request, sizeof request);) {
      if (request.bytes > wire::kMostBytes || request.cdb_length > 16) break;
      data.assign(request.bytes, std::byte{});
      if (request.direction == wire::Direction::to_drive && !receive(fd, data.data(), data.size())) break;
      const wire::Answer answer = execute(request, data);
      if (!send_all(fd, &answer, sizeof answer)) break;
      if (request.direction == wire::Direction::from_drive && !send_all(fd, data.data(), data.size())) break;
    }
    ::close(fd);
  }

 private:
  wire::Answer execute(const wire::Request& request, std::vector<std::byte>& data) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    drive_->sleep((now - last_) * faster_);
    last_ = now;
    rec::Command command;
    std::copy_n(request.cdb, sizeof request.cdb, command.cdb.bytes.begin());
    command.cdb.length = request.cdb_length;
    command.timeout = std::chrono::milliseconds(request.timeout_ms) * wire::kFaster;
    if (request.direction == wire::Direction::from_drive) {
      command.direction = rec::Direction::from_drive;
      command.in = data;
    } else if (request.direction == wire::Direction::to_drive) {
      command.direction = rec::Direction::to_drive;
      command.out = data;
    }
    const rec::Answer answer = drive_->execute(command);
    wire::Answer out{};
    out.outcome = answer.outcome == rec::Outcome::timeout ? 1 : answer.outcome > rec::Outcome::timeout ? 2 : 0;
    out.status = answer.status;
    out.residual = answer.residual;
    out.sense_length = answer.sense.raw_length;
    std::copy_n(answer.sense.raw.begin(), sizeof out.sense, out.sense);
    return out;
  }

  std::mutex mutex_;
  std::unique_ptr<rec::Transport> drive_;
  const int faster_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3 && argc != 4) return std::fputs("server NAME SOCKET [FASTER]\n", stderr), 2;
  Server server(rec::virt::Registry().open(argv[1]), argc == 4 ? std::stoi(argv[3]) : wire::kFaster);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 8) != 0)
    return std::perror(argv[2]), 1;
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const int caller = ::accept(listener, nullptr, nullptr);
    if (caller < 0) return std::perror("accept"), 1;
    std::thread([&server, caller] { server.serve(caller); }).detach();
  }
} catch (const std::exception& fault) {
  std::fprintf(stderr, "server: %s\n", fault.what());
  return 1;
}
