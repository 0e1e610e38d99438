// Names, times and link targets of UDF as a reader gives them: pure functions over untrusted bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libfsi/disc/udf.h"
#include "libfsi/read/volume.h"

namespace fsi {

/// UDF 2.1.1: appends what follows a compression id of 8 or 16 (or 254 or 255, which deleted names have) as UTF-8.
/// False when the id is another, a character is half there, or a surrogate is alone: that became U+FFFD.
bool append_cs0(std::string_view recorded, std::string& out);
/// A dstring's text() as UTF-8.
std::string cs0_text_of(std::string_view recorded);

/// ECMA-167 1/7.3; `legal` is false when a field is out of range. All zeros: not known, legal. Local times without a
/// time zone are taken for UTC.
EntryTime time_of(const disc::Timestamp& time, bool& legal);

/// ECMA-167 4/14.16: path components as a path; false when they are not right. What could be read is appended.
bool append_link_target(std::span<const std::byte> components, std::string& out);

/// Mode bits, without those of the kind, of ECMA-167 permissions and ICB flags.
uint32_t mode_of(uint32_t permissions, uint16_t icb_flags);

/// 0x0201 is "2.01".
std::string udf_revision_text(uint16_t revision);

}  // namespace fsi
