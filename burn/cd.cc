#include "burn/cd.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "burn/pace_report.h"
#include "libfsi/base/error.h"
#include "tool/standard_streams.h"

namespace burn {

namespace {

using nlohmann::json;
using rec::CdMode;

bool ends_with(const std::string& name, const char* end) {
  std::string tail = name.substr(name.size() - std::min(name.size(), std::string_view(end).size()));
  std::transform(tail.begin(), tail.end(), tail.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return tail == end;
}
bool is_sheet(const std::string& name) { return ends_with(name, ".cue") || ends_with(name, ".toc"); }

/// "3:01:30:00": a further index of track 3, a minute and a half after its beginning.
rec::cd::AudioDisc::Index index_of(const std::string& text) {
  rec::cd::AudioDisc::Index index;
  const size_t colon = std::min(text.find(':'), text.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + colon, index.track);
  const auto sectors = rec::cd::sectors_of_text(std::string_view(text).substr(std::min(colon + 1, text.size())));
  if (error != std::errc() || end != text.data() + colon || !sectors)
    throw CLI::ValidationError("--index", "'" + fsi::printable(text) + "' is not TRACK:MM:SS:FF, like 3:01:30:00");
  index.sector = *sectors;
  return index;
}

std::string length_text(uint64_t sectors) {
  return fmt::format("{}:{:02}.{:02}", sectors / 4500, sectors / 75 % 60, sectors % 75 * 100 / 75);
}

json plan_json(const rec::CdPlan& plan) {
  json out{{"drive", plan.drive},
           {"source", plan.source},
           {"mode", std::string(rec::cd_mode_name(plan.mode))},
           {"tracks", plan.tracks},
           {"sectors", plan.sectors},
           {"free_sectors", plan.free_sectors},
           {"multi", plan.multi},
           {"simulate", plan.simulate},
           {"underrun_protection", plan.underrun_protection},
           {"buffer_bytes", plan.buffer_bytes},
           {"notes", plan.notes}};
  if (plan.speed_kb) out["speed_kb"] = *plan.speed_kb;
  return out;
}

/// Where the tracks will lie, in sectors from LBA 0.
json contents_json(const rec::cd::DiscLayout& layout) {
  json out = json::array();
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const rec::cd::Track& track = layout.tracks[i];
    json item{{"number", i + 1},
              {"data", !rec::cd::is_audio(track.format)},
              {"pause", layout.pause_of(i)},
              {"start", layout.start_of(i)},
              {"end", layout.end_of(i)},
              {"indexes", track.indexes},
              {"copy", track.copy_permitted},
              {"pre_emphasis", track.pre_emphasis}};
    if (!track.isrc.empty()) item["isrc"] = track.isrc;
    out.push_back(std::move(item));
  }
  return out;
}

std::string dumped(const json& value) { return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

std::string plan_text(const rec::CdPlan& plan, const rec::cd::DiscLayout& layout) {
  std::string text = row("drive", plan.drive);
  text += row("disc", fmt::format("{}, {} free", rec::profile_name(plan.profile), length_text(plan.free_sectors)));
  text += row("source", plan.source);
  text += row("mode", std::string(rec::cd_mode_name(plan.mode)));
  if (plan.simulate) text += row("simulate", "nothing is recorded");
  text += row("tracks", fmt::format("{}, {} in all", plan.tracks, length_text(plan.sectors)));
  // Track at once begins where the drive says, track by track.
  for (size_t i = 0; i < layout.tracks.size(); ++i) {
    const rec::cd::Track& track = layout.tracks[i];
    text += row("", fmt::format("{:2} {:<5} {:>9}{}{}{}{}", i + 1, rec::cd::is_audio(track.format) ? "audio" : "data",
                                length_text(track.sectors - track.pregap),
                                plan.mode == rec::CdMode::track_at_once ? "" : fmt::format("  from LBA {}", layout.start_of(i)),
                                track.indexes.empty() ? "" : fmt::format(", {} indexes", track.indexes.size() + 1),
                                track.pre_emphasis ? ", pre-emphasis" : "", track.isrc.empty() ? "" : ", ISRC " + track.isrc));
  }
  if (!layout.mcn.empty()) text += row("catalog", layout.mcn);
  text += row("close", plan.multi ? "the session; the disc stays open" : "the disc");
  text += row("speed", plan.speed_kb ? speed_text(*plan.speed_kb, plan.profile) : "the drive's own choice");
  text += row("buffer", fmt::format("{}, underrun protection {}", size_text(static_cast<double>(plan.buffer_bytes)),
                                    plan.underrun_protection ? "on" : "off"));
  for (const std::string& note : plan.notes) text += row("note", note);
  return text;
}

std::string report_text(const rec::CdReport& report) {
  const rec::CdPlan& plan = report.plan;
  // What the drive was told says more than a rate of which its own buffer has taken the first seconds.
  const std::string speed = report.speed_kb ? fmt::format(" at {}", speed_text(report.speed_kb, plan.profile)) : "";
  return fmt::format("{}: {}, {} of {} on {}, {}, in {}{}; {}; buffer down to {:.0f}%, {}{}\n", plan.drive, count(plan.tracks, "track"),
                     length_text(plan.sectors), plan.source, rec::profile_name(plan.profile), rec::cd_mode_name(plan.mode),
                     clock_text(report.seconds), speed,
                     plan.simulate ? "simulated, nothing is recorded"
                     : plan.multi  ? "session closed"
                                   : "disc closed",
                     100.0 * static_cast<double>(report.lowest_fill) / static_cast<double>(std::max<size_t>(report.ring_size, 1)),
                     count(report.stops, "stop"), slower_text(report, "the files"));
}

json report_json(const rec::CdReport& report) {
  json out = plan_json(report.plan);
  out["blocks"] = report.blocks;
  put_pace(report, out);
  if (report.first_speed_kb) out["speed_used_kb"] = *report.first_speed_kb;
  return out;
}

rec::cd::DiscLayout layout_of(const Options& options) {
  const auto& files = options.cd.files;
  const auto only = [&](const char* what) {
    if (files.size() != 1)
      throw fsi::Error(fsi::ErrorKind::usage, fsi::printable(files.front()), "reading the description of a CD",
                       std::string(what) + " stands alone; name nothing else");
  };
  if (std::any_of(files.begin(), files.end(), is_sheet)) {
    only("a description");
    return rec::cd::open_sheet(rec::cd::read_sheet(files.front()));
  }
  if (options.task == Task::raw) return rec::cd::open_bin(files.front());
  rec::cd::AudioDisc disc = options.cd.audio;
  disc.files = files;
  return rec::cd::audio_disc_layout(disc);
}

}  // namespace

CdCommands add_cd_commands(CLI::App& app, Options& o, std::string& speed, uint64_t& buffer) {
  CdCommands commands;
  CdOptions& cd = o.cd;
  commands.audio = app.add_subcommand("audio", "Record an audio CD");
  commands.audio->add_option("FILE", cd.files, "WAV, FLAC, Ogg, ...: a track each; or one .cue or .toc file")->required()->type_name("");
  commands.raw = app.add_subcommand("raw", "Record a CD image with raw sectors, or a description of one");
  commands.raw->add_option("IMAGE", cd.files, "A .cue, .toc or .bin file")->required()->expected(1)->type_name("");
  for (CLI::App* sub : {commands.audio, commands.raw}) {
    const bool audio = sub == commands.audio;
    auto* mode =
        sub->add_option("--mode", cd.mode,
                        audio ? "dao: disc at once (default); tao: track at once; raw: all from us, with subchannel"
                              : "raw: all from us, with subchannel (default); dao: disc at once by a cue sheet; tao: audio track at once");
    mode->check(CLI::IsMember({"dao", "tao", "raw"}))->type_name("MODE");
    sub->add_option("--speed", speed, "N (times 1x), max, min, or auto: the drive's own choice (default)")->type_name("N|max|min|auto");
    sub->add_flag("--multi", cd.burn.multi, "Leave the disc open for another session");
    sub->add_flag("--simulate", cd.burn.simulate, "Do everything with the laser at reading power");
    sub->add_option("--buffer", buffer, "Size of the ring between files and drive (default: 64M to 640M, as the drive needs)")
        ->transform(CLI::AsSizeValue(false))
        ->type_name("SIZE");
    sub->add_flag("--underrun-protection,!--no-underrun-protection", cd.burn.underrun_protection,
                  "Let the drive stop and go on when data is late (default)");
    sub->add_flag(
        "--spool{true},!--no-spool",
        [&cd](int64_t n) { cd.burn.spool = n < 0 ? rec::BurnOptions::Spool::never : rec::BurnOptions::Spool::if_needed; },
        "Let slow files go through a temporary file where late data would spoil the disc (default)");
    sub->add_flag("--cd-text,!--no-cd-text", cd.cd_text, "Record the CD-TEXT of the description (default), or leave it out");
    sub->add_flag("--eject,!--no-eject", cd.burn.eject, "Open the tray when all went well");
    sub->add_flag("--dry-run", o.dry_run, "Print what would be done, and do nothing");
  }
  CLI::App& audio = *commands.audio;
  audio.add_flag("--gapless", cd.audio.gapless, "No pauses: the files follow each other sample by sample");
  audio.add_option("--hidden", cd.audio.hidden, "A file that is heard when one goes back from the beginning of track 1")->type_name("FILE");
  audio.add_option("--mcn", cd.audio.mcn, "Media catalog number of the disc: 13 digits")->type_name("DIGITS");
  const auto each = [&](const char* name, std::vector<std::string>& to, const char* what, const char* type) {
    audio.add_option(name, to, what)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->type_name(type);
  };
  each("--isrc", cd.audio.isrcs, "ISRC of the first track; once more for the next", "CODE");
  each("--index", cd.indexes, "A further index of a track; may be given more than once", "TRACK:MM:SS:FF");
  audio.add_flag("--pre-emphasis", cd.audio.pre_emphasis, "The tracks were recorded with pre-emphasis");
  audio.add_flag("--copy", cd.audio.copy_permitted, "Copying is permitted");
  audio.add_option("--title", cd.audio.title, "CD-TEXT: title of the disc")->type_name("TEXT");
  audio.add_option("--performer", cd.audio.performer, "CD-TEXT: performer of the disc")->type_name("TEXT");
  each("--track-title", cd.audio.titles, "CD-TEXT: title of the first track; once more for the next", "TEXT");
  each("--track-performer", cd.audio.performers, "CD-TEXT: performer of the first track; once more for the next", "TEXT");
  return commands;
}

void finish_cd_options(Options& o, uint64_t buffer) {
  if (o.task != Task::audio && o.task != Task::raw) return;
  CdOptions& cd = o.cd;
  const std::string mode = !cd.mode.empty() ? cd.mode : o.task == Task::raw ? "raw" : "dao";
  cd.burn.mode = mode == "tao" ? CdMode::track_at_once : mode == "dao" ? CdMode::session_at_once : CdMode::raw_96;
  cd.burn.speed = o.burn.speed;
  if (buffer > uint64_t{64} << 30) throw CLI::ValidationError("--buffer", "it must be at most 64 GiB");
  if (buffer) cd.burn.buffer_bytes = static_cast<size_t>(buffer);
  for (const std::string& text : cd.indexes) cd.audio.indexes.push_back(index_of(text));
  const bool described = std::any_of(cd.files.begin(), cd.files.end(), is_sheet);
  const rec::cd::AudioDisc& a = cd.audio;
  const bool said = a.gapless || a.pre_emphasis || a.copy_permitted || !a.hidden.empty() || !a.mcn.empty() || !a.isrcs.empty() ||
                    !a.indexes.empty() || !a.title.empty() || !a.performer.empty() || !a.titles.empty() || !a.performers.empty();
  if (described && said)
    throw CLI::ValidationError("FILE", "a .cue or .toc file says everything about the tracks itself; leave the options for files out");
}

std::string run_cd(const Options& options, ProgressView& view, const std::stop_token& stop) {
  const rec::DriveEntry drive = rec::find_drive(options.drive);
  rec::cd::DiscLayout layout = layout_of(options);
  if (!options.cd.cd_text) layout.cd_text = {};
  if (options.dry_run) {
    const rec::CdPlan plan = rec::plan_cd(drive, layout, options.cd.burn, stop);
    if (!options.json) return plan_text(plan, layout);
    json out = plan_json(plan);
    out["contents"] = contents_json(layout);
    if (!layout.mcn.empty()) out["mcn"] = layout.mcn;
    return dumped(out);
  }
  const rec::CdReport report = rec::burn_cd(
      drive, layout, options.cd.burn, [&](const rec::BurnEvent& event) { view.show(event); }, stop);
  view.clear();
  for (const std::string& note : report.notes) tool::say("burn: {}: {}\n", report.plan.drive, note);
  if (options.json) return dumped(report_json(report));
  tool::say(report_text(report));
  return {};
}

}  // namespace burn
