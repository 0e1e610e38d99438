// The seam between the directory records of ISO 9660 and what stands in their system use field: which record it is about,
// and the entries for it (SUSP 4.1). Where the entries lie is the hierarchy's business.
#pragma once

#include <cstring>
#include <functional>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "libfsi/base/sectors.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// Which record of a directory it is.
enum class RecordRole : uint8_t {
  root_self,     ///< "." of the root
  self,          ///< "."
  parent,        ///< ".."
  moved_parent,  ///< ".." of a relocated directory: `node` is the parent it had
  child,         ///< a name
  placeholder,   ///< where a relocated directory was: a file record
  moved,         ///< a relocated directory where it is now
  relocation,    ///< the directory that holds these: an artefact, to be hidden like them
};

/// What a system use field is about.
struct RecordSubject {
  RecordRole role = RecordRole::child;
  const Node* node = nullptr;
  std::string_view name;
  Lba link = 0;  ///< placeholder: where the directory is now; moved_parent: where its parent is
};

/// Bytes of system use entries, one after another; each says its length in its third byte (SUSP 4.1).
class SystemUseEntries {
 public:
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }
  /// A new record at the end, to be filled in at once.
  template <class T>
  T& add() {
    static_assert(alignof(T) == 1 && std::is_trivially_copyable_v<T>);
    return *new (grow(sizeof(T))) T;
  }
  void add_text(std::string_view text) {
    std::byte* to = grow(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  }
  /// Takes bytes from the end.
  void drop(size_t bytes) { size_ -= bytes; }

 private:
  std::byte* grow(size_t bytes) {
    if (bytes_.size() - size_ < bytes) bytes_.resize(2 * bytes_.size() + bytes);
    return bytes_.data() + std::exchange(size_, size_ + bytes);
  }
  std::vector<std::byte> bytes_ = std::vector<std::byte>(512);
  size_t size_ = 0;
};

/// Const and thread-safe. The number and sizes of the entries must not depend on RecordSubject::link.
class SystemUse {
 public:
  virtual ~SystemUse() = default;
  /// Appends the entries of a record. What must be read first comes first; what does not fit into the record is
  /// continued elsewhere.
  virtual void append(const RecordSubject& subject, SystemUseEntries& entries) const = 0;
  /// What of a node's attributes it cannot hold or readers will not see, one sentence each.
  virtual void for_each_loss(const Node& node, std::string_view name, const std::function<void(std::string_view)>& loss) const = 0;
};

}  // namespace fsi
