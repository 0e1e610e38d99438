// Extended attributes on their way into the draft: those of users become named streams or are counted, the others are
// counted where a user would miss them. Internal to this room.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "libfsi/source/draft.h"
#include "libfsi/source/scan_options.h"

namespace fsi {

void add(LeftAttributes& sum, const LeftAttributes& more);

/// Takes the attributes of one thing, in any order.
class XattrTaker {
 public:
  XattrTaker(Xattrs wanted, draft::Pool& pool, LeftAttributes& left) : wanted_(wanted), pool_(pool), left_(left) {}
  /// Whether the value of the attribute with this full name is to be taken; counts those that are not.
  bool wants(std::string_view name);
  void take(std::string_view name, std::string_view value);
  /// Gives them to the entry. False when two have one name.
  bool finish(draft::Entry& entry);

 private:
  const Xattrs wanted_;
  draft::Pool& pool_;
  LeftAttributes& left_;
  draft::StreamList list_;
};

/// Asks the file system. One for each thread; buffers are made when the first attribute is seen.
class HostXattrs {
 public:
  /// `name` in the directory `fd`, or `fd` itself when it is null. 0, or the errno for which they could not be had: only
  /// when they are to be kept.
  int look(Xattrs wanted, int fd, const char* name, bool follow, draft::Entry& entry, draft::Pool& pool);

  LeftAttributes left;

 private:
  ssize_t list(char* out, size_t size);
  ssize_t get(const char* attribute, char* out, size_t size);
  unsigned flags() const;
  const char* path();

  int fd_ = -1;
  const char* name_ = nullptr;
  bool through_ = false, direct_ = true;
  std::string path_;
  std::vector<char> names_, value_;
};

}  // namespace fsi
