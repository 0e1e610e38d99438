// What the user asked for, parsed and checked before anything is touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libfsi/fsi.h"
#include "librecorder/recorder.h"

namespace burn {

enum class Task {
  burn,
  audio,
  raw,
  list,
  info,
  eject,
  load,
  erase,
  close,
  format,
  doctor,
  virtual_add,
  virtual_insert,
  virtual_remove,
  virtual_export,
  virtual_list
};
enum class ProgressStyle { automatic, tty, json, none };

/// burn audio and burn raw.
struct CdOptions {
  std::vector<std::string> files;
  rec::cd::AudioDisc audio;
  std::vector<std::string> indexes;  // TRACK:MM:SS:FF
  std::string mode;                  // empty: the subcommand's own
  bool cd_text = true;               // false: burn without, whatever the description has
  rec::CdBurnOptions burn;
};

struct Options {
  Task task = Task::burn;
  std::string drive;                // --drive; empty: the only one
  std::vector<std::string> drives;  // burning: all of them
  bool watch = false;
  std::string image;  // empty or "-": standard input
  rec::BurnOptions burn;
  CdOptions cd;
  rec::EraseOptions erase;
  rec::FormatOptions format;
  rec::CloseOptions close;
  bool spool = false;
  std::optional<fsi::VerifyOptions::Level> verify;  // --verify: read back in the same job
  bool dry_run = false;
  bool json = false;
  ProgressStyle progress = ProgressStyle::automatic;

  // burn virtual
  std::string name, media, file;
  std::optional<double> speed;  // --speed of a virtual drive, times 1x
  std::optional<uint64_t> buffer;
  bool real_time = false;
  rec::virt::DiscOptions disc;
  std::vector<std::string> faults;
};

/// Either options, or an exit code: help was printed, or the usage was wrong and that was said.
struct Parsed {
  Options options;
  std::optional<int> exit_code;
};
Parsed parse(int argc, char** argv);

}  // namespace burn
