#include "verify/options.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <map>

namespace tool {

Parsed parse(int argc, char** argv) {
  Options options;
  CLI::App app{"Proves, from an image or a disc alone, that what was meant to be written is what can be read.", "verify"};
  app.set_version_flag("--version", "verify " DISCPRESS_VERSION);
  app.footer("Exit codes: 0 nothing is wrong, 1 failed, 2 usage, 3 differences, 4 drive or medium unsuitable, 130 interrupted.\nverify(1) says more.");
  app.add_option("IMAGE", options.image, "image file")->required();
  const std::map<std::string, fsi::VerifyOptions::Level> levels{{"quick", fsi::VerifyOptions::Level::quick}, {"full", fsi::VerifyOptions::Level::full}};
  app.add_option("--level", options.verify.level, "quick: structures, manifest and a sample; full (default): every sector")
      ->transform(CLI::Transformer(levels))
      ->type_name("quick|full");
  app.add_flag("--json", options.json, "the report as one JSON object");
  app.add_option("-j,--jobs", options.verify.threads, "threads (default: one for each processor)")->check(CLI::Range(1, 64))->type_name("N");
  const std::map<std::string, ProgressStyle> styles{
      {"auto", ProgressStyle::automatic}, {"line", ProgressStyle::line}, {"json", ProgressStyle::json}, {"none", ProgressStyle::none}};
  app.add_option("--progress", options.progress, "auto (default): a line on a terminal; or line, json, none")
      ->transform(CLI::Transformer(styles))
      ->type_name("STYLE");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return {std::nullopt, app.exit(error)};
    fmt::print(stderr, "verify: usage: {}; see verify --help\n", error.what());
    return {std::nullopt, 2};
  }
  return {std::move(options), 0};
}

}  // namespace tool
