#include "libfsi/eltorito/boot_entry.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "libfsi/base/error.h"
#include "libfsi/base/words.h"
#include "libfsi/disc/eltorito.h"

namespace fsi {

namespace {

[[noreturn]] void usage(std::string_view text, const std::string& why) {
  throw Error(ErrorKind::usage, "--boot " + printable(text), "reading the boot entry", why);
}

unsigned number(std::string_view text, const std::string& key, std::string_view value, unsigned most) {
  const bool hex = value.starts_with("0x") || value.starts_with("0X");
  const std::string_view digits = hex ? value.substr(2) : value;
  unsigned result = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), result, hex ? 16 : 10);
  if (fault != std::errc{} || end != digits.data() + digits.size() || result > most)
    usage(text, key + "=" + printable(value) + " is not a number from 0 to " + std::to_string(most));
  return result;
}

uint8_t platform(std::string_view text, std::string_view value) {
  if (value == "bios" || value == "x86") return disc::kPlatformX86;
  if (value == "efi" || value == "uefi") return disc::kPlatformEfi;
  if (value == "ppc") return disc::kPlatformPowerPc;
  if (value == "mac") return disc::kPlatformMac;
  if (value.empty() || value[0] < '0' || value[0] > '9')
    usage(text, "the platform \"" + printable(value) + "\" is not one of bios, efi, ppc, mac, or a number");
  return static_cast<uint8_t>(number(text, "platform", value, 0xFF));
}

Emulation emulation(std::string_view text, std::string_view value) {
  if (value == "auto") return Emulation::automatic;
  if (value == "none") return Emulation::none;
  if (value == "floppy") return Emulation::floppy;
  if (value == "hd") return Emulation::hard_disk;
  usage(text, "the emulation \"" + printable(value) + "\" is not one of auto, none, floppy, hd");
}

void check(std::string_view text, const BootEntry& entry) {
  const bool emulated = entry.emulation == Emulation::floppy || entry.emulation == Emulation::hard_disk;
  if (entry.image.empty()) usage(text, "no boot image is named; write a path in the image, or @ and a file of this machine");
  if (emulated && !entry.is_x86()) usage(text, "only a BIOS emulates drives; leave the emulation or the platform out");
  if (emulated && (entry.info_table || entry.grub2)) usage(text, "info-table and grub2 are for images without emulation");
  if (emulated && entry.load_size && *entry.load_size != 1)
    usage(text, "an emulated drive is booted from its one boot sector: leave load-size out");
  if (entry.is_x86() && entry.load_size == 0) usage(text, "a BIOS would load nothing with load-size=0; leave it out for the usual size");
  if (entry.id.size() > sizeof(disc::ValidationEntry::id)) usage(text, "the id is longer than 24 bytes");
  if (std::any_of(entry.id.begin(), entry.id.end(), [](unsigned char c) { return c < 0x20 || c > 0x7E; }))
    usage(text, "the id is not printable ASCII");
}

}  // namespace

BootEntry parse_boot_entry(std::string_view text) {
  const std::vector<std::string> words = split_words(text);
  BootEntry entry;
  entry.of_host = words[0].starts_with("@");
  entry.image = words[0].substr(entry.of_host ? 1 : 0);
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const size_t equals = std::min(word.find('='), word.size());
    const std::string key = word.substr(0, equals);
    const std::string value = equals < word.size() ? word.substr(equals + 1) : "";
    const bool has_value = equals < word.size();
    if (key == "platform" && has_value)
      entry.platform = platform(text, value);
    else if (key == "emulation" && has_value)
      entry.emulation = emulation(text, value);
    else if (key == "load-size" && has_value)
      entry.load_size = static_cast<uint16_t>(number(text, key, value, 0xFFFF));
    else if (key == "load-segment" && has_value)
      entry.load_segment = static_cast<uint16_t>(number(text, key, value, 0xFFFF));
    else if (key == "id" && has_value)
      entry.id = value;
    else if (key == "info-table" && !has_value)
      entry.info_table = true;
    else if (key == "grub2" && !has_value)
      entry.grub2 = true;
    else
      usage(text, "\"" + printable(word) + "\" is not one of platform=, emulation=, load-size=, load-segment=, id=, info-table, grub2");
  }
  check(text, entry);
  return entry;
}

}  // namespace fsi
