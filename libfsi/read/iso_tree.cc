#include "libfsi/read/iso_tree.h"

#include <functional>

#include "libfsi/read/iso_walk.h"

namespace fsi {

uint64_t identifier_hash(std::string_view identifier) { return std::hash<std::string_view>{}(identifier); }

IsoTree::IsoTree(const SectorSource& source, const DescriptorAt& at, IsoNames names, std::optional<uint8_t> skip, const ReadLimits& limits)
    : source_(source), at_(at), names_(names), skip_(skip), limits_(limits) {}

std::string_view IsoTree::name() const {
  if (skip_) return "Rock Ridge";
  switch (names_) {
    case IsoNames::iso: return "ISO 9660";
    case IsoNames::joliet: return "Joliet";
    case IsoNames::enhanced: return "ISO 9660:1999";
  }
  return "";
}

void IsoTree::walk(Visitor& visitor, IssueLog& log, std::stop_token stop) const { walk(visitor, log, std::move(stop), nullptr); }

void IsoTree::walk(Visitor& visitor, IssueLog& log, std::stop_token stop, std::vector<PhysicalDirectory>* directories) const {
  IsoWalk(*this, visitor, log, std::move(stop), directories).run();
}

}  // namespace fsi
