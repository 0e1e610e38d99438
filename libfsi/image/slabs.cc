#include "libfsi/image/slabs.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "libfsi/base/error.h"

namespace fsi {

namespace {
// Large enough that a system call is cheap, small enough that it stays in the cache between rendering,
// hashing and writing. A multiple of the manifest's chunk.
constexpr uint64_t kSlabSectors = 512;  // 1 MiB
static_assert(kSlabSectors % kImageUnit == 0);

constexpr auto kProgressPeriod = std::chrono::milliseconds(500);

// Page-aligned memory, not cleared.
class SlabBuffer {
 public:
  SlabBuffer() : memory_(static_cast<std::byte*>(::operator new (kSlabSectors* kSectorSize, std::align_val_t{4096}))) {}
  SlabBuffer(const SlabBuffer&) = delete;
  ~SlabBuffer() { ::operator delete (memory_, std::align_val_t{4096}); }
  std::span<std::byte> first(uint64_t sectors) { return {memory_, sectors * kSectorSize}; }

 private:
  std::byte* memory_;
};
}  // namespace

SlabWork::SlabWork(const Image& image, unsigned threads, SlabOptions options)
    : image_(image),
      threads_(std::max(1u, threads)),
      options_(std::move(options)),
      slabs_((image.body_sectors() + kSlabSectors - 1) / kSlabSectors) {}

SlabWork& SlabWork::only(SectorRange range) {
  next_ = finished_ = range.first / kSlabSectors;
  slabs_ = std::min(slabs_, (range.end() + kSlabSectors - 1) / kSlabSectors);
  return *this;
}

SectorRange SlabWork::slab_range(uint64_t slab) const {
  const uint64_t first = slab * kSlabSectors;
  return {first, std::min(kSlabSectors, image_.body_sectors() - first)};
}

// Of several failures the one nearest to the start counts, so that the error does not depend on threads.
void SlabWork::fail(uint64_t slab) {
  const std::lock_guard lock(mutex_);
  if (slab < failure_.slab) failure_ = {slab, std::current_exception()};
  changed_.notify_all();
}

void SlabWork::report() {
  if (!options_.progress) return;
  uint64_t at, done;
  {
    const std::lock_guard lock(mutex_);
    at = at_;
    done = std::min(finished_ * kSlabSectors, image_.body_sectors());
  }
  const std::string file = image_.current_file(at ? at - 1 : 0);
  options_.progress({"writing", file, done, image_.sectors()});
}

template <class Body>
void SlabWork::with_ticker(Body body) {
  std::jthread ticker;
  if (options_.progress) {
    ticker = std::jthread([this](const std::stop_token& done) {
      std::mutex sleep;
      std::condition_variable_any wake;
      std::unique_lock lock(sleep);
      while (!wake.wait_for(lock, done, kProgressPeriod, [&] { return done.stop_requested(); })) report();
    });
  }
  body();
  if (failure_.error) std::rethrow_exception(failure_.error);
}

template <class Hand>
void SlabWork::render_slabs(unsigned threads, Hand hand) {
  auto worker = [&] {
    SlabBuffer buffer;
    ContentReader reader(image_.tree());
    for (;;) {
      uint64_t slab;
      {
        const std::lock_guard lock(mutex_);
        if (next_ >= slabs_ || failure_.error) return;
        slab = next_++;
      }
      try {
        check_stop(options_.stop);
        const SectorRange range = slab_range(slab);
        if (!needless_ || !needless_(range)) {
          const auto bytes = buffer.first(range.count);
          image_.render_body(range, bytes, reader);
          if (!hand(slab, Slab{range, bytes})) return;
        }
        const std::lock_guard lock(mutex_);
        ++finished_;
        at_ = range.end();
        changed_.notify_all();
      } catch (...) {
        return fail(slab);
      }
    }
  };
  with_ticker([&] {
    std::vector<std::jthread> workers;
    for (unsigned i = 1; i < threads; ++i) workers.emplace_back(worker);
    worker();
  });
}

void SlabWork::run(const Take& take) {
  render_slabs(threads_, [&](uint64_t, const Slab& slab) {
    take(slab);
    return true;
  });
}

// Who rendered a slab hands it on when its turn comes, from a cache that still has it. One thread more, since one of them waits
// for the sink.
void SlabWork::run_in_order(const Take& take, const Take& early) {
  render_slabs(threads_ + 1, [&](uint64_t number, const Slab& slab) {
    if (early) early(slab);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return finished_ == number || failure_.slab < number; });
      if (finished_ != number) return false;
    }
    check_stop(options_.stop);
    take(slab);
    return true;
  });
}

}  // namespace fsi
