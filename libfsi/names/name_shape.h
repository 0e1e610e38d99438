// How a format makes a recorded name out of a node's name: a pure function, so that names need not be
// kept. Uniqueness inside a directory is unique_names.h's business.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fsi {

/// The bytes of a recorded name, in place.
class Identifier {
 public:
  Identifier() {}  // the bytes stay unset: millions of these are made
  std::string_view view() const { return {bytes_.data(), length_}; }
  size_t size() const { return length_; }
  bool empty() const { return length_ == 0; }
  void clear() { length_ = 0; }
  void truncate(size_t length) { length_ = static_cast<uint32_t>(length); }
  void push(char byte) { bytes_.at(length_) = byte, ++length_; }
  void append(std::string_view bytes) {
    if (bytes.size() > bytes_.size() - length_) throw_too_long();
    if (!bytes.empty()) std::memcpy(bytes_.data() + length_, bytes.data(), bytes.size());
    length_ += static_cast<uint32_t>(bytes.size());
  }

 private:
  [[noreturn]] static void throw_too_long();
  uint32_t length_ = 0;
  std::array<char, 255> bytes_;
};

/// The digits that tell colliding names apart. Serial 0 has none; any other serial stands for its decimal
/// digits behind a leading 1, so that a serial knows its width: 1000 is "000", 10042 is "0042".
class SerialDigits {
 public:
  explicit SerialDigits(uint32_t serial) : end_(std::to_chars(text_, text_ + sizeof text_, serial).ptr) {}
  std::string_view view() const { return {text_ + 1, static_cast<size_t>(end_ - text_ - 1)}; }

 private:
  char text_[12];
  char* end_;
};
inline constexpr unsigned kFewestDigits = 3, kMostDigits = 8;

/// Stateless and thread-safe.
class NameShape {
 public:
  virtual ~NameShape() = default;
  /// Makes the name into `out`, with the serial's digits in it. Two names with equal `out` collide.
  /// Names of one directory are sorted by the bytes of `out`.
  virtual void make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const = 0;
  /// The recorded name for people, in UTF-8.
  virtual std::string display(std::string_view recorded) const = 0;
  /// Whether `recorded` still says all that `name` says (letter case apart where the format has one case).
  virtual bool faithful(std::string_view name, std::string_view recorded) const = 0;
};

}  // namespace fsi
