#include "librecorder/scsi/command.h"

#include <algorithm>

namespace rec {

Cdb::Cdb(std::initializer_list<uint8_t> list) {
  std::copy_n(list.begin(), std::min(list.size(), bytes.size()), bytes.begin());
  // SPC: the top three bits of the opcode are its group, which fixes the length.
  switch (bytes[0] >> 5) {
    case 0: length = 6; break;
    case 1:
    case 2: length = 10; break;
    case 4: length = 16; break;
    case 5: length = 12; break;
    default: length = static_cast<uint8_t>(std::min<size_t>(list.size(), 16)); break;
  }
}

}  // namespace rec
