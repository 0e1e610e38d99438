#include "libfsi/rockridge/symlink.h"

#include <algorithm>
#include <array>

#include "libfsi/disc/susp.h"

namespace fsi {

namespace {

/// Collects component records into SL entries of at most 255 bytes. Every entry but the last ends inside of a component, be it with
/// an empty piece of the next one: libarchive and pycdlib put no slash between entries, and others put one only where a component
/// ends.
class SymlinkEntries {
 public:
  explicit SymlinkEntries(SystemUseEntries& entries) : entries_(entries) {}

  void component(uint8_t flags, std::string_view text) {
    constexpr size_t kHeader = sizeof(disc::RripComponent);
    // Room for an empty piece is always left.
    if (size_ + kHeader + text.size() + kHeader > kBody) {
      if (size_ > 0) split({});
      while (text.size() > kBody - 2 * kHeader) {
        split(text.substr(0, kBody - kHeader));
        text.remove_prefix(std::min(text.size(), kBody - kHeader));
      }
    }
    put(flags, text);
  }
  void finish() { flush(false); }

 private:
  static constexpr size_t kBody = 255 - sizeof(disc::RripSL);

  // Ends the entry with a piece of a component that goes on in the next.
  void split(std::string_view piece) {
    put(disc::kComponentContinue, piece);
    flush(true);
  }
  void put(uint8_t flags, std::string_view text) {
    disc::RripComponent component;
    component.flags = flags;
    component.length = text.size();
    std::memcpy(body_.data() + size_, &component, sizeof component);
    std::copy(text.begin(), text.end(), body_.begin() + size_ + sizeof component);
    size_ += sizeof component + text.size();
  }
  void flush(bool continues) {
    auto& sl = entries_.add<disc::RripSL>();
    sl.header.length = sizeof sl + size_;
    sl.flags = continues ? 1 : 0;
    entries_.add_text({body_.data(), size_});
    size_ = 0;
  }

  SystemUseEntries& entries_;
  std::array<char, kBody> body_;
  size_t size_ = 0;
};

}  // namespace

void append_symlink(std::string_view target, SystemUseEntries& entries) {
  SymlinkEntries links(entries);
  if (target.starts_with('/')) {
    links.component(disc::kComponentRoot, {});
    target.remove_prefix(1);
    if (target.empty()) return links.finish();
  }
  while (true) {
    const size_t slash = target.find('/');
    const std::string_view text = target.substr(0, slash);
    if (text == ".")
      links.component(disc::kComponentCurrent, {});
    else if (text == "..")
      links.component(disc::kComponentParent, {});
    else
      links.component(0, text);
    if (slash == std::string_view::npos) break;
    target.remove_prefix(slash + 1);
  }
  links.finish();
}

}  // namespace fsi
