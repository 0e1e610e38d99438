// Lists of sums as md5sum, sha256sum and xxh128sum write them and read them with -c.
#pragma once

#include <string>
#include <string_view>

#include "libfsi/base/running_digest.h"

namespace fsi {

/// One line, newline included: "<hex>  <name>". A name with a newline, a carriage return or a backslash is escaped, and the line
/// begins with a backslash, as coreutils does it. xxhsum 0.8.1 knows no escapes: its names are as they are but for those with
/// a newline, which only later ones can read. A "/" at the start of `path` is left out: names are relative to the root
/// of the mounted disc.
std::string sum_line(SumKind kind, const Sum& sum, std::string_view path);

}  // namespace fsi
