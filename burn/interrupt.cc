#include "burn/interrupt.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

namespace burn {

std::stop_token stop_on_signals(const std::string& said) {
  static std::stop_source source;
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::thread([signals, said] {
    for (int signal = 0; sigwait(&signals, &signal) == 0;) {
      const char* below_progress = isatty(STDERR_FILENO) ? "\n" : "";
      const bool first = source.request_stop();
      if (said.empty()) continue;
      std::fprintf(stderr, "%sburn: %s\n", below_progress, first ? said.c_str() : "wait: the drive has to come to rest first");
    }
  }).detach();
  return source.get_token();
}

}  // namespace burn
