#include "librecorder/drive/configuration.h"

#include "libfsi/base/wire.h"

namespace rec {

const Configuration::Item* Configuration::find(Feature code) const {
  for (const Item& item : features)
    if (item.code == code) return &item;
  return nullptr;
}

bool Configuration::current(Feature code) const {
  const Item* item = find(code);
  return item && item->current;
}

Configuration parse_configuration(std::span<const std::byte> answer) {
  Configuration out;
  FeatureHeader header;
  if (!fsi::load(answer, 0, header)) return out;
  out.profile = static_cast<Profile>(header.current_profile.get());
  FeatureDescriptor descriptor;
  for (size_t at = sizeof header; fsi::load(answer, at, descriptor);) {
    at += sizeof descriptor;
    const size_t length = descriptor.additional_length;
    if (answer.size() - at < length) break;
    const auto body = answer.subspan(at, length);
    at += length;
    const auto code = static_cast<Feature>(descriptor.code.get());
    out.features.push_back({code, descriptor.current(), {body.begin(), body.end()}});
    if (code != Feature::profile_list) continue;
    ProfileDescriptor profile;
    for (size_t p = 0; fsi::load(body, p, profile); p += sizeof profile)
      out.profiles.push_back(static_cast<Profile>(profile.profile.get()));
  }
  return out;
}

}  // namespace rec
