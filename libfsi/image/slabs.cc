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

void SlabWork::run(const Take& take) {
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
          take({range, bytes});
        }
        const std::lock_guard lock(mutex_);
        ++finished_;
        at_ = range.end();
      } catch (...) {
        return fail(slab);
      }
    }
  };
  with_ticker([&] {
    std::vector<std::jthread> workers;
    for (unsigned i = 1; i < threads_; ++i) workers.emplace_back(worker);
    worker();
  });
}

void SlabWork::run_in_order(const Take& take, const Take& early) {
  // A window of slabs from the next one to be handed on; each has a buffer of its own.
  const uint64_t window = 2 * threads_ + 2;
  std::vector<std::unique_ptr<SlabBuffer>> buffers(window);
  for (auto& buffer : buffers) buffer = std::make_unique<SlabBuffer>();
  std::vector<bool> ready(window);

  auto worker = [&] {
    ContentReader reader(image_.tree());
    for (;;) {
      uint64_t slab;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return failure_.error || next_ == slabs_ || next_ < finished_ + window; });
        if (failure_.error || next_ == slabs_) return;
        slab = next_++;
      }
      try {
        check_stop(options_.stop);
        const SectorRange range = slab_range(slab);
        const auto bytes = buffers[slab % window]->first(range.count);
        image_.render_body(range, bytes, reader);
        if (early) early({range, bytes});
        const std::lock_guard lock(mutex_);
        ready[slab % window] = true;
        changed_.notify_all();
      } catch (...) {
        return fail(slab);
      }
    }
  };
  with_ticker([&] {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads_; ++i) workers.emplace_back(worker);
    for (uint64_t slab = 0; slab < slabs_; ++slab) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return ready[slab % window] || failure_.slab <= slab || (failure_.error && next_ <= slab); });
        if (!ready[slab % window]) return;
      }
      const SectorRange range = slab_range(slab);
      try {
        check_stop(options_.stop);
        take({range, buffers[slab % window]->first(range.count)});
      } catch (...) {
        return fail(slab);
      }
      const std::lock_guard lock(mutex_);
      ready[slab % window] = false;
      finished_ = slab + 1;
      at_ = range.end();
      changed_.notify_all();
    }
  });
}

}  // namespace fsi
