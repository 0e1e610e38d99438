// What a format made of the tree's names and attributes: the question `--names` asks of each format.
// Says nothing of how names are made.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "libfsi/source/tree.h"

namespace fsi {

/// Valid once the format is prepared; const and thread-safe from then on.
class RecordedNames {
 public:
  virtual ~RecordedNames() = default;

  /// "ISO 9660", "Joliet".
  virtual std::string format_name() const = 0;

  /// The name under which a plain reader of this format sees the node, in UTF-8, without ";1";
  /// empty for the root and for what the format cannot hold at all.
  virtual std::string name_in_format(NodeId id) const = 0;

  using Changed = std::function<void(NodeId id, std::string_view recorded)>;
  /// Every node whose recorded name differs from its own by more than letter case, in node order;
  /// `recorded` is empty for a node that the format leaves out (a symlink in Joliet).
  virtual void for_each_changed(const Changed& changed) const = 0;

  using Loss = std::function<void(NodeId id, std::string_view what)>;
  /// Every node with an attribute that this format cannot hold as it is ("time of last change: before
  /// 1900, recorded as 1900-01-01"), in node order.
  virtual void for_each_loss(const Loss& loss) const = 0;

  /// Sentences about the volume as a whole ("the volume id is cut to 16 characters: ...").
  virtual std::vector<std::string> notes() const = 0;
};

}  // namespace fsi
