// File-system images as sources: the one place where the readers of images meet the sources of images.
#pragma once

#include "libfsi/source/image_reader.h"

namespace fsi {

/// Opens ISO 9660 and UDF images with the best tree they have: Rock Ridge, UDF, Joliet, enhanced, plain ISO 9660.
/// Null when there is none; the descriptor is shared and read at absolute positions only.
std::unique_ptr<ImageReader> open_image_source(const std::shared_ptr<Fd>& fd, const std::string& name);

}  // namespace fsi
