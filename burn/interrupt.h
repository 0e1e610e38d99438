// Ctrl-C, and what else asks the program to end, as a stop token. A thread waits for the signals, because what a stop
// sets in motion is not allowed in a signal handler.
#pragma once

#include <stop_token>
#include <string>

namespace burn {

/// Blocks SIGINT, SIGTERM and SIGHUP for this thread and all that it starts, and waits for them in a thread of its own.
/// The first stops, and `said` tells what that means; each further one only says that a disc is being finished. Empty: nothing is said.
/// SIGPIPE is ignored: a report that nobody reads must not spoil a disc. Call once, before any other thread is started.
std::stop_token stop_on_signals(const std::string& said);

}  // namespace burn
