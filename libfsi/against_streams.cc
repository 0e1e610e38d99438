#include "libfsi/against_streams.h"

#include <algorithm>
#include <cstring>

#include "libfsi/base/error.h"
#include "libfsi/read/data.h"

namespace fsi {

void AgainstStreams::add(NodeId node, std::string_view name, const TreeEntry& stream) {
  if (name.starts_with("*UDF")) return;  // UDF 3.3.8: streams of systems, which no attribute of a user is
  OnDisc& on_disc = streams_[{tree_.nodes[node].link_leader, std::string(name)}];
  on_disc = {stream.size, {stream.extents.begin(), stream.extents.end()}};
}

void AgainstStreams::for_each_difference(const SectorSource& source, const std::vector<bool>& there,
                                         const std::function<void(NodeId node, const std::string& text)>& difference) const {
  const auto about = [](std::string_view name) { return "extended attribute user." + printable(std::string(name)); };
  auto unclaimed = streams_;
  for (const Stream& stream : tree_.streams) {
    if (!there[stream.node]) continue;
    const std::string name(tree_.str(stream.name));
    const auto found = unclaimed.find({stream.node, name});
    if (found == unclaimed.end()) {
      difference(stream.node, about(name) + " is not on the disc");
      continue;
    }
    if (found->second.size != stream.bytes || !same_value(found->second.extents, stream, source))
      difference(stream.node, about(name) + " has another value");
    unclaimed.erase(found);
  }
  for (const auto& [key, on_disc] : unclaimed) difference(key.first, about(key.second) + " is on the disc only");
}

bool AgainstStreams::same_value(const std::vector<DataExtent>& extents, const Stream& stream, const SectorSource& source) const {
  std::vector<std::byte> bytes(stream.bytes);
  try {
    if (FileData(extents).read(source, 0, bytes) != bytes.size()) return false;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
    return false;
  }
  return std::ranges::equal(bytes, std::span(tree_.stream_bytes).subspan(stream.offset, stream.bytes));
}

}  // namespace fsi
