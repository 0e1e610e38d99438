#include "librecorder/virtual/cd_layer.h"

#include <fcntl.h>
#include <unistd.h>

#include "libfsi/base/error.h"
#include "librecorder/virtual/files.h"

namespace rec::virt {
namespace {

constexpr int32_t kFirst = -20000;  // before any lead-in
constexpr const char* kDoing = "storing the sectors of a virtual CD";

uint64_t place_of(int32_t lba) { return static_cast<uint64_t>(int64_t{lba} - kFirst) * kCdBlock; }

}  // namespace

void CdLayer::write(int32_t lba, const CdBlock& block) {
  if (!file_) file_ = fsi::open_file(path_, O_RDWR | O_CREAT, kDoing);
  fsi::write_at(file_.get(), place_of(lba), std::as_bytes(std::span(block)), path_);
}

std::optional<CdBlock> CdLayer::read(int32_t lba) const {
  if (lba < kFirst) return {};
  if (!file_) {
    if (!is_there(path_)) return {};
    file_ = fsi::open_file(path_, O_RDWR, kDoing);
  }
  CdBlock block;
  if (fsi::read_at(file_.get(), place_of(lba), std::as_writable_bytes(std::span(block)), path_) != block.size()) return {};
  if (!q_is_good(get_q(std::span(block).last<kCdSub>()))) return {};
  return block;
}

void CdLayer::erase() {
  file_.reset();
  if (is_there(path_)) remove_tree(path_);
}

}  // namespace rec::virt
