#include "librecorder/virtual/check_condition.h"

#include "libfsi/base/wire.h"

namespace rec::virt {

std::vector<std::byte> sense_bytes(const CheckCondition& check) {
  struct FixedSense {
    fsi::U8 response_code;
    fsi::U8 segment;
    fsi::U8 key;
    fsi::Be32 information;
    fsi::U8 additional_length;
    fsi::Be32 command_specific;
    fsi::U8 asc, ascq;
    fsi::U8 unit_code;
    fsi::U8 key_specific;
    fsi::Be16 key_specific_value;
  } sense;
  static_assert(sizeof sense == 18);
  sense.response_code = check.information ? 0xF0 : 0x70;
  sense.key = check.key;
  sense.information = check.information.value_or(0);
  sense.additional_length = 10;
  sense.asc = check.asc;
  sense.ascq = check.ascq;
  if (check.progress) {
    sense.key_specific = 0x80;
    sense.key_specific_value = *check.progress;
  } else if (check.field) {
    sense.key_specific = check.asc == 0x24 ? 0xC0 : 0x80;  // C/D: the fault is in the command block
    sense.key_specific_value = *check.field;
  }
  const auto bytes = fsi::bytes_of(sense);
  return {bytes.begin(), bytes.end()};
}

}  // namespace rec::virt
