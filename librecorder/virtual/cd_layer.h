// The sectors of a virtual CD as they are on the disc: a sparse file of 2352 + 96 bytes each, from the beginning of the lead-in. Tracks of
// data that were written track at once are not in it; the drive makes their sectors from the user data when it is asked.
#pragma once

#include <filesystem>
#include <optional>

#include "libfsi/base/file.h"
#include "librecorder/virtual/cd_sector.h"

namespace rec::virt {

class CdLayer {
 public:
  /// The directory of the disc; the file is made at the first write.
  explicit CdLayer(std::filesystem::path directory) : path_(std::move(directory) / "raw") {}

  void write(int32_t lba, const CdBlock& block);
  /// Nothing: never recorded. Every sector that is has a Q whose CRC is right.
  std::optional<CdBlock> read(int32_t lba) const;
  void erase();

 private:
  std::filesystem::path path_;
  mutable fsi::Fd file_;
};

}  // namespace rec::virt
