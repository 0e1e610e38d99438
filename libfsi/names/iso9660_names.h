// File and directory identifiers of ISO 9660 (ECMA-119 7.5, 7.6, 10), without the separators and version
// number that the record adds.
#pragma once

#include "libfsi/names/name_shape.h"

namespace fsi {

/// Levels 1 to 3: A-Z 0-9 _ with one dot in file names. A character that is not one of these becomes one
/// `_`, letters become capitals. Names too long are cut, their extension is kept.
class Iso9660Names : public NameShape {
 public:
  /// `level` 1: 8.3; else 30 characters and a dot, directories 31.
  explicit Iso9660Names(unsigned level) : eight_dot_three_(level == 1) {}
  void make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const override;
  std::string display(std::string_view recorded) const override { return std::string(recorded); }
  bool faithful(std::string_view name, std::string_view recorded) const override;

 private:
  bool eight_dot_three_;
};

/// ISO 9660:1999 ("level 4"): the name's own bytes, up to `longest` of them (207; 193 when Rock Ridge needs the
/// rest of the record).
class Iso9660LongNames : public NameShape {
 public:
  explicit Iso9660LongNames(size_t longest) : longest_(longest) {}
  void make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const override;
  std::string display(std::string_view recorded) const override { return std::string(recorded); }
  bool faithful(std::string_view name, std::string_view recorded) const override { return name == recorded; }

 private:
  size_t longest_;
};

}  // namespace fsi
