// The file identifier descriptors of one directory, one after the other, in bounded memory.
#pragma once

#include <string_view>
#include <vector>

#include "libfsi/read/udf_icb.h"

namespace fsi {

struct UdfIdentifier {
  disc::FileIdentifierDescriptor fixed;
  std::string_view name;  ///< as recorded, its compression id first; valid until the next one
  uint64_t at = 0;        ///< byte of the source
  uint32_t block = 0;     ///< where it begins, in its partition
  bool is(uint8_t characteristic) const { return fixed.characteristics & characteristic; }
};

class UdfDirectory {
 public:
  /// `size`: information length. All must outlive it.
  UdfDirectory(UdfReader& reader, const std::vector<UdfRun>& runs, std::string_view path, std::optional<bool> third_edition);

  /// The next one, whatever it is; false at the end. Faults are reported; what is damaged is passed over.
  bool next(UdfIdentifier& identifier);
  bool damaged() const { return damaged_; }

 private:
  bool fill(size_t bytes);
  const UdfRun& run_at(uint64_t offset, uint64_t& inside);
  std::span<const std::byte> rest() const { return std::span(buffer_).subspan(at_); }
  TagFaults look(UdfIdentifier& identifier, size_t& length);
  bool resynchronize();
  uint64_t position() const { return base_ + at_; }

  UdfReader& reader_;
  const std::vector<UdfRun>& runs_;
  const std::string_view path_;
  const std::optional<bool> third_edition_;
  std::vector<uint64_t> starts_;  // of each run, in the directory
  uint64_t end_ = 0;
  std::vector<std::byte> buffer_;
  uint64_t base_ = 0;  // offset of the buffer in the directory
  size_t at_ = 0;
  bool in_mirror_ = false, damaged_ = false;
};

}  // namespace fsi
