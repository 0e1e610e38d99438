// Arbitrary attributes of AAIP 2.0 (libisofs): names and values in turn as component records, from untrusted bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fsi {

/// The value of an attribute in the component records of a record's AL entries (TreeEntry::attributes). `name` is in the
/// short form, in which a byte stands for the name space; the long form of "isofs." is found too.
std::optional<std::string> find_attribute(std::string_view attributes, std::string_view name);

}  // namespace fsi
