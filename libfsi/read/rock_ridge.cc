#include "libfsi/read/rock_ridge.h"

#include <sys/stat.h>

#include <algorithm>

#include "libfsi/read/iso_text.h"

namespace fsi {

using namespace disc;

namespace {
std::string_view text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
}  // namespace

void SystemUseRead::clear() {
  posix.reset();
  has_name = has_target = relocated = has_device = false;
  name.clear();
  target.clear();
  attributes.clear();
  child.reset();
  parent.reset();
  device_high = device_low = 0;
  created = modified = accessed = changed = {};
  compressed.reset();
}

std::optional<uint8_t> susp_skip(std::span<const std::byte> area) {
  // CD-ROM XA puts 14 bytes with "XA" at 6 before anything else.
  for (const size_t at : {size_t{0}, size_t{14}}) {
    SuspSP sp;
    if (load(area, at, sp) && sp.header.is('S', 'P') && sp.header.length >= sizeof sp && sp.check1 == 0xBE && sp.check2 == 0xEF)
      return sp.skipped;
  }
  return std::nullopt;
}

SystemUseReader::SystemUseReader(CarefulReader& reader, IssueLog& log, const ReadLimits& limits, uint8_t skip)
    : reader_(reader), log_(log), limits_(limits), skip_(skip), budget_((reader.sectors() + 512) * kSectorSize) {}

void SystemUseReader::fault(const char* what, const char* clause, const std::string& detail, Severity severity) {
  log_.report(what, [&] {
    Issue issue{.severity = severity, .where = {record_, 1}, .clause = clause, .detail = detail};
    if (place) issue.paths.push_back({.path = place()});
    return issue;
  });
}

template <class T>
bool SystemUseReader::load_entry(std::span<const std::byte> entry, T& record) {
  if (load(entry, 0, record)) return true;
  fault("a system use entry is shorter than its kind needs", "SUSP 4.1");
  return false;
}

template <class Both>
void SystemUseReader::check_both(const char* clause, const char* field, const Both& number) {
  if (!number.agree()) fault("a number recorded in both byte orders disagrees with itself (Rock Ridge)", clause, both_text(field, number));
}

void SystemUseReader::read(std::span<const std::byte> area, Lba record, SystemUseRead& out, const std::function<void(Lba)>& continuation) {
  out.clear();
  record_ = record;
  if (area.size() <= skip_) return;
  read_areas(area.subspan(skip_), out, continuation);
}

void SystemUseReader::read_root(std::span<const std::byte> area, Lba record, SystemUseRead& out,
                                const std::function<void(Lba)>& continuation) {
  out.clear();
  record_ = record;
  SuspHeader first;
  const bool at_start = load(area, 0, first) && first.is('S', 'P');
  if (!at_start && area.size() < 14) return;
  read_areas(at_start ? area : area.subspan(14), out, continuation);
}

void SystemUseReader::read_areas(std::span<const std::byte> area, SystemUseRead& out, const std::function<void(Lba)>& continuation) {
  name_goes_on_ = component_goes_on_ = ended_ = false;
  std::optional<Continuation> next = read_area(area, out);
  for (uint32_t hops = 0; next && !ended_; ++hops) {
    const Continuation c = *next;
    if (hops == limits_.continuation_areas) return fault("too many continuation areas for one record", "SUSP 5.1", "readers give up at 32");
    if (c.offset >= kSectorSize || c.length > kSectorSize - c.offset)
      return fault("a continuation area does not lie inside one sector", "SUSP 5.1");
    if (c.extent >= reader_.sectors()) return fault("a continuation area lies beyond the end", "SUSP 5.1");
    if (c.length == 0) return fault("a continuation area is empty", "SUSP 5.1");
    if (c.length > budget_) return fault("continuation areas are used again and again", "SUSP 5.1", "the rest of them is not followed");
    budget_ -= c.length;
    const auto sector = reader_.cached(c.extent);
    if (sector.empty()) return;
    continuation(c.extent);
    next = read_area(sector.subspan(c.offset, c.length), out);
  }
  if (name_goes_on_) fault("a name says that it continues and does not", "RRIP 4.1.4");
}

std::optional<SystemUseReader::Continuation> SystemUseReader::read_area(std::span<const std::byte> area, SystemUseRead& out) {
  std::optional<Continuation> next;
  while (area.size() >= sizeof(SuspHeader) && !ended_) {
    SuspHeader header;
    if (!load(area, 0, header)) break;
    if (header.length < sizeof header) {
      // Zeros up to the end are padding that some writers leave.
      if (!std::ranges::all_of(area, [](std::byte b) { return b == std::byte{0}; }))
        fault("a system use entry is shorter than its own header", "SUSP 4.1");
      break;
    }
    if (header.length > area.size()) {
      fault("a system use entry runs past the end of its field", "SUSP 4.1");
      break;
    }
    const auto entry = area.first(header.length);
    area = area.subspan(header.length);
    if (header.is('S', 'T')) {
      break;
    } else if (header.is('C', 'E')) {
      SuspCE ce;
      if (!load_entry(entry, ce)) continue;
      check_both("SUSP 5.1", "CE, location", ce.extent);
      check_both("SUSP 5.1", "CE, offset", ce.offset);
      check_both("SUSP 5.1", "CE, length", ce.length);
      if (next) fault("a system use field has two continuation entries", "SUSP 5.1");
      next = Continuation{ce.extent, ce.offset, ce.length};
    } else {
      read_entry(header, entry, out);
    }
  }
  return next;
}

void SystemUseReader::read_entry(const SuspHeader& header, std::span<const std::byte> entry, SystemUseRead& out) {
  if (header.is('N', 'M')) return read_name(entry, out);
  if (header.is('S', 'L')) return read_link(entry, out);
  if (header.is('T', 'F')) return read_times(entry, out);
  if (header.is('R', 'E')) {
    out.relocated = true;
  } else if (header.is('P', 'X')) {
    RripPX px;
    if (entry.size() < kPxLength110) return fault("a PX entry is too short", "RRIP 4.1.1");
    const bool has_serial = entry.size() >= sizeof px;
    std::memcpy(&px, entry.data(), has_serial ? sizeof px : size_t{kPxLength110});
    check_both("RRIP 4.1.1", "PX, mode", px.mode);
    check_both("RRIP 4.1.1", "PX, links", px.links);
    check_both("RRIP 4.1.1", "PX, user", px.uid);
    check_both("RRIP 4.1.1", "PX, group", px.gid);
    if (has_serial) check_both("RRIP 4.1.1", "PX, serial number", px.serial);
    out.posix = PosixAttributes{px.mode, px.links, px.uid, px.gid, std::nullopt};
    if (has_serial) out.posix->serial = px.serial.little();
  } else if (header.is('P', 'N')) {
    RripPN pn;
    if (!load_entry(entry, pn)) return;
    check_both("RRIP 4.1.2", "PN, high", pn.high);
    check_both("RRIP 4.1.2", "PN, low", pn.low);
    out.has_device = true;
    out.device_high = pn.high;
    out.device_low = pn.low;
  } else if (header.is('Z', 'F')) {
    ZisofsZF zf;
    if (!load_entry(entry, zf)) return;
    const bool known = zf.algorithm[0] == 'p' && zf.algorithm[1] == 'z' && zf.header.version == 1;
    if (known) check_both("zisofs", "ZF, size", zf.size);
    if (!known || zf.block_log2 < 15 || zf.block_log2 > 17 || zf.header_words < 4)
      fault("a file is compressed in a way that is not known", "zisofs", "only as it is recorded can it be read", Severity::warning);
    out.compressed = Compressed{zf.size.little(), 4u * zf.header_words, known ? zf.block_log2.get() : uint8_t{0}};
    if (out.compressed->block_log2 < 15 || out.compressed->block_log2 > 17 || zf.header_words < 4) out.compressed->block_log2 = 0;
  } else if (header.is('C', 'L')) {
    RripCL cl;
    if (!load_entry(entry, cl)) return;
    check_both("RRIP 4.1.5.1", "CL", cl.extent);
    out.child = cl.extent;
  } else if (header.is('P', 'L')) {
    RripPL pl;
    if (!load_entry(entry, pl)) return;
    check_both("RRIP 4.1.5.2", "PL", pl.extent);
    out.parent = pl.extent;
  } else if (header.is('A', 'L')) {
    // Of no use to a reader but for the sums of libisofs: what is too long is left out in silence.
    if (entry.size() > sizeof(AaipAL) && out.attributes.size() + entry.size() <= limits_.target_bytes)
      out.attributes += text_of(entry.subspan(sizeof(AaipAL)));
  } else if (header.is('E', 'R')) {
    SuspER er;
    if (!load_entry(entry, er)) return;
    if (sizeof er + er.identifier_length + er.descriptor_length + er.source_length > entry.size())
      fault("the texts of an ER entry run past its end", "SUSP 5.5");
  } else if (header.is('S', 'P')) {
    SuspSP sp;
    if (load_entry(entry, sp) && (sp.check1 != 0xBE || sp.check2 != 0xEF)) fault("an SP entry has the wrong check bytes", "SUSP 5.3");
  }
}

void SystemUseReader::read_name(std::span<const std::byte> entry, SystemUseRead& out) {
  if (entry.size() < sizeof(RripNM)) return fault("an NM entry is too short", "RRIP 4.1.4");
  const auto flags = std::to_integer<uint8_t>(entry[4]);
  const std::string_view text = text_of(entry.subspan(sizeof(RripNM)));
  if (flags & (kNameCurrent | kNameParent)) {
    // "." and ".." have no other name; both at once means nothing.
    if ((flags & (kNameCurrent | kNameParent)) == (kNameCurrent | kNameParent) || !text.empty())
      fault("the flags of a name contradict each other", "RRIP 4.1.4");
    return;
  }
  if (out.has_name && !name_goes_on_) return fault("a record has two names", "RRIP 4.1.4");
  if (out.name.size() + text.size() > limits_.name_bytes) {
    name_goes_on_ = flags & kNameContinue;
    return fault("a name is too long", "RRIP 4.1.4", "it is cut");
  }
  out.name += text;
  out.has_name = true;
  name_goes_on_ = flags & kNameContinue;
}

void SystemUseReader::read_link(std::span<const std::byte> entry, SystemUseRead& out) {
  if (entry.size() < sizeof(RripSL)) return fault("an SL entry is too short", "RRIP 4.1.3");
  auto rest = entry.subspan(sizeof(RripSL));
  while (!rest.empty()) {
    RripComponent component;
    if (!load(rest, 0, component) || component.length > rest.size() - sizeof component)
      return fault("a component of a symbolic link runs past its entry", "RRIP 4.1.3.1");
    const std::string_view text = text_of(rest.subspan(sizeof component, component.length));
    rest = rest.subspan(sizeof component + component.length);
    const uint8_t flags = component.flags;
    if (out.target.size() + text.size() + 3 > limits_.target_bytes) return fault("the target of a symbolic link is too long", "RRIP 4.1.3");
    const bool first = !out.has_target;
    out.has_target = true;
    if (!first && !component_goes_on_ && (out.target.empty() || out.target.back() != '/')) out.target += '/';
    if (flags & kComponentRoot) {
      // genisoimage writes "//" so: the same place, and a "/" is there already.
      if (!first && out.target != "/")
        fault("a symbolic link has the root behind another component", "RRIP 4.1.3.1", "", Severity::warning);
      if (first) out.target = "/";
    } else if (flags & kComponentCurrent) {
      out.target += '.';
    } else if (flags & kComponentParent) {
      out.target += "..";
    } else {
      out.target += text;
    }
    component_goes_on_ = flags & kComponentContinue;
  }
}

void SystemUseReader::read_times(std::span<const std::byte> entry, SystemUseRead& out) {
  if (entry.size() < 5) return fault("a TF entry is too short", "RRIP 4.1.6");
  const auto flags = std::to_integer<uint8_t>(entry[4]);
  const bool long_form = flags & kTfLongForm;
  const size_t each = long_form ? sizeof(LongTime) : sizeof(ShortTime);
  size_t at = 5;
  EntryTime* const times[7] = {&out.created, &out.modified, &out.accessed, &out.changed, nullptr, nullptr, nullptr};
  for (int bit = 0; bit < 7; ++bit) {
    if (!(flags >> bit & 1)) continue;
    // makefs cuts the last byte of the last time.
    if (entry.size() - at < each) return fault("a TF entry has fewer times than it says", "RRIP 4.1.6", "", Severity::warning);
    bool legal = true;
    EntryTime time;
    if (long_form) {
      LongTime t;
      if (load(entry, at, t)) time = time_of(t, legal);
    } else {
      ShortTime t;
      if (load(entry, at, t)) time = time_of(t, legal);
    }
    if (!legal) fault("a time is not a date", "RRIP 4.1.6", "", Severity::warning);
    if (times[bit]) *times[bit] = time;
    at += each;
  }
}

}  // namespace fsi
