// Ctrl-C, and what else asks a program to end, as a stop token: the same in mkimage, burn and verify. A thread waits for the
// signals, because what a stop sets in motion is not allowed in a signal handler.
#pragma once

#include <functional>
#include <stop_token>

namespace tool {

/// Ends the program at once, with 128 + `signal`, when it has been asked before.
void end_when_asked_again(int signal, bool first);

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread and all that it starts, and waits for them in a thread of its own. The first
/// stops; `heard` is told of each before that, in that thread. SIGPIPE is ignored: a closed pipe is an error with a message. Call once,
/// before any other thread is started.
std::stop_token stop_on_signals(std::function<void(int signal, bool first)> heard = end_when_asked_again);

}  // namespace tool
