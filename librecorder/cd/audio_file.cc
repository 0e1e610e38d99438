#include "librecorder/cd/audio_file.h"

#include <fcntl.h>
#include <sndfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"
#include "libfsi/base/progress.h"
#include "libfsi/base/wire.h"

namespace rec::cd {
namespace {

constexpr const char* kReading = "reading audio";
constexpr size_t kFrameBytes = 4;  // two channels of 16 bits

/// Where the samples of a WAV or AIFF file end by its own words; 0 when it does not say, as a program does not that wrote into a pipe.
uint64_t end_of_samples(int fd, uint64_t size, const std::string& name) {
  constexpr uint64_t kUnknown = 0x7FFF0000;  // and above: what writers put there that cannot go back
  const auto text = [](std::span<const std::byte> bytes) { return std::string_view(reinterpret_cast<const char*>(bytes.data()), 4); };
  std::byte head[12];
  if (fsi::read_at(fd, 0, head, name) != sizeof head) return 0;
  const bool aiff = text(head) == "FORM";
  if (!aiff && text(head) != "RIFF") return 0;
  for (uint64_t at = sizeof head; at + 8 <= size;) {
    std::byte chunk[8];
    if (fsi::read_at(fd, at, chunk, name) != sizeof chunk) return 0;
    fsi::Le32 little;
    fsi::Be32 big;
    if (!fsi::load(chunk, 4, little) || !fsi::load(chunk, 4, big)) return 0;
    const uint64_t length = aiff ? big.get() : little.get();
    if (text(chunk) == (aiff ? "SSND" : "data")) return length == 0 || length >= kUnknown ? 0 : at + 8 + length;
    at += 8 + length + length % 2;
  }
  return 0;
}

class AudioFile final : public ByteSource {
 public:
  AudioFile(const std::string& path, std::vector<std::string>& notes) : name_(fsi::printable(path)) {
    const auto refuse = [&](const std::string& why) { return fsi::Error(fsi::ErrorKind::source, name_, kReading, why); };
    fd_ = fsi::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) throw fsi::system_error(name_, kReading, errno, fsi::ErrorKind::source);
    file_.reset(sf_open_fd(fd_.get(), SFM_READ, &about_, 0));
    if (!file_) throw refuse(std::string("it is no audio file that can be read: ") + sf_strerror(nullptr));
    if (about_.samplerate != 44100)
      throw refuse("it has " + std::to_string(about_.samplerate) +
                   " samples a second and a CD has 44100; resample it first, for example with sox");
    if (about_.channels != 1 && about_.channels != 2)
      throw refuse("it has " + std::to_string(about_.channels) + " channels and a CD has two; mix it down first");
    if (about_.frames <= 0 || !about_.seekable) throw refuse("it tells no length, or has none");
    if (about_.channels == 1) notes.push_back(name_ + ": its one channel is recorded on both");
    const int depth = about_.format & SF_FORMAT_SUBMASK;
    const char* other = depth == SF_FORMAT_PCM_24                               ? "24 bits"
                        : depth == SF_FORMAT_PCM_32                             ? "32 bits"
                        : depth == SF_FORMAT_FLOAT || depth == SF_FORMAT_DOUBLE ? "floating point"
                                                                                : nullptr;
    if (other) notes.push_back(name_ + ": its samples of " + other + " are rounded to 16 bits");
    if (depth == SF_FORMAT_PCM_S8 || depth == SF_FORMAT_PCM_U8) notes.push_back(name_ + ": its samples of 8 bits become 16 bits");
    exact_ = depth == SF_FORMAT_PCM_16;
    const int container = about_.format & SF_FORMAT_TYPEMASK;
    const bool plain = container == SF_FORMAT_WAV || container == SF_FORMAT_WAVEX || container == SF_FORMAT_AIFF;
    coded_ = !plain && container != SF_FORMAT_AU && container != SF_FORMAT_W64 && container != SF_FORMAT_RF64;
    // libsndfile takes what there is for all there was.
    struct stat st {};
    if (fstat(fd_.get(), &st) != 0) throw fsi::system_error(name_, kReading, errno, fsi::ErrorKind::source);
    const auto size = static_cast<uint64_t>(st.st_size);
    if (const uint64_t end = plain ? end_of_samples(fd_.get(), size, name_) : 0; end > size)
      throw refuse("it is cut off: its samples should end at byte " + std::to_string(end) + " and it has " + std::to_string(size) +
                   " bytes; get it again");
    check_end();
  }

  uint64_t bytes() const override { return static_cast<uint64_t>(about_.frames) * kFrameBytes; }
  std::string name() const override { return name_; }

  void check(const std::stop_token& stop) const override {
    if (!coded_) return;
    std::vector<std::byte> piece(size_t{1} << 20);
    for (uint64_t at = 0; at < bytes(); at += piece.size()) {
      fsi::check_stop(stop);
      read(at, std::span(piece).first(static_cast<size_t>(std::min<uint64_t>(piece.size(), bytes() - at))));
    }
  }

  void read(uint64_t offset, std::span<std::byte> out) const override {
    const auto first = static_cast<sf_count_t>(offset / kFrameBytes);
    const size_t skip = offset % kFrameBytes, frames = (skip + out.size() + kFrameBytes - 1) / kFrameBytes;
    if (first != next_ && sf_seek(file_.get(), first, SEEK_SET) != first) fail();
    std::vector<int16_t> samples = samples_of(frames);
    next_ = first + static_cast<sf_count_t>(frames);
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t at = skip + i;
      const auto sample = static_cast<uint16_t>(samples[at / 2]);
      out[i] = static_cast<std::byte>(at % 2 ? sample >> 8 : sample);
    }
  }

 private:
  /// A file that was cut off tells the length that it had. Found out in the midst of a burn, that costs the disc.
  void check_end() const {
    std::byte last[kFrameBytes];
    read(bytes() - kFrameBytes, last);
  }

  std::vector<int16_t> samples_of(size_t frames) const {
    const auto channels = static_cast<size_t>(about_.channels);
    std::vector<int16_t> read(frames * channels);
    const auto wanted = static_cast<sf_count_t>(frames);
    if (!exact_) {
      // libsndfile would cut the low bits off, and let what is too loud wrap around.
      std::vector<double> wide(read.size());
      if (sf_readf_double(file_.get(), wide.data(), wanted) != wanted) fail();
      std::transform(wide.begin(), wide.end(), read.begin(),
                     [](double x) { return static_cast<int16_t>(std::clamp(std::nearbyint(x * 32768.0), -32768.0, 32767.0)); });
    } else if (sf_readf_short(file_.get(), read.data(), wanted) != wanted) {
      fail();
    }
    if (channels == 2) return read;
    std::vector<int16_t> both(frames * 2);
    for (size_t i = 0; i < frames; ++i) both[2 * i] = both[2 * i + 1] = read[i];
    return both;
  }

  [[noreturn]] void fail() const {
    next_ = -1;
    throw fsi::Error(fsi::ErrorKind::source, name_, kReading,
                     sf_error(file_.get()) ? sf_strerror(file_.get()) : "it ends before its own header says so; get it again");
  }

  struct Close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };
  std::string name_;
  fsi::Fd fd_;
  SF_INFO about_{};
  std::unique_ptr<SNDFILE, Close> file_;
  bool exact_ = false;  ///< 16 bits already
  bool coded_ = false;  ///< must be decoded to be judged: FLAC, Ogg, ...
  mutable sf_count_t next_ = 0;
};

}  // namespace

std::shared_ptr<ByteSource> open_audio_file(const std::string& path, std::vector<std::string>& notes) {
  return std::make_shared<AudioFile>(path, notes);
}

}  // namespace rec::cd
