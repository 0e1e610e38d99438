// What the volume descriptors of every format say of the volume.
#pragma once

#include <cstdint>
#include <string>

#include "libfsi/source/tree.h"

namespace fsi {

struct Volume {
  std::string volume_id;  ///< UTF-8, as asked for; each format cuts and maps it by its own rules
  std::string volume_set_id;
  std::string system_id;
  std::string publisher;
  std::string preparer;
  std::string application;
  Time created = 0;  ///< SOURCE_DATE_EPOCH, or now
  Time modified = 0;
  unsigned iso_level = 3;  ///< 1, 2, 3; 4 stands for ISO 9660:1999 names
  bool rock_ridge = true;
  bool relocate_deep = false;  ///< move directories deeper than eight to /rr_moved (CL, PL, RE)
  bool strict = false;         ///< a name that must change is an error
};

}  // namespace fsi
