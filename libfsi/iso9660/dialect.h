// What makes ISO 9660 and Joliet differ over the one hierarchy: which nodes it shows, what their identifiers look
// like, and whether something stands in the system use field.
#pragma once

#include <string>

#include "libfsi/names/name_shape.h"
#include "libfsi/rockridge/system_use.h"
#include "libfsi/source/tree.h"

namespace fsi {

/// Const and thread-safe.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// For messages: "ISO 9660".
  virtual std::string name() const = 0;
  virtual const NameShape& names() const = 0;
  virtual bool shows(const Node& node) const = 0;
  /// Adds to a file's name what its identifier has besides: separators and version.
  virtual void finish_file_identifier(Identifier& name) const { (void)name; }
  virtual const SystemUse* system_use() const { return nullptr; }
};

}  // namespace fsi
