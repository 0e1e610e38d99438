// Archives become draft entries: tar (any compression), zip, 7z, cpio and ISO images through
// libarchive. Data is left where it is when that can be proved to be right, and else goes to the
// spool; nothing is ever unpacked under a name. Internal to this room.
#pragma once

#include <string>

#include "libfsi/source/draft.h"
#include "libfsi/source/scan.h"
#include "libfsi/source/spool.h"

namespace fsi {

/// Whether the name of a file says that it is an archive.
bool has_archive_suffix(std::string_view name);

/// Adds the members of the archive that `fd` reads, `name` in messages, below the directory `at` of the
/// image. Throws Error{corrupt} for one that is damaged, truncated, encrypted, or has a member with an
/// absolute path or "..", Error{no_space}, Error{usage} on a duplicate target. Later members replace
/// earlier ones of the same name, as in a tar that was appended to.
void add_archive_members(const ScanJob& job, std::shared_ptr<Fd> fd, const std::string& name, const std::string& at, draft::Draft& draft,
                         Spool& spool, std::vector<Finding>& findings);

}  // namespace fsi
