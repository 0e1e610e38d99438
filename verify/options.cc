#include "verify/options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace tool {

Parsed parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Proves, from an image or a disc alone, that what was meant to be written is what can be read.", "verify"};
  app.set_version_flag("--version", "verify " DISCPRESS_VERSION);
  app.footer(
      "Exit codes: 0 nothing is wrong, 1 failed, 2 usage, 3 differences, 4 drive or medium unsuitable, 130 interrupted.\nverify(1) says "
      "more.");
  auto* image = app.add_option("IMAGE", options.image, "Image file");
  app.add_option("--drive", options.drive, "The disc in this drive: number in `burn list`, name or device")
      ->option_text("D")
      ->excludes(image);
  std::string level = "full";
  app.add_option("--level", level, "quick: structures, manifest and a sample; full (default): every sector")
      ->check(CLI::IsMember({"quick", "full"}))
      ->option_text("quick|full");
  bool no_implants = false;
  app.add_flag("--no-implants", no_implants, "Do not check the sums of isomd5sum and libisofs (MD5 is slow)");
  app.add_option("--sums", options.sums,
                 "Write the sums of all files to FILE, as xxh128sum, sha256sum or md5sum -c read them; - is standard output")
      ->allow_extra_args(false)
      ->option_text("xxh128|sha256|md5 FILE");
  app.add_flag("--json", options.json, "The report as one JSON object");
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
  app.add_option("-j,--threads", options.verify.threads, "Threads (default: one for each processor)")
      ->check(CLI::Range(1, 64))
      ->option_text("N");
  std::string progress = "auto";
  app.add_option("--progress", progress, "auto (a line on a terminal), tty, json or none")->option_text("STYLE");
  app.add_flag_callback(
      "-q,--quiet", [&] { progress = "none"; }, "No progress");
  try {
    app.parse(argc, argv);
    if (level == "quick") options.verify.level = fsi::VerifyOptions::Level::quick;
    if (options.image.empty() && options.drive.empty()) throw CLI::RequiredError("IMAGE or --drive");
    if (!options.tree.empty() && !options.list && options.cat.empty() && options.extract.empty())
      throw CLI::ValidationError("--tree", "goes with --list, --cat or --extract");
    options.verify.foreign_sums = !no_implants;
    for (const auto& [kind, file] : options.sums) options.verify.file_sums.push_back(fsi::parse_sum_kind(kind, "--sums"));
    if (!options.sums.empty() && level == "quick") throw CLI::ValidationError("--sums", "sums of files need --level full");
    options.progress = fsi::parse_progress_style(progress, ::isatty(STDERR_FILENO) == 1);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return {std::nullopt, app.exit(error)};
    fmt::print(stderr, "verify: usage: {}; see verify --help\n", error.what());
    return {std::nullopt, 2};
  }
  return {std::move(options), 0};
}

}  // namespace tool
