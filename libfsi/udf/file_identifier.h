// One file identifier descriptor (ECMA-167 4/14.4): an entry of a directory or of a stream directory.
#pragma once

#include <span>
#include <string_view>

#include "libfsi/udf/form.h"

namespace fsi::udf {

/// Bytes of a descriptor whose identifier has so many; 0 for the entry of the parent, which comes first.
constexpr uint64_t file_identifier_bytes(size_t identifier) { return (sizeof(disc::FileIdentifierDescriptor) + identifier + 3) / 4 * 4; }
inline constexpr uint64_t kParentBytes = file_identifier_bytes(0);
inline constexpr uint64_t kMostFileIdentifierBytes = file_identifier_bytes(disc::kLongestIdentifier);

/// How an ICB is named: where it is and the low half of its unique id.
disc::LongAd icb_address(const Form& form, uint64_t block, uint64_t unique_id);

/// Writes it into `out`, which is exactly as long and whose bytes may be anything. `block`: where it begins.
void put_file_identifier(const Form& form, uint8_t characteristics, const disc::LongAd& icb, std::string_view identifier, uint64_t block,
                         std::span<std::byte> out);

}  // namespace fsi::udf
