#include "mkimage/options.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <ctime>
#include <functional>
#include <map>

#include "mkimage/preset.h"

namespace mkimage {

namespace {

using fsi::Error;
using fsi::ErrorKind;

[[noreturn]] void usage(const std::string& option, const std::string& why) {
  throw Error(ErrorKind::usage, option, "reading the command line", why);
}

template <class T>
T number(const std::string& option, std::string_view text) {
  T value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) usage(option, "\"" + fsi::printable(text) + "\" is not a number in range");
  return value;
}

// "@SECONDS", "now", or a date: 2026-11-22, 2026-11-22T07:30:00Z (UTC).
fsi::Time parse_time(const std::string& text) {
  if (text == "now") return static_cast<fsi::Time>(std::time(nullptr)) * fsi::kSecond;
  if (text.starts_with("@")) {
    const auto seconds = number<int64_t>("--time", std::string_view(text).substr(1));
    if (seconds > INT64_MAX / fsi::kSecond || seconds < INT64_MIN / fsi::kSecond) usage("--time", "the time is out of range");
    return seconds * fsi::kSecond;
  }
  for (const char* form : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
    std::tm utc{};
    if (const char* end = ::strptime(text.c_str(), form, &utc); end && !*end) return static_cast<fsi::Time>(::timegm(&utc)) * fsi::kSecond;
  }
  usage("--time", "\"" + fsi::printable(text) + "\" is not a time; write @SECONDS, 2026-11-22 or 2026-11-22T07:30:00Z (UTC)");
}

uint32_t parse_user(const std::string& name) {
  if (const passwd* entry = ::getpwnam(name.c_str())) return entry->pw_uid;
  return number<uint32_t>("--owner", name);
}

uint32_t parse_group(const std::string& name) {
  if (const group* entry = ::getgrnam(name.c_str())) return entry->gr_gid;
  return number<uint32_t>("--owner", name);
}

// "U:G", "U" or ":G", names or numbers.
void parse_owner(const std::string& text, fsi::ScanOptions& scan) {
  const size_t colon = text.find(':');
  const std::string user = text.substr(0, colon);
  const std::string group = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (user.empty() && group.empty()) usage("--owner", "nothing is named; write USER:GROUP, names or numbers");
  if (!user.empty()) scan.uid = parse_user(user);
  if (!group.empty()) scan.gid = parse_group(group);
}

fsi::DigestKind parse_digest(const std::string& word) {
  for (const auto kind : {fsi::DigestKind::none, fsi::DigestKind::xxh3, fsi::DigestKind::sha256})
    if (word == fsi::digest_name(kind)) return kind;
  usage("--digest", "\"" + fsi::printable(word) + "\" is not one of xxh3, sha256, none");
}

fsi::Xattrs parse_xattrs(const std::string& word) {
  if (word == "keep") return fsi::Xattrs::keep;
  if (word == "count") return fsi::Xattrs::count;
  if (word == "false") return fsi::Xattrs::ignore;
  usage("--xattrs", "\"" + fsi::printable(word) + "\" is not one of keep, count");
}

}  // namespace

bool parse(int argc, char** argv, Options& options) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (const auto list = asked_help(arguments); !list.empty()) {
    fmt::print("{}", preset_help(list));
    return false;
  }
  CLI::App app("mkimage turns folders, files and archives into a disc image: ISO 9660 with Rock Ridge and Joliet, UDF.", "mkimage");
  app.set_version_flag("--version", std::string("mkimage ") + DISCPRESS_VERSION);
  app.set_help_flag("-h,--help", "Show this help and leave");
  app.option_defaults()->take_last();
  fsi::ImageOptions& image = options.image;
  fsi::ScanOptions& scan = image.scan;
  fsi::Volume& volume = image.volume;

  app.add_option("SOURCE", options.sources,
                 "A directory (its contents), a file, an archive, PATH=SOURCE to place it, or - for a tar stream on standard input")
      ->take_all();
  app.add_option("-o,--output", options.output,
                 "Write the image to this file, which appears whole or not at all (default: standard output)");

  std::vector<std::string> boot;
  std::vector<std::string> implants;
  std::string hybrid, file_systems, udf, digest, owner, time, progress = "auto", mode;
  app.add_option("--fs", file_systems, "File systems: iso9660,rockridge,joliet,udf (default: the first three)");
  app.add_flag("--udf{default},!--no-udf", udf,
               "Add UDF, --udf=REV of that revision: 1.02, 1.50, 2.00, 2.01, 2.50, 2.60 (default: 1.02 beside ISO 9660, 2.01 alone)");
  std::string duplicate_metadata, xattrs;  // empty when not said
  app.add_flag("--duplicate-metadata,!--no-duplicate-metadata", duplicate_metadata,
               "UDF 2.50 and up: the mirror of the metadata is a copy (default), or names the same blocks");
  app.add_option("--real-time", image.real_time, "Files that match this glob are real-time files (may be repeated); UDF 2.01 and up")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--iso-level", volume.iso_level,
                 "ISO 9660 interchange level 1, 2 or 3 (default 3), or 4 for the long names of ISO 9660:1999")
      ->check(CLI::Range(1, 4));
  app.add_flag("--relocate-deep,!--no-relocate-deep", volume.relocate_deep, "Move directories deeper than eight levels into /rr_moved");
  app.add_option("-V,--volume-id", volume.volume_id,
                 "Name of the volume: at most 32 characters in ISO 9660, 126 in UDF alone (default: the time, UTC)");
  app.add_option("--publisher", volume.publisher, "Who publishes the volume, at most 128 characters");
  app.add_option("--preparer", volume.preparer, "Who prepared the volume, at most 128 characters");
  app.add_option("--application", volume.application, "What made the volume, at most 128 characters (default: DISCPRESS)");
  app.add_option("--system-id", volume.system_id, "System that the system area is meant for, at most 32 characters");
  app.add_option("--volume-set-id", volume.volume_set_id, "Name of the set of volumes, at most 128 characters");

  app.add_option("--boot", boot,
                 "PATH[,WORD...]: what the disc boots, a path in the image or @FILE (may be repeated); words: platform=bios|efi|ppc|mac|N, "
                 "emulation=auto|none|floppy|hd, load-size=N, load-segment=N, id=TEXT, info-table, grub2")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--boot-catalog", image.boot.catalog_path,
                 "Show the boot catalog as a file at this path of the image (default: not at all)")
      ->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  app.add_option("--efi-dir", image.efi_directory, "Make an EFI system partition (FAT, by mtools) of this folder and boot it");
  std::string unused;
  app.add_option("--preset", unused,
                 "Options for a purpose: cloud-init, config-drive, windows-install, dvd-video, bd-data, linux-live; help shows them");
  app.add_option("--for", unused,
                 "File systems and size for a medium, as IMAPI chooses them: cd, dvd, bd, cd-r, dvd+r, bd-re-dl, ...; help shows them");
  app.add_option("--require", image.required, "Fail unless the image has this path (may be repeated)")->take_all()->allow_extra_args(false);
  app.add_option("--capacity", image.capacity, "Fail when the image is larger than this many sectors");
  app.add_option("--session-start", image.session_start,
                 "Make the image for this LBA, where `burn info` says that a further session begins (default: 0, a blank disc)")
      ->check(CLI::Range(0u, 0x7FFFFFFFu));
  app.add_flag("--dvd-video,!--no-dvd-video", image.dvd_video, "Lay the files of VIDEO_TS as DVD players want them, without gaps");
  app.add_option(
      "--hybrid", hybrid,
      "Let a USB stick with the image boot too: mbr=FILE (isohdpfx.bin of isolinux or boot_hybrid.img of GRUB), gpt, or both with a comma");

  app.add_option("--exclude", scan.exclude, "Leave out what matches this glob (may be repeated): a name anywhere, or a path with /")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--follow-links,!--no-follow-links", scan.follow_links, "Take what symbolic links point at instead of the links");
  app.add_flag("--xattrs{keep},!--no-xattrs", xattrs,
               "Record extended attributes of users as named streams (UDF 2.00 and up); --xattrs=count: say how many are left out (the "
               "default there)");
  app.add_flag("--one-file-system,!--no-one-file-system", scan.one_file_system, "Do not enter directories on other file systems");
  app.add_flag("--skip-unreadable,!--no-skip-unreadable", scan.skip_unreadable,
               "Leave out what cannot be read, with a warning, instead of failing");
  app.add_option("--owner", owner, "USER:GROUP, USER or :GROUP for everything, names or numbers");
  app.add_option("--mode", mode, "Permissions for everything, as for chmod: 0644, a+rX, u=rwX,go=rX");
  app.add_option("--time", time, "Time for everything: @SECONDS, 2026-11-22, 2026-11-22T07:30:00Z or now");
  app.add_flag("--dedupe,!--no-dedupe", scan.dedupe, "Store files with equal contents once");
  app.add_option("--spool-dir", scan.spool_dir, "Where the data of compressed archives is kept meanwhile (default: $TMPDIR or /tmp)");

  app.add_option("--digest", digest, "Manifest by which verify proves the disc: xxh3 (default), sha256 or none");
  app.add_option("--implant", implants,
                 "Add sums of other programs: isomd5 (checkisomd5; needs -o), libisofs (xorriso -md5 on), both with a comma; "
                 "supported marks isomd5's as in implantisomd5 --supported-iso")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--sums", options.sums,
                 "xxh128|sha256|md5 FILE: write the sums of all files to FILE, as xxh128sum, sha256sum or md5sum -c read them on the "
                 "mounted disc (may be repeated)")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--strict,!--no-strict", volume.strict, "A name that a file system cannot hold as it is is an error");
  app.add_flag("--print-size", options.print_size, "Print the size in sectors of 2048 bytes and leave");
  app.add_option("--map", options.map_file, "Write what lies where to this file (- for standard output)");
  app.add_option("--names", options.names_file,
                 "Write the names that had to change to this file, a JSON object a line (- for standard output)");
  app.add_flag("--dry-run", options.dry_run, "Do everything but write the image");
  app.add_option("-j,--threads", image.threads, "Threads (default: one a processor)")->check(CLI::Range(1, 1024));
  app.add_option("--progress", progress, "auto (a line on a terminal), tty, json or none");
  app.add_flag_function(
      "-q,--quiet", [&](int64_t) { progress = "none"; }, "No progress");

  try {
    std::vector<std::string> words = expand_presets(arguments);
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    app.parse(std::move(words));
  } catch (const CLI::Success& wanted) {
    app.exit(wanted);
    return false;
  } catch (const CLI::ParseError& fault) {
    throw Error(ErrorKind::usage, "command line", "reading the options", fsi::printable(fault.what()) + "; mkimage --help lists them");
  }

  if (options.sources.empty()) usage("SOURCE", "nothing to put on the disc is named; name a directory, a file, an archive or PATH=SOURCE");
  if (!file_systems.empty()) image.file_systems = fsi::parse_file_systems(file_systems);
  for (const std::string& entry : boot) image.boot.entries.push_back(fsi::parse_boot_entry(entry));
  if (!hybrid.empty()) image.hybrid = fsi::parse_hybrid(hybrid);
  if (!udf.empty()) image.file_systems.udf = udf != "false";
  if (!udf.empty() && udf != "false" && udf != "default") image.udf_revision = fsi::parse_udf_revision(udf);
  image.udf_for_large_files = file_systems.empty() && udf.empty();
  if (!xattrs.empty()) scan.xattrs = parse_xattrs(xattrs);
  image.count_xattrs = xattrs.empty();
  image.duplicate_metadata = duplicate_metadata != "false";
  if (duplicate_metadata == "true" && image.udf_revision < 0x0250)
    usage("--duplicate-metadata", "UDF has a metadata partition from revision 2.50 on; add --udf=2.50");
  if (!digest.empty()) image.digest = parse_digest(digest);
  for (const std::string& words : implants) fsi::add_implants(words, image.implants);
  for (const auto& [kind, file] : options.sums) image.sums.push_back(fsi::parse_sum_kind(kind, "--sums"));
  if (!owner.empty()) parse_owner(owner, scan);
  if (!mode.empty()) scan.mode = fsi::ModeRule::parse(mode);
  if (!time.empty()) scan.time = parse_time(time);
  if (options.output == "-") options.output.clear();
  const bool sums_on_stdout = std::ranges::any_of(options.sums, [](const auto& list) { return list.second == "-"; });
  const bool report_on_stdout = options.map_file == "-" || options.names_file == "-" || options.print_size || sums_on_stdout;
  const bool image_on_stdout = options.output.empty() && !options.dry_run && !options.print_size;
  if (report_on_stdout && image_on_stdout)
    usage("standard output", "it cannot carry both the image and a report; name a file with -o, or add --dry-run");
  if (!options.sums.empty() && (options.dry_run || options.print_size))
    usage("--sums", "sums are computed while the image is written; leave --dry-run and --print-size out");
  if (image.implants.isomd5 && image_on_stdout)
    usage("--implant",
          "the sums of isomd5sum stand at the start of the image and are known at its end, when a stream has let the start go; "
          "name a file with -o");
  options.progress = fsi::parse_progress_style(progress, ::isatty(STDERR_FILENO) == 1);
  return true;
}

}  // namespace mkimage
