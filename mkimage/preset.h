// Presets: names for lists of options, each of which could be written out instead. Nothing here does anything but give
// words to the command line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mkimage {

struct Preset {
  std::string_view name;
  std::string_view summary;
  std::vector<std::string> options;  ///< as on the command line
};

/// What --preset offers, and what --for offers: the file systems that IMAPI chooses for a medium, and its size.
std::span<const Preset> presets();
std::span<const Preset> media();

/// Replaces `--preset NAME` and `--for MEDIUM` by their options, in front of all others: the medium's first, then the
/// preset's, so that what is written out beside them counts. Throws fsi::Error{usage} for unknown names.
std::vector<std::string> expand_presets(const std::vector<std::string>& arguments);

/// The presets with their options, for `--preset help` and `--for help`.
std::string preset_help(std::span<const Preset> list);

/// Whether the arguments ask for such a help: the list, else an empty one.
std::span<const Preset> asked_help(const std::vector<std::string>& arguments);

}  // namespace mkimage
