// Whether the texts of a volume (identifiers of volume, publisher, ...) can be recorded in ISO 9660, to be asked
// before any work is done.
#pragma once

#include <string>
#include <string_view>

#include "libfsi/layout/volume.h"

namespace fsi {

/// Why `text` cannot be recorded in an ISO 9660 field of `longest` bytes (32 for the volume id); empty
/// when it can. Printable ASCII is accepted, as every reader does; the standard's A-Z 0-9 _ is not
/// enforced (cloud-init's volume must be called "cidata").
std::string volume_text_problem(std::string_view text, size_t longest = 32);

/// Throws Error{usage} that names the first text of the volume that ISO 9660 cannot hold.
void check_volume_texts(const Volume& volume);

}  // namespace fsi
