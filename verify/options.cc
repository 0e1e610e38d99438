#include "verify/options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "libfsi/base/error.h"

namespace tool {

namespace {

// "90", "90s", "15m", "2h".
std::chrono::seconds duration_of(const std::string& text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const int factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc() || factor == 0 || number == 0 || number > 1'000'000)
    throw CLI::ValidationError("--patience", "'" + fsi::printable(text) + "' is not a time like 90s, 15m or 2h");
  return std::chrono::seconds(int64_t{number} * factor);
}

void ignore(const std::vector<std::string>& words, fsi::AgainstTreeOptions& tree) {
  for (const std::string& word : words) {
    if (word == "owner")
      tree.owners = false;
    else if (word == "mode")
      tree.modes = false;
    else if (word == "time")
      tree.times = false;
    else if (word == "links")
      tree.links = false;
    else if (word == "xattrs")
      tree.xattrs = false;
    else
      throw CLI::ValidationError("--ignore", "'" + fsi::printable(word) + "' is not one of owner, mode, time, links, xattrs");
  }
}

void check_one_target(const Options& o) {
  if (o.targets.size() < 2) return;
  for (const auto& [name, given] : {std::pair{"--map", !o.map.empty()},
                                    {"--write-manifest", !o.write_manifest.empty()},
                                    {"--manifest", !o.manifest.empty()},
                                    {"--against", !o.against.empty()},
                                    {"--list", o.list},
                                    {"--cat", !o.cat.empty()},
                                    {"--extract", !o.extract.empty()}})
    if (given) throw CLI::ValidationError(name, "it is for one image or drive at a time");
}

}  // namespace

Parsed parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Proves, from an image or a disc alone, that what was meant to be written is what can be read.", "verify"};
  app.set_version_flag("--version", "verify " DISCPRESS_VERSION);
  app.get_formatter()->column_width(32);
  app.footer(
      "Exit codes: 0 nothing is wrong, 1 failed, 2 usage, 3 differences, 4 drive or medium unsuitable, 130 interrupted; of several\n"
      "images the worst.\nverify(1) says more.");
  std::vector<std::string> images, drives, ignored;
  app.add_option("IMAGE", images, "Image files");
  app.add_option("--drive", drives, "The disc in this drive: number in `burn list`, name or device (may be repeated)")
      ->option_text("D")
      ->take_all()
      ->allow_extra_args(false);
  std::string level = "full", patience = "30m", digest;
  app.add_option("--level", level, "quick: structures, manifest and a sample; full (default): every sector")
      ->check(CLI::IsMember({"quick", "full"}))
      ->option_text("quick|full");
  app.add_option("--against", options.against,
                 "Compare with this as well: an image file, drive:D, or what it was made from (folders, files, archives; may be repeated)")
      ->option_text("WHAT")
      ->take_all()
      ->allow_extra_args(false);
  auto* ignoring =
      app.add_option("--ignore", ignored, "Against folders and archives: what does not count, of owner, mode, time, links, xattrs")
          ->option_text("LIST")
          ->delimiter(',')
          ->allow_extra_args(false);
  auto* excluding = app.add_option("--exclude", options.folders.scan.exclude, "The globs that mkimage was given (may be repeated)")
                        ->option_text("GLOB")
                        ->take_all()
                        ->allow_extra_args(false);
  app.add_option("--manifest", options.manifest, "Compare with the manifest in this file")->option_text("FILE");
  auto* writing =
      app.add_option("--write-manifest", options.write_manifest, "Write a manifest of what was read, if nothing is wrong with it")
          ->option_text("FILE");
  app.add_option("--digest", digest, "Of --write-manifest: xxh3 (default) or sha256")
      ->check(CLI::IsMember({"xxh3", "sha256"}))
      ->option_text("KIND")
      ->needs(writing);
  app.add_option("--map", options.map, "A picture of the disc, as SVG")->option_text("FILE");
  app.add_option("--resume", options.resume, "Keep in this file how far it has come; with such a file, go on from there")
      ->option_text("FILE");
  app.add_option("--patience", patience, "Drives: how long bad places may take in all (default 30m)")->option_text("TIME");
  app.add_flag("--uncached", options.uncached, "Image files: have the kernel forget what it holds of them in memory, and read the disk");
  bool no_implants = false;
  app.add_flag("--no-implants", no_implants, "Do not check the sums of isomd5sum and libisofs (MD5 is slow)");
  app.add_option("--sums", options.sums,
                 "Write the sums of all files to FILE, as xxh128sum, sha256sum or md5sum -c read them; - is standard output")
      ->allow_extra_args(false)
      ->option_text("xxh128|sha256|md5 FILE");
  app.add_flag("--json", options.json, "The report as a JSON object, one line for each image");
  app.add_option("-j,--threads", options.threads, "Threads (default: one for each processor)")->check(CLI::Range(1, 64))->option_text("N");
  auto* list = app.add_flag("--list", options.list,
                            "Names, kinds and sizes of all that is in the image; with --json all that is known, an object a line");
  auto* cat = app.add_option("--cat", options.cat, "Writes the bytes of the file PATH of the image to standard output")
                  ->option_text("PATH")
                  ->excludes(list);
  app.add_option("--extract", options.extract, "Makes PATH of the image (/ for all) below the directory DIR")
      ->option_text("PATH DIR")
      ->expected(2)
      ->allow_extra_args(false)
      ->excludes(list)
      ->excludes(cat);
  app.add_option("--tree", options.tree, "Which tree to list or extract: rockridge, udf, joliet, enhanced, iso9660 (default: the best)")
      ->option_text("NAME");
  std::string progress = "auto";
  app.add_option("--progress", progress, "auto (a line on a terminal), tty, json or none")->option_text("STYLE");
  app.add_flag_callback(
      "-q,--quiet", [&] { progress = "none"; }, "No progress");
  try {
    app.parse(argc, argv);
    if (level == "quick") options.verify.level = fsi::VerifyOptions::Level::quick;
    for (std::string& image : images) options.targets.push_back({image == "-" ? "/dev/stdin" : std::move(image), false});
    for (std::string& drive : drives) options.targets.push_back({std::move(drive), true});
    if (options.targets.empty()) throw CLI::RequiredError("IMAGE or --drive");
    options.verify.patience = duration_of(patience);
    ignore(ignored, options.folders);
    if ((ignoring->count() || excluding->count()) && options.against.empty())
      throw CLI::ValidationError(ignoring->count() ? "--ignore" : "--exclude", "it is for --against");
    if (writing->count()) {
      options.verify.sidecar = digest == "sha256" ? fsi::DigestKind::sha256 : fsi::DigestKind::xxh3;
      if (level == "quick") throw CLI::ValidationError("--write-manifest", "it needs every sector, --level full");
      if (!options.resume.empty()) throw CLI::ValidationError("--write-manifest", "it needs every sector in one go, without --resume");
    }
    check_one_target(options);
    if (!options.tree.empty() && !options.list && options.cat.empty() && options.extract.empty())
      throw CLI::ValidationError("--tree", "goes with --list, --cat or --extract");
    if (cat->count() && options.cat.empty()) throw CLI::ValidationError("--cat", "the path is empty");
    if (!options.extract.empty() && (options.extract[0].empty() || options.extract[1].empty()))
      throw CLI::ValidationError("--extract", "a path is empty; / is all of the image, . is this directory");
    options.verify.foreign_sums = !no_implants;
    for (const auto& [kind, file] : options.sums) options.verify.file_sums.push_back(fsi::parse_sum_kind(kind, "--sums"));
    if (!options.sums.empty() && level == "quick") throw CLI::ValidationError("--sums", "sums of files need --level full");
    if (!options.sums.empty() && !options.resume.empty())
      throw CLI::ValidationError("--sums", "sums of files need every sector in one go, without --resume");
    options.progress = fsi::parse_progress_style(progress, ::isatty(STDERR_FILENO) == 1);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return {std::nullopt, app.exit(error)};
    fmt::print(stderr, "verify: usage: {}; see verify --help\n", error.what());
    return {std::nullopt, 2};
  }
  return {std::move(options), 0};
}

}  // namespace tool
