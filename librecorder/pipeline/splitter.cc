#include "librecorder/pipeline/splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rec {

namespace {
constexpr size_t kBlock = 1 << 20;
constexpr size_t kDepth = 8;  // blocks that a tap may be behind the fastest; the rings behind the taps do the real buffering
}  // namespace

class Splitter::Tap final : public Input {
 public:
  explicit Tap(Splitter& owner) : owner_(owner) {}

  void cancel() noexcept override {
    const std::lock_guard lock(owner_.mutex_);
    cancelled_ = true;
    queue_.clear();
    owner_.changed_.notify_all();
    if (std::all_of(owner_.taps_.begin(), owner_.taps_.end(), [](const auto& tap) { return tap->cancelled_; })) owner_.source_.cancel();
  }
  std::optional<uint64_t> bytes() const override { return owner_.source_.bytes(); }
  std::string name() const override { return owner_.source_.name(); }
  bool may_be_held_up() const override { return owner_.taps_.size() > 1 || owner_.source_.may_be_held_up(); }

  // Under the owner's lock.
  bool cancelled() const { return cancelled_; }
  bool behind() const { return !cancelled_ && queue_.size() >= kDepth; }
  void push(const Block& block) {
    if (!cancelled_) queue_.push_back(block);
  }

 protected:
  size_t read_more(std::span<std::byte> out) override {
    if (taken_ == (block_ ? block_->size() : 0)) {
      std::unique_lock lock(owner_.mutex_);
      owner_.changed_.wait(lock, [&] { return cancelled_ || !queue_.empty() || owner_.ended_; });
      if (cancelled_) return 0;
      if (queue_.empty()) {
        if (owner_.error_) std::rethrow_exception(owner_.error_);
        return 0;
      }
      block_ = std::move(queue_.front());
      taken_ = 0;
      queue_.pop_front();
      owner_.changed_.notify_all();
    }
    const size_t n = std::min(out.size(), block_->size() - taken_);
    std::memcpy(out.data(), block_->data() + taken_, n);
    taken_ += n;
    return n;
  }

 private:
  friend class Splitter;
  Splitter& owner_;
  bool cancelled_ = false;
  std::deque<Block> queue_;
  Block block_;  // being read
  size_t taken_ = 0;
};

Splitter::Splitter(Input& source, size_t taps) : source_(source) {
  for (size_t i = 0; i < taps; ++i) taps_.push_back(std::make_unique<Tap>(*this));
  thread_ = std::thread([this] { run(); });
}

Splitter::~Splitter() {
  for (const auto& tap : taps_) tap->cancel();
  source_.cancel();
  thread_.join();
}

Input& Splitter::tap(size_t index) { return *taps_[index]; }

bool Splitter::hand_out(Block block) {
  std::unique_lock lock(mutex_);
  const auto all = [&](auto test) { return std::all_of(taps_.begin(), taps_.end(), test); };
  changed_.wait(lock, [&] { return all([](const auto& tap) { return !tap->behind(); }); });
  if (all([](const auto& tap) { return tap->cancelled(); })) return false;
  for (const auto& tap : taps_) tap->push(block);
  changed_.notify_all();
  return true;
}

void Splitter::run() {
  std::exception_ptr error;
  try {
    for (;;) {
      auto block = std::make_shared<std::vector<std::byte>>(kBlock);
      block->resize(source_.read(*block));
      if (block->empty() || !hand_out(std::move(block))) break;
    }
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  error_ = error;
  changed_.notify_all();
}

}  // namespace rec
