// File and directory identifiers of Joliet: big-endian UCS-2 (UTF-16 beyond the basic plane, by practice).
#pragma once

#include "libfsi/names/name_shape.h"

namespace fsi {

/// Forbidden characters (* / : ; ? \ and controls) and bytes that are no UTF-8 become `_`. Names too long are
/// cut, their extension is kept. Names that differ in letter case alone do not collide.
class JolietNames : public NameShape {
 public:
  /// `longest`: in 16-bit units, 64 by the specification, 103 by practice.
  explicit JolietNames(unsigned longest) : longest_(longest) {}
  void make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const override;
  std::string display(std::string_view recorded) const override;
  bool faithful(std::string_view name, std::string_view recorded) const override;

 private:
  void make_open(std::string_view name, bool directory, uint32_t serial, Identifier& out) const;
  unsigned longest_;
};

/// `text` as big-endian UCS-2, at most `most` units, for the fields of the volume descriptor. Bytes that are no
/// UTF-8 become `_`. `cut` tells whether something was left out.
std::string ucs2_text(std::string_view text, size_t most, bool* cut = nullptr);

}  // namespace fsi
