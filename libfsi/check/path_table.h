// ECMA-119 6.9 and 9.4: both path tables against each other and against the directories.
#pragma once

#include <vector>

#include "libfsi/read/iso_tree.h"

namespace fsi {

/// `directories`: all of the tree, in any order (it is sorted here).
void check_path_tables(const IsoTree& tree, std::vector<PhysicalDirectory>& directories, IssueLog& log);

}  // namespace fsi
