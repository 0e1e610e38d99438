#include "mkimage/preset.h"

#include <algorithm>
#include <optional>

#include "libfsi/base/error.h"

namespace mkimage {

namespace {

std::vector<std::string> with_capacity(std::vector<std::string> options, uint64_t sectors) {
  options.insert(options.end(), {"--capacity", std::to_string(sectors)});
  return options;
}

// The value of `--name VALUE` or `--name=VALUE` at `at`; moves `at` to its last word.
std::optional<std::string> value_of(const std::vector<std::string>& arguments, size_t& at, const std::string& name) {
  const std::string& word = arguments[at];
  if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
  if (word != name) return {};
  if (at + 1 == arguments.size())
    throw fsi::Error(fsi::ErrorKind::usage, name, "reading the command line", "it needs a name; " + name + " help lists them");
  return arguments[++at];
}

const Preset& find(std::span<const Preset> list, const std::string& option, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Preset& p) { return p.name == name; });
  if (found != list.end()) return *found;
  std::string names;
  for (const Preset& preset : list) names.append(names.empty() ? "" : ", ").append(preset.name);
  throw fsi::Error(fsi::ErrorKind::usage, option, "reading the command line", "\"" + fsi::printable(name) + "\" is not one of " + names);
}

}  // namespace

std::span<const Preset> presets() {
  static const std::vector<Preset> list{
      // blkid must say iso9660, or cloud-init looks no further: never UDF.
      {"cloud-init",
       "seed of cloud-init's NoCloud: user-data and meta-data in the root",
       {"--volume-id", "cidata", "--fs", "iso9660,rockridge,joliet", "--no-udf", "--require", "/user-data", "--require", "/meta-data"}},
      {"config-drive",
       "OpenStack's config drive: openstack/latest/meta_data.json in it",
       {"--volume-id", "config-2", "--fs", "iso9660,rockridge,joliet", "--no-udf", "--require", "/openstack/latest/meta_data.json"}},
      // What Windows media of today have: two entries, 8 blocks for the BIOS; Setup reads files above 4 GiB through UDF 1.02 only.
      {"windows-install",
       "Windows Setup, from a BIOS and from UEFI; install.wim of any size",
       {"--fs", "iso9660,joliet,udf", "--udf=1.02", "--boot", "boot/etfsboot.com,emulation=none,load-size=8", "--boot",
        "efi/microsoft/boot/efisys.bin,platform=efi", "--require", "/sources/boot.wim"}},
      {"dvd-video",
       "video that DVD players play: VIDEO_TS in the root",
       {"--fs", "iso9660,udf", "--udf=1.02", "--iso-level", "2", "--dvd-video", "--require", "/VIDEO_TS/VIDEO_TS.IFO"}},
      {"bd-data", "data on Blu-ray: UDF 2.50 alone", {"--fs", "udf", "--udf=2.50"}},
      {"linux-live",
       "a live system started by isolinux and GRUB, from a disc and from a USB stick",
       {"--fs", "iso9660,rockridge,joliet", "--boot", "isolinux/isolinux.bin,info-table", "--boot-catalog", "isolinux/boot.cat", "--boot",
        "boot/grub/efi.img,platform=efi", "--hybrid", "mbr=/usr/lib/ISOLINUX/isohdpfx.bin,gpt"}},
  };
  return list;
}

std::span<const Preset> media() {
  static const std::vector<std::string> cd{"--fs", "iso9660,rockridge,joliet"}, dvd{"--fs", "iso9660,rockridge,joliet,udf", "--udf=1.02"},
      bd{"--fs", "udf", "--udf=2.50"};
  // Sizes are those of common blank media, in sectors; a real one's own answer counts when it is burned.
  static const std::vector<Preset> list{
      {"cd", "any CD", cd},
      {"cd-r", "CD-R of 80 minutes", with_capacity(cd, 359'845)},
      {"cd-rw", "CD-RW of 80 minutes", with_capacity(cd, 359'845)},
      {"dvd", "any DVD", dvd},
      {"dvd-r", "DVD-R", with_capacity(dvd, 2'298'496)},
      {"dvd-rw", "DVD-RW", with_capacity(dvd, 2'297'888)},
      {"dvd+r", "DVD+R", with_capacity(dvd, 2'295'104)},
      {"dvd+rw", "DVD+RW", with_capacity(dvd, 2'295'104)},
      {"dvd-r-dl", "DVD-R of two layers", with_capacity(dvd, 4'171'712)},
      {"dvd+r-dl", "DVD+R of two layers", with_capacity(dvd, 4'173'824)},
      {"dvd-ram", "DVD-RAM", with_capacity(dvd, 2'236'704)},
      {"bd", "any Blu-ray disc", bd},
      {"bd-r", "BD-R", with_capacity(bd, 12'219'392)},
      {"bd-r-dl", "BD-R of two layers", with_capacity(bd, 24'438'784)},
      {"bd-r-xl", "BD-R of three layers", with_capacity(bd, 48'878'592)},
      {"bd-re", "BD-RE with its spare area", with_capacity(bd, 11'826'176)},
      {"bd-re-dl", "BD-RE of two layers with its spare area", with_capacity(bd, 23'652'352)},
  };
  return list;
}

std::vector<std::string> expand_presets(const std::vector<std::string>& arguments) {
  std::vector<std::string> medium, preset, rest;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") {
      rest.insert(rest.end(), arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
      break;
    }
    if (const auto name = value_of(arguments, i, "--for"))
      medium = find(media(), "--for", *name).options;
    else if (const auto other = value_of(arguments, i, "--preset"))
      preset = find(presets(), "--preset", *other).options;
    else
      rest.push_back(arguments[i]);
  }
  medium.insert(medium.end(), preset.begin(), preset.end());
  medium.insert(medium.end(), rest.begin(), rest.end());
  return medium;
}

std::span<const Preset> asked_help(const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (const auto name = value_of(arguments, i, "--for"); name == "help")
      return media();
    else if (const auto other = value_of(arguments, i, "--preset"); other == "help")
      return presets();
  }
  return {};
}

std::string preset_help(std::span<const Preset> list) {
  std::string text;
  for (const Preset& preset : list) {
    text.append(preset.name).append(": ").append(preset.summary).append("\n   ");
    for (const std::string& option : preset.options) text.append(" ").append(option);
    text += "\n";
  }
  return text;
}

}  // namespace mkimage
