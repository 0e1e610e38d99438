#include "libfsi/rockridge/symlink.h"

#include <algorithm>
#include <array>

#include "libfsi/disc/susp.h"

namespace fsi {

namespace {

/// Collects component records into SL entries of at most 255 bytes.
class SymlinkEntries {
 public:
  explicit SymlinkEntries(SystemUseEntries& entries) : entries_(entries) {}

  void component(uint8_t flags, std::string_view text) {
    if (sizeof(disc::RripComponent) + text.size() > body_.size() - size_) flush(true);
    // A component too long for one entry goes on in the next.
    while (text.size() > kLongestComponent) {
      put(flags | disc::kComponentContinue, text.substr(0, kLongestComponent));
      text.remove_prefix(kLongestComponent);
      flush(true);
    }
    put(flags, text);
  }
  void finish() { flush(false); }

 private:
  static constexpr size_t kBody = 255 - sizeof(disc::RripSL);
  static constexpr size_t kLongestComponent = kBody - sizeof(disc::RripComponent);

  void put(uint8_t flags, std::string_view text) {
    disc::RripComponent component;
    component.flags = flags;
    component.length = text.size();
    std::memcpy(body_.data() + size_, &component, sizeof component);
    std::memcpy(body_.data() + size_ + sizeof component, text.data(), text.size());
    size_ += sizeof component + text.size();
  }
  void flush(bool continues) {
    if (continues && size_ == 0) return;
    disc::RripSL sl;
    sl.header.length = sizeof sl + size_;
    sl.flags = continues ? 1 : 0;
    entries_.put(sl);
    entries_.put_text({body_.data(), size_});
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
