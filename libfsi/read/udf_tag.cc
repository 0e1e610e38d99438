#include "libfsi/read/udf_tag.h"

namespace fsi {

using namespace disc;

TagFaults check_tag(std::span<const std::byte> bytes, TagId wanted, uint32_t location, std::optional<bool> third_edition) {
  Tag tag;
  if (!load(bytes, 0, tag) || tag.identifier != static_cast<uint16_t>(wanted)) return kTagKind;
  TagFaults faults = 0;
  if (tag.checksum != checksum_of(tag)) faults |= kTagChecksum;
  const auto body = bytes.subspan(sizeof tag);
  if (tag.crc_length > body.size() || tag.crc != crc_of(body.first(tag.crc_length))) faults |= kTagCrc;
  // What was written under an older revision may stay (UDF 2.00, 2.2.1.1): 2 is at home in both.
  const uint16_t version = tag.version;
  if (version != 2 && !(version == 3 && third_edition.value_or(true))) faults |= kTagVersion;
  if (tag.location != location) faults |= kTagLocation;
  return faults;
}

void report_tag(TagFaults faults, std::span<const std::byte> bytes, const DescriptorPlace& place, IssueLog& log, bool needed) {
  Tag tag;
  if (faults == 0 || !load(bytes, 0, tag)) return;
  const auto report = [&](TagFaults one, const char* what, const char* clause, const auto& detail) {
    if (!(faults & one)) return;
    const bool incomplete = needed && damaged(one);
    log.report(what, [&] {
      Issue issue{.where = {place.sector, 1}, .clause = std::string("ECMA-167 ") + (place.of_files ? "4/7.2 by way of 3/" : "3/") + clause};
      issue.incomplete = incomplete;
      issue.detail = std::string(place.name) + ", block " + std::to_string(place.location) + detail();
      if (!place.path.empty())
        issue.paths.push_back({.path = std::string(place.name) + " of " + std::string(place.path), .is_structure = true});
      return issue;
    });
  };
  report(kTagKind, "there is no descriptor of the kind that should be here", "7.2.1",
         [&] { return ": its tag has the identifier " + std::to_string(tag.identifier); });
  report(kTagChecksum, "the checksum of a descriptor's tag is wrong", "7.2.3",
         [&] { return ": it says " + std::to_string(tag.checksum) + ", the tag adds up to " + std::to_string(checksum_of(tag)); });
  report(kTagCrc, "the CRC of a descriptor is wrong", "7.2.6", [&] { return " (over " + std::to_string(tag.crc_length) + " bytes)"; });
  report(kTagVersion, "the tag version of a descriptor is not the volume's", "7.2.2", [&] { return ": " + std::to_string(tag.version); });
  report(kTagLocation, "the tag location of a descriptor is not where it lies", "7.2.8",
         [&] { return ": it says block " + std::to_string(tag.location); });
}

}  // namespace fsi
