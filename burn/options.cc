#include "burn/options.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "burn/cd.h"
#include "libfsi/base/error.h"
#include "tool/standard_streams.h"

namespace burn {

namespace {
double times_of(const std::string& text) {
  double times = 0;
  const std::string number = !text.empty() && text.back() == 'x' ? text.substr(0, text.size() - 1) : text;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), times);
  if (error != std::errc() || end != number.data() + number.size() || !(times > 0) || times > 1000)
    throw CLI::ValidationError("--speed", "'" + fsi::printable(text) + "' is not max, min, auto or a number of times like 4 or 2.4x");
  return times;
}

rec::SpeedWish speed_of(const std::string& text) {
  using Kind = rec::SpeedWish::Kind;
  if (text == "auto") return {};
  if (text == "max") return {Kind::fastest, 0};
  if (text == "min") return {Kind::slowest, 0};
  return {Kind::times, times_of(text)};
}

std::optional<uint32_t> layer_break_of(const std::string& text) {
  if (text.empty() || text == "auto") return std::nullopt;
  if (text == "drive") return 0;
  uint32_t sectors = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sectors);
  if (error != std::errc() || end != text.data() + text.size() || sectors == 0)
    throw CLI::ValidationError("--layer-break", "'" + fsi::printable(text) + "' is not auto, drive or a number of sectors");
  return sectors;
}

constexpr uint64_t kLargestBuffer = uint64_t{64} << 30;

void add_drive(CLI::App& app, std::string& drive) {
  app.add_option("--drive", drive,
                 "Number in 'burn list' (from 0), name, /dev/srN, /dev/sgN or iscsi://HOST/TARGET/LUN; not needed where there is only one")
      ->type_name("D");
}
}  // namespace

Parsed parse(int argc, char** argv) {
  Parsed parsed;
  Options& o = parsed.options;
  CLI::App app("Records an image or a stream on an optical disc.\n\n  mkimage DIR | burn --drive 1\n  burn --drive 0 image.iso", "burn");
  app.set_version_flag("--version", "burn (discpress) " DISCPRESS_VERSION);
  app.set_help_flag("--help,-h", "Print this and end");
  app.get_formatter()->column_width(32);
  app.require_subcommand(0, 1);

  std::string speed = "auto";
  std::string layer_break;
  bool close = false;
  uint64_t buffer = 0;
  app.add_option(
         "--drive", o.drives,
         "Number in 'burn list' (from 0), name, /dev/srN, /dev/sgN or iscsi://HOST/TARGET/LUN; may be given more than once; not needed "
         "where there is only one")
      ->type_name("D")
      ->allow_extra_args(false);
  app.add_option("IMAGE", o.image, "The image; - or nothing for a stream on standard input")->type_name("");
  std::vector<CLI::Option*> burning;  // of burning alone; useless, and thus refused, with a subcommand
  burning.push_back(app.get_option("IMAGE"));
  const auto mine = [&](CLI::Option* option) {
    burning.push_back(option);
    return option;
  };
  mine(app.add_option("--speed", speed, "N (times 1x), max, min, or auto: the drive's own choice (default)")->type_name("N|max|min|auto"));
  auto* multi = mine(app.add_flag("--multi", o.burn.multi, "Leave the disc open for another session"));
  mine(app.add_flag("--close", close, "Close the disc (default)"))->excludes(multi);
  mine(app.add_option("--buffer", buffer, "Size of the ring between stream and drive (default: 64M to 640M, as the medium needs)")
           ->transform(CLI::AsSizeValue(false))
           ->type_name("SIZE"));
  mine(app.add_flag("--underrun-protection,!--no-underrun-protection", o.burn.underrun_protection,
                    "Let the drive stop and go on when data is late (default)"));
  mine(app.add_flag("--overwrite,!--no-overwrite", o.burn.overwrite, "Write over what is on a rewritable disc"));
  std::string verify;
  // A flag, so that it does not swallow the IMAGE behind it.
  mine(app.add_flag("--verify{full}", verify, "Read the disc back and compare it: --verify=quick (a sample) or full (default)")
           ->check(CLI::IsMember({"quick", "full", "none"})));
  mine(app.add_flag("--simulate", o.burn.simulate, "Do all but write: CD, DVD-R and DVD-RW have a test mode for it"));
  mine(app.add_flag("--disc-at-once,!--no-disc-at-once", o.burn.at_once, "Write CD, DVD-R and DVD-RW as a whole, not in tracks"));
  mine(app.add_flag("--dvd-compat,!--no-dvd-compat", o.burn.dvd_compat,
                    "Write and close a DVD so that most players read it, however long that takes"));
  mine(app.add_flag("--stream-recording,!--no-stream-recording", o.burn.streaming,
                    "Do not read back what is written on DVD-RAM and BD with spare areas: twice as fast"));
  mine(app.add_option("--layer-break", layer_break,
                      "Where the first of two layers ends: auto (half of the data, default), drive, or a number of sectors")
           ->type_name("auto|drive|N"));
  mine(app.add_flag("--spool,!--no-spool", o.spool, "Copy the stream to a temporary file first, and burn that; --no-spool: never"));
  mine(app.add_flag("--eject,!--no-eject", o.burn.eject, "Open the tray when all went well"));
  mine(app.add_flag("--dry-run", o.dry_run, "Print what would be done, and do nothing"));
  auto* json = app.add_flag("--json", o.json, "Report as JSON on standard output");
  mine(json);
  std::string progress;
  const auto add_progress = [&](CLI::App& to) {
    return to.add_option("--progress", progress, "tty: a line on the terminal; json: one object a line; none")
        ->check(CLI::IsMember({"tty", "json", "none"}))
        ->type_name("STYLE");
  };
  mine(add_progress(app));

  CLI::App* list = app.add_subcommand("list", "List the drives, virtual ones after the real ones");
  CLI::App* info = app.add_subcommand("info", "Tell about a drive and the disc in it");
  CLI::App* erase = app.add_subcommand("erase", "Make a rewritable disc blank");
  add_drive(*erase, o.drive);
  auto* full = erase->add_flag("--full", o.erase.full, "Erase every sector; takes long");
  bool quick = false;
  erase->add_flag("--quick", quick, "Erase what says that something is recorded (default)")->excludes(full);
  erase->add_flag("--eject,!--no-eject", o.erase.eject, "Open the tray when all went well");
  add_progress(*erase);
  const CdCommands cd = add_cd_commands(app, o, speed, buffer);
  for (CLI::App* sub : {cd.audio, cd.raw}) {
    add_drive(*sub, o.drive);
    add_progress(*sub);
  }
  CLI::App* format = app.add_subcommand("format", "Format a rewritable DVD, a BD-RE, or a blank BD-R");
  add_drive(*format, o.drive);
  auto* format_full = format->add_flag("--full", o.format.wish.full, "Format or certify every sector; takes long");
  format->add_flag("--quick", quick, "Until it can be used (default)")->excludes(format_full);
  std::string spare = "usual";
  format->add_option("--spare", spare, "Spare areas of a BD: usual (default), none, min or max")
      ->check(CLI::IsMember({"usual", "none", "min", "max"}))
      ->type_name("usual|none|min|max");
  format->add_flag("--eject,!--no-eject", o.format.eject, "Open the tray when all went well");
  add_progress(*format);
  CLI::App* eject = app.add_subcommand("eject", "Open the tray");
  CLI::App* load = app.add_subcommand("load", "Close the tray");
  CLI::App* doctor = app.add_subcommand("doctor", "Look for what stands in the way of burning, and say what to do");
  list->add_flag("--watch", o.watch, "Go on and tell of drives that come, go or change, until interrupted");
  doctor->add_flag("--json", o.json, "Report as JSON");
  for (CLI::App* sub : {list, info, erase, format, cd.audio, cd.raw}) sub->add_flag("--json", o.json, "Report as JSON");
  for (CLI::App* sub : {info, eject, load}) add_drive(*sub, o.drive);

  CLI::App* closing = app.add_subcommand("close", "Close a disc that was left open, by --multi or by a burn that died");
  add_drive(*closing, o.drive);
  closing->add_flag("--multi", o.close.multi, "Close the session alone, so that another can follow");
  closing->add_flag("--eject,!--no-eject", o.close.eject, "Open the tray when all went well");
  add_progress(*closing);
  closing->add_flag("--json", o.json, "Report as JSON");

  CLI::App* virt = app.add_subcommand("virtual", "Virtual drives, for machines without a burner");
  virt->require_subcommand(1);
  const auto name = [&](CLI::App* sub) { sub->add_option("NAME", o.name, "Name of the virtual drive")->required()->type_name(""); };
  CLI::App* add = virt->add_subcommand("add", "Make a virtual drive");
  name(add);
  std::string times;
  add->add_option("--media", o.media, "Put a blank disc of this type in: cd-r, cd-rw, dvd+r, bd-r, ...")->type_name("TYPE");
  add->add_option("--speed", times, "Write at N times 1x; without it as fast as the computer can")->type_name("N");
  add->add_option("--buffer", o.buffer, "Size of the drive's own buffer")->transform(CLI::AsSizeValue(false))->type_name("SIZE");
  add->add_flag("--real-time", o.real_time, "Take as long as a real drive; otherwise time is only counted");
  add->add_option("--fault", o.faults, "Let something go wrong; may be given more than once")
      ->type_name("SPEC")
      ->take_all()
      ->allow_extra_args(false);
  const auto lead_in = [&](CLI::App* sub) {
    sub->add_option("--lead-in", o.disc.lead_in, "CD: a lead-in of N sectors, instead of 11485")
        ->type_name("N")
        ->check(CLI::Range(1u, 19000u));
  };
  lead_in(add);
  CLI::App* insert = virt->add_subcommand("insert", "Put a disc in, or take it out");
  name(insert);
  insert->add_option("--media", o.media, "A blank disc of this type; without it the drive is empty afterwards")->type_name("TYPE");
  insert->add_flag("--write-protected", o.disc.write_protected, "With the switch of its cartridge set");
  lead_in(insert);
  CLI::App* remove = virt->add_subcommand("remove", "Remove a virtual drive and its disc");
  name(remove);
  CLI::App* exporting = virt->add_subcommand("export", "Write the disc's user data, from LBA 0, to an image file");
  name(exporting);
  exporting->add_option("FILE", o.file, "The image file to write")->required()->type_name("");
  CLI::App* virtual_list = virt->add_subcommand("list", "List the virtual drives and their discs");
  virtual_list->add_flag("--json", o.json, "Report as JSON");

  try {
    app.parse(argc, argv);
    const auto chosen = [&](Task task) { o.task = task; };
    if (list->parsed()) chosen(Task::list);
    if (info->parsed()) chosen(Task::info);
    if (cd.audio->parsed()) chosen(Task::audio);
    if (cd.raw->parsed()) chosen(Task::raw);
    if (eject->parsed()) chosen(Task::eject);
    if (load->parsed()) chosen(Task::load);
    if (erase->parsed()) chosen(Task::erase);
    if (closing->parsed()) chosen(Task::close);
    if (doctor->parsed()) chosen(Task::doctor);
    if (format->parsed()) chosen(Task::format);
    if (add->parsed()) chosen(Task::virtual_add);
    if (insert->parsed()) chosen(Task::virtual_insert);
    if (remove->parsed()) chosen(Task::virtual_remove);
    if (exporting->parsed()) chosen(Task::virtual_export);
    if (virtual_list->parsed()) chosen(Task::virtual_list);
    if (o.task != Task::burn)
      for (const CLI::Option* option : burning)
        if (option->count() > 0 && option != json)
          throw CLI::ValidationError(option->get_name(), "it is for burning, not for '" + app.get_subcommands().front()->get_name() + "'");
    if (app.get_option("--drive")->count() > 0 && (list->parsed() || doctor->parsed() || virt->parsed()))
      throw CLI::ValidationError("--drive", "'" + app.get_subcommands().front()->get_name() + "' is about all drives");
    if (o.drive.empty() && !o.drives.empty()) o.drive = o.drives.back();
    if (o.task != Task::burn && o.drives.size() > 1) throw CLI::ValidationError("--drive", "only burning takes more than one");
    if (app.get_option("--verify")->count() && verify != "none")
      o.verify = verify == "quick" ? fsi::VerifyOptions::Level::quick : fsi::VerifyOptions::Level::full;
    o.burn.speed = speed_of(speed);
    o.burn.layer_break = layer_break_of(layer_break);
    o.format.wish.spare = spare == "none"  ? rec::SpareArea::none
                          : spare == "min" ? rec::SpareArea::smallest
                          : spare == "max" ? rec::SpareArea::largest
                                           : rec::SpareArea::usual;
    if (app.get_option("--buffer")->count() > 0 && (buffer == 0 || buffer > kLargestBuffer))
      throw CLI::ValidationError("--buffer", "it must be from 1 byte to 64 GiB");
    if (app.get_option("--spool")->count() > 0 && !o.spool) o.burn.spool = rec::BurnOptions::Spool::never;
    o.burn.buffer_bytes = static_cast<size_t>(buffer);
    finish_cd_options(o, buffer);
    if (!times.empty()) o.speed = times_of(times);
    if (progress == "tty") o.progress = ProgressStyle::tty;
    if (progress == "json") o.progress = ProgressStyle::json;
    if (progress == "none") o.progress = ProgressStyle::none;
  } catch (const CLI::Success& e) {
    parsed.exit_code = app.exit(e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    tool::say("burn: {}: see burn --help\n", fsi::printable(e.what()));
    parsed.exit_code = fsi::exit_code(fsi::ErrorKind::usage);
  }
  return parsed;
}

}  // namespace burn
