#include "libfsi/names/name_shape.h"

#include "libfsi/base/error.h"

namespace fsi {

void Identifier::throw_too_long() { throw Error(ErrorKind::limit, "", "making a recorded name", "it is longer than 255 bytes"); }

}  // namespace fsi
