// Where the bytes of a burn come from: a file, a pipe, or anything that has sectors. Read once, in order,
// straight into the memory it is given. The first bytes can be looked at before (peek) and still come.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libfsi/base/file.h"
#include "libfsi/base/sectors.h"

namespace rec {

class Input {
 public:
  virtual ~Input() = default;

  /// The first bytes, at most `bytes`, fewer only when there are no more. They still come from read().
  /// Blocks like read(); call it before the first read.
  std::span<const std::byte> peek(size_t bytes);
  /// Blocks until at least one byte is there; 0 at the end or after cancel(). Throws Error (kind source).
  /// One thread at a time.
  size_t read(std::span<std::byte> out);

  /// Any thread, once: a read that waits, and every later one, returns 0.
  virtual void cancel() noexcept = 0;
  /// How long it is, in bytes, when that is known without reading: a file has a length, a pipe has not.
  virtual std::optional<uint64_t> bytes() const = 0;
  virtual std::string name() const = 0;
  /// The same bytes once more, from the beginning, for another reader; null when they can be read only once. Call it before
  /// the first read.
  virtual std::unique_ptr<Input> again() const { return nullptr; }
  /// Others read it too, and may hold it up for as long as they like.
  virtual bool may_be_held_up() const { return false; }

 protected:
  virtual size_t read_more(std::span<std::byte> out) = 0;

 private:
  std::vector<std::byte> head_;
  size_t head_taken_ = 0;
};

/// A regular file, a block device, or a stream (pipe, socket, terminal device).
class FileInput : public Input {
 public:
  /// Opens `path`. Throws Error: usage for a directory, source when it cannot be opened.
  explicit FileInput(const std::string& path);
  /// Takes over an open descriptor, for example a duplicate of standard input.
  FileInput(fsi::Fd fd, std::string name);

  void cancel() noexcept override;
  std::optional<uint64_t> bytes() const override { return bytes_; }
  std::string name() const override { return name_; }
  std::unique_ptr<Input> again() const override;

 protected:
  size_t read_more(std::span<std::byte> out) override;

 private:
  void look();
  bool wait_readable();

  fsi::Fd fd_;
  fsi::Fd wake_;  // eventfd: readable once cancelled
  std::string name_;
  std::optional<uint64_t> bytes_;
};

/// An image that is being made, or a disc in another drive. The source outlives the input.
class SectorInput : public Input {
 public:
  explicit SectorInput(const fsi::SectorSource& source) : source_(source) {}

  void cancel() noexcept override;
  std::optional<uint64_t> bytes() const override { return source_.sectors() * fsi::kSectorSize; }
  std::string name() const override { return source_.name(); }
  std::unique_ptr<Input> again() const override { return std::make_unique<SectorInput>(source_); }

 protected:
  size_t read_more(std::span<std::byte> out) override;

 private:
  const fsi::SectorSource& source_;
  uint64_t next_ = 0;
  std::vector<std::byte> sector_;  // a sector of which only a part has been asked for so far
  size_t sector_taken_ = 0;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace rec
