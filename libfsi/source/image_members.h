// The names of a file-system image become draft entries; their data stays where it is. Internal to this room.
#pragma once

#include <string>

#include "libfsi/source/draft.h"
#include "libfsi/source/image_reader.h"
#include "libfsi/source/scan.h"

namespace fsi {

/// Adds what `image` holds below the directory `at` of the image to be made. `fd` reads the image file `name`. What cannot be
/// read becomes findings. Throws Error{usage} on a duplicate target.
void add_image_members(const ScanJob& job, ImageReader& image, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at,
                       draft::Draft& draft, std::vector<Finding>& findings);

}  // namespace fsi
