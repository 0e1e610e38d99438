// Names and times of ISO 9660 and Joliet as a reader gives them: pure functions over untrusted bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libfsi/disc/iso9660.h"
#include "libfsi/read/volume.h"

namespace fsi {

enum class IsoNames : uint8_t { iso, joliet, enhanced };

/// Appends the file name of an identifier, without version and without the dot of an empty extension.
/// Joliet becomes UTF-8. False when it held something that cannot be in a name ("/", NUL, a lone surrogate,
/// half a character): that became "_" or U+FFFD.
bool append_name(IsoNames names, std::string_view identifier, std::string& out);

/// Replaces what cannot be in a name of a path; false when there was such a thing ("", ".", "..", "/", NUL).
bool make_safe_name(std::string& name, size_t from);

/// ECMA-119 9.3, 6.9.1: does `b` sort before `a` by every reading of the rule that is in use? Writers disagree on
/// names with several dots or none; only what nobody can call sorted is out of order.
bool out_of_order(IsoNames names, std::string_view a, std::string_view b);

/// 7.2.3, 7.3.3: what both halves of a number say, for messages: "data length 7 and 8".
template <class Both>
std::string both_text(const char* field, const Both& number) {
  return std::string(field) + " " + std::to_string(number.little()) + " and " + std::to_string(number.big());
}

/// 9.1.5; `legal` is false when a field is out of range. All zeros: not known, legal.
EntryTime time_of(const disc::ShortTime& time, bool& legal);
/// 8.4.26.1
EntryTime time_of(const disc::LongTime& time, bool& legal);

}  // namespace fsi
