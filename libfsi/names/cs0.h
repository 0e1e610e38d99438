// OSTA compressed Unicode (UDF 2.1.1): a compression id, 8 or 16, and characters of so many bits. File
// identifiers and the texts of descriptors; knows no descriptor.
#pragma once

#include <string>
#include <string_view>

#include "libfsi/names/name_shape.h"

namespace fsi {

/// File identifiers: the compression id and at most 254 bytes, that is 254 characters up to U+00FF or 127 UTF-16
/// units. Bytes that are no UTF-8 and the characters that CS0 leaves out (U+FEFF, U+FFFE) become `_`. Names too long are
/// cut, their extension is kept. Letter case tells names apart.
class Cs0Names : public NameShape {
 public:
  void make(std::string_view name, bool directory, uint32_t serial, Identifier& out) const override;
  std::string display(std::string_view recorded) const override;
  bool faithful(std::string_view name, std::string_view recorded) const override;
};

/// Whether every byte is ASCII and there are at most 254: by far the most names, and recorded as they are.
bool plain_cs0(std::string_view name);

/// `text` with its compression id in at most `most` bytes, for the fields of descriptors; empty when it is empty.
/// Characters above U+007F take 16 bits all, since old readers of labels take 8 for UTF-8.
/// `cut` tells whether something was left out or replaced.
std::string cs0_text(std::string_view text, size_t most, bool* cut = nullptr);

/// UTF-8 of what follows a compression id of 8 or 16; an odd last byte and lone surrogates become U+FFFD.
std::string cs0_to_utf8(std::string_view recorded);

}  // namespace fsi
