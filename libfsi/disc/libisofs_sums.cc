#include "libfsi/disc/libisofs_sums.h"

#include <algorithm>
#include <charconv>

#include "libfsi/base/digest.h"

namespace fsi::disc {

namespace {

struct TagForm {
  TagKind kind;
  std::string_view id, name, link;
};
constexpr TagForm kForms[] = {
    {TagKind::superblock, "libisofs_sb_checksum_tag_v1", "superblock", "next"},
    {TagKind::tree, "libisofs_tree_checksum_tag_v1", "tree", "next"},
    {TagKind::session, "libisofs_checksum_tag_v1", "session", ""},
    {TagKind::relocated, "libisofs_rlsb32_checksum_tag_v1", "relocated superblock", "session_start"},
};

const TagForm& form_of(TagKind kind) { return *std::ranges::find(kForms, kind, &TagForm::kind); }

// Reads a line from its start on; once something is not as expected, everything after it fails too.
class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}
  bool ok() const { return ok_; }
  size_t position() const { return at_; }

  void expect(std::string_view word) {
    ok_ = ok_ && text_.substr(at_).starts_with(word);
    at_ += word.size();
  }
  // Addresses and sizes in sectors: 32 bits.
  uint64_t number(std::string_view name) {
    expect(" ");
    expect(name);
    expect("=");
    uint32_t value = 0;
    if (!ok_) return 0;
    const auto [end, fault] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    ok_ = fault == std::errc{};
    at_ = static_cast<size_t>(end - text_.data());
    return value;
  }
  Md5 digest(std::string_view name) {
    expect(" ");
    expect(name);
    expect("=");
    Md5 md5{};
    for (std::byte& b : md5) b = static_cast<std::byte>(digit() << 4 | digit());
    return md5;
  }

 private:
  unsigned digit() {
    const size_t value = ok_ && at_ < text_.size() ? std::string_view("0123456789abcdef").find(text_[at_]) : std::string_view::npos;
    ++at_;
    ok_ = ok_ && value != std::string_view::npos;
    return ok_ ? static_cast<unsigned>(value) : 0;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool ok_ = true;
};

// A number of AAIP: a byte that says how many follow, most significant first; leading zeros are allowed.
bool take_number(std::string_view& value, uint64_t& out) {
  if (value.empty()) return false;
  const auto bytes = static_cast<unsigned char>(value.front());
  value.remove_prefix(1);
  if (bytes > value.size()) return false;
  const auto number = read_checksum_index(value.substr(0, bytes));
  value.remove_prefix(bytes);
  if (number) out = *number;
  return number.has_value();
}

}  // namespace

std::string_view tag_name(TagKind kind) { return form_of(kind).name; }

TagRead read_tag(std::span<const std::byte> sector) {
  const std::string_view text{reinterpret_cast<const char*>(sector.data()), sector.size()};
  for (const TagForm& form : kForms) {
    if (!text.starts_with(form.id)) continue;
    Line line(text);
    line.expect(form.id);
    LibisofsTag tag;
    tag.kind = form.kind;
    tag.position = line.number("pos");
    tag.range.first = line.number("range_start");
    tag.range.count = line.number("range_size");
    if (!form.link.empty()) tag.next = line.number(form.link);
    tag.md5 = line.digest("md5");
    const size_t covered = line.position();
    const Md5 self = line.digest("self");
    line.expect("\n");
    if (!line.ok() || md5_of(sector.first(covered)) != self) return {.tag = std::nullopt, .damaged = true};
    return {.tag = tag};
  }
  return {};
}

std::string tag_line(const LibisofsTag& tag) {
  const TagForm& form = form_of(tag.kind);
  std::string line(form.id);
  line += " pos=" + std::to_string(tag.position) + " range_start=" + std::to_string(tag.range.first) +
          " range_size=" + std::to_string(tag.range.count);
  if (!form.link.empty()) line += " " + std::string(form.link) + "=" + std::to_string(tag.next);
  line += " md5=" + hex(tag.md5);
  return line + " self=" + hex(md5_of(std::as_bytes(std::span(line)))) + "\n";
}

std::optional<uint64_t> read_checksum_index(std::string_view value) {
  uint64_t number = 0;
  for (const char c : value) {
    if (number >> 56) return std::nullopt;
    number = number << 8 | static_cast<unsigned char>(c);
  }
  return number;
}

std::optional<ChecksumArray> read_checksum_array(std::string_view value) {
  ChecksumArray array;
  uint64_t size = 0;
  if (!take_number(value, array.start) || !take_number(value, array.end) || !take_number(value, array.count) || !take_number(value, size))
    return std::nullopt;
  // Two entries are always there. Sectors have 32 bits: so bounded, no sum of these can wrap.
  if (value != "MD5" || size != kArrayEntryBytes || array.count < 2 || array.count > UINT32_MAX || array.end > UINT32_MAX ||
      array.start >= array.end)
    return std::nullopt;
  return array;
}

}  // namespace fsi::disc
