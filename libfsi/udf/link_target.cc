#include "libfsi/udf/link_target.h"

#include "libfsi/disc/ecma167.h"
#include "libfsi/names/cs0.h"

namespace fsi::udf {

namespace {

void append_component(std::string& out, uint8_t type, std::string_view identifier) {
  disc::PathComponent component;
  component.type = type;
  component.identifier_length = identifier.size();
  out.append(reinterpret_cast<const char*>(&component), sizeof component);
  out.append(identifier);
}

}  // namespace

std::string link_components(std::string_view target) {
  std::string out;
  if (target.starts_with('/')) append_component(out, disc::kPathRoot, {});
  Identifier identifier;
  for (size_t at = 0; at < target.size();) {
    const size_t slash = std::min(target.find('/', at), target.size());
    const std::string_view name = target.substr(at, slash - at);
    at = slash + 1;
    if (name.empty()) continue;
    if (name == ".") {
      append_component(out, disc::kPathHere, {});
    } else if (name == "..") {
      append_component(out, disc::kPathParent, {});
    } else {
      Cs0Names().make(name, true, 0, identifier);
      append_component(out, disc::kPathName, identifier.view());
    }
  }
  return out;
}

std::string target_of_components(std::string_view components) {
  std::string target;
  bool separate = false;
  for (size_t at = 0; components.size() - at >= sizeof(disc::PathComponent);) {
    disc::PathComponent component;
    std::memcpy(&component, components.data() + at, sizeof component);
    at += sizeof component;
    const std::string_view identifier = components.substr(at, component.identifier_length);
    at += identifier.size();
    if (component.type == disc::kPathRoot) {
      target = "/";
      separate = false;
      continue;
    }
    if (separate) target += '/';
    separate = true;
    if (component.type == disc::kPathHere)
      target += '.';
    else if (component.type == disc::kPathParent)
      target += "..";
    else
      target += cs0_to_utf8(identifier);
  }
  return target;
}

}  // namespace fsi::udf
