#include "tool/stop_on_signals.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

namespace tool {

void end_when_asked_again(int signal, bool first) {
  if (!first) std::_Exit(128 + signal);
}

std::stop_token stop_on_signals(std::function<void(int signal, bool first)> heard) {
  static std::stop_source source;
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, heard = std::move(heard)] {
    for (int signal = 0; sigwait(&signals, &signal) == 0; source.request_stop())
      heard(signal, !source.stop_requested());  // first what is said: the program may end as soon as it is asked to
  }).detach();
  return source.get_token();
}

}  // namespace tool
