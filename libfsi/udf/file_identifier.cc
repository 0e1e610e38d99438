#include "libfsi/udf/file_identifier.h"

#include <algorithm>
#include <cstring>

namespace fsi::udf {

disc::LongAd icb_address(const Form& form, uint64_t block, uint64_t unique_id) {
  disc::LongAd ad;
  ad.length = kSectorSize;
  ad.location.block = block;
  ad.location.partition = form.icb_partition();
  ad.unique_id = unique_id;
  return ad;
}

void put_file_identifier(const Form& form, uint8_t characteristics, const disc::LongAd& icb, std::string_view identifier, uint64_t block,
                         std::span<std::byte> out) {
  disc::FileIdentifierDescriptor head;
  head.characteristics = characteristics;
  head.identifier_length = identifier.size();
  head.icb = icb;
  std::memcpy(out.data(), &head, sizeof head);
  if (!identifier.empty()) std::memcpy(out.data() + sizeof head, identifier.data(), identifier.size());
  std::fill(out.begin() + static_cast<ptrdiff_t>(sizeof head + identifier.size()), out.end(), std::byte{});
  disc::seal_descriptor(out, disc::TagId::file_identifier, form.tag_version, static_cast<uint32_t>(block));
}

}  // namespace fsi::udf
