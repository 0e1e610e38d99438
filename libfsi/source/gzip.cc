#include "libfsi/source/gzip.h"

#include <unistd.h>
#include <zlib.h>

#include <cstring>
#include <new>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"

namespace fsi {

namespace {
constexpr size_t kBlock = 256 * 1024;
constexpr unsigned char kMagic[3] = {0x1F, 0x8B, 8};  // 2.3.1: ID1, ID2, CM = deflate
}  // namespace

struct GzipStream::State {
  State(int descriptor, std::string file) : fd(descriptor), name(std::move(file)), in(kBlock), out(kBlock) {}
  ~State() {
    if (gzip) ::inflateEnd(&z);
  }

  void begin() {
    begun = true;
    refill();
    gzip = held >= sizeof kMagic && std::memcmp(in.data(), kMagic, sizeof kMagic) == 0;
    if (!gzip) return;
    // 16: gzip, not zlib, framing.
    if (::inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
    take();
  }
  void refill() {
    held = read_stream(fd, in, name);
    at_end = held < in.size();
  }
  void take() {
    z.next_in = reinterpret_cast<Bytef*>(in.data());
    z.avail_in = static_cast<uInt>(held);
  }
  bool feed() {
    if (z.avail_in > 0) return true;
    if (at_end) return false;
    refill();
    take();
    return z.avail_in > 0;
  }
  Error corrupt(const char* why) const { return {ErrorKind::corrupt, name, "decompressing", std::string(why) + "; fetch it again"}; }

  std::span<const std::byte> inflate_some() {
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    while (z.avail_out > 0 && !finished) {
      if (!feed()) {
        if (between_members) {
          finished = true;
          break;
        }
        throw corrupt("the gzip data ends too early");
      }
      // 2.2: members follow each other. What is no member after one is padding, as tapes have it.
      if (between_members && *z.next_in != kMagic[0]) {
        finished = true;
        break;
      }
      between_members = false;
      const int result = ::inflate(&z, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members = true;
        ::inflateReset(&z);
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw corrupt(z.msg ? z.msg : "the gzip data is damaged");
      }
    }
    return {out.data(), out.size() - z.avail_out};
  }

  int fd;
  std::string name;
  std::vector<std::byte> in, out;
  size_t held = 0;
  bool begun = false, at_end = false, gzip = false, between_members = false, finished = false;
  z_stream z{};
};

GzipStream::GzipStream(int fd, std::string name) : state_(std::make_unique<State>(fd, std::move(name))) {}
GzipStream::~GzipStream() = default;

std::span<const std::byte> GzipStream::next() {
  State& s = *state_;
  if (!s.begun) {
    s.begin();
    if (!s.gzip) return {s.in.data(), s.held};
  } else if (!s.gzip) {
    if (s.at_end) return {};
    s.refill();
    return {s.in.data(), s.held};
  }
  return s.inflate_some();
}

bool GzipStream::compressed() const { return state_->gzip; }

bool begins_like_gzip(int fd) {
  unsigned char first[sizeof kMagic];
  return ::pread(fd, first, sizeof first, 0) == static_cast<ssize_t>(sizeof first) && std::memcmp(first, kMagic, sizeof first) == 0;
}

}  // namespace fsi
