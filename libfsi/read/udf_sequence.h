// A volume descriptor sequence (ECMA-167 3/8.4.2): the prevailing descriptor of each kind.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "libfsi/read/udf_anchor.h"

namespace fsi {

struct UdfSequence {
  const char* name = "";
  uint64_t at = 0;  ///< byte of the source where it begins
  std::optional<disc::PrimaryVolumeDescriptor> primary;
  std::vector<std::byte> logical;  ///< logical volume descriptor with its maps; at least its fixed part
  uint64_t logical_at = 0;
  std::map<uint16_t, disc::PartitionDescriptor> partitions;  ///< by partition number
  bool complete() const { return !logical.empty() && !partitions.empty(); }
};

UdfSequence read_udf_sequence(CarefulReader& sectors, const UdfAnchor& anchor, bool main, NamedSectors& structures, IssueLog& log);

/// What one sequence says and the other does not.
void compare_sequences(const UdfSequence& main, const UdfSequence& reserve, IssueLog& log);

}  // namespace fsi
