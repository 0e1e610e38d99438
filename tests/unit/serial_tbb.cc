// The distribution's oneTBB is not instrumented: ThreadSanitizer cannot see how it hands a task from one thread to another
// and calls every hand-off a race. Under it, TBB's loops run on the calling thread alone; our own threads (slabs, comparing,
// ring, feeder) are judged in full, and the loops by the tests that compare one thread with many in the other builds.
#ifdef __SANITIZE_THREAD__
#  include <tbb/global_control.h>

namespace {
const tbb::global_control serial(tbb::global_control::max_allowed_parallelism, 1);
}
#endif
