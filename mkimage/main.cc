// mkimage: folders, files and archives become an image. Arguments -> one library call -> report.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

#include "libfsi/base/sum_files.h"
#include "libfsi/fsi.h"
#include "mkimage/options.h"
#include "tool/standard_streams.h"
#include "tool/stop_on_signals.h"

namespace {

// Everything that is not the product goes to standard error, a line at a time, never through a progress line.
class Screen {
 public:
  explicit Screen(fsi::ProgressStyle style) : style_(style) {}
  ~Screen() { clear(); }

  void show(const fsi::ProgressEvent& event) {
    const std::lock_guard lock(mutex_);
    const auto now = fsi::Meter::Clock::now();
    fsi::Meter& meter = event.phase == "scanning" ? items_ : sectors_;
    if (style_ == fsi::ProgressStyle::json) fmt::print(stderr, "{}", meter.json(event, now));
    if (style_ == fsi::ProgressStyle::terminal) {
      winsize size{};
      const unsigned columns = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
      fmt::print(stderr, "\r\033[K{}", meter.line(event, now, columns));
      drawn_ = true;
    }
  }

  void say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    clear();
    fmt::print(stderr, "mkimage: {}\n", text);
  }

 private:
  void clear() {
    if (drawn_) fmt::print(stderr, "\r\033[K");
    drawn_ = false;
  }
  const fsi::ProgressStyle style_;
  std::mutex mutex_;
  fsi::Meter sectors_, items_{0};
  bool drawn_ = false;
};

// A report file that is whole or an error.
class ReportFile {
 public:
  explicit ReportFile(const std::string& path) : path_(path), file_(path == "-" ? stdout : std::fopen(path.c_str(), "we")) {
    if (!file_) throw fsi::system_error(fsi::printable(path), "creating the report");
  }
  ReportFile(const ReportFile&) = delete;
  ~ReportFile() {
    if (file_ && file_ != stdout) std::fclose(file_);
  }
  FILE* get() { return file_; }
  void close() {
    const bool bad = std::ferror(file_) != 0;
    const int closed = file_ == stdout ? std::fflush(file_) : std::fclose(file_);
    file_ = nullptr;
    if (bad || closed != 0) throw fsi::system_error(fsi::printable(path_), "writing the report");
  }

 private:
  std::string path_;
  FILE* file_;
};

void write_map(const fsi::Image& image, const std::string& path) {
  ReportFile report(path);
  fmt::print(report.get(), "#first-lba sectors what\n");
  image.for_each_item([&](const fsi::MapItem& item) {
    fmt::print(report.get(), "{} {} {}\n", item.range.first, item.range.count, fsi::printable(item.what));
  });
  report.close();
}

void write_names(const fsi::Image& image, const std::string& path) {
  ReportFile report(path);
  fsi::for_each_changed_name(image, [&](const fsi::ChangedName& name) {
    fmt::print(report.get(), "{{\"fs\":{},\"path\":{},\"recorded\":{}}}\n", fsi::json_string(name.file_system), fsi::json_string(name.path),
               fsi::json_string(name.recorded));
  });
  report.close();
}

std::string drift_text(const fsi::Image& image, const fsi::Drift& drift) {
  const std::string where = fsi::printable(image.tree().origin_path(drift.content));
  const char* rest = "the image holds zeros in its place and the manifest says so; make it again";
  switch (drift.kind) {
    case fsi::DriftKind::shrank:
      return fmt::format("{}: reading the source: it shrank from {} to {} bytes while the image was written: {}", where, drift.promised,
                         drift.found, "padded with zeros and marked in the manifest; make the image again");
    case fsi::DriftKind::grew:
      return fmt::format("{}: reading the source: it grew from {} to {} bytes while the image was written: {}", where, drift.promised,
                         drift.found, "cut to its old length and marked in the manifest; make the image again");
    case fsi::DriftKind::vanished: return fmt::format("{}: reading the source: it vanished while the image was written: {}", where, rest);
    case fsi::DriftKind::failed: break;
  }
  return fmt::format("{}: reading the source: {}: {}", where, drift.error ? fsi::errno_text(drift.error) : "it could not be read", rest);
}

fsi::OutputIdentity::Identity identity_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

// So that the image never becomes part of itself.
fsi::OutputIdentity identify_output(const std::string& path) {
  fsi::OutputIdentity output;
  struct stat status {};
  if (path.empty()) {
    if (::fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode)) output.file = identity_of(status);
    return output;
  }
  if (::stat(path.c_str(), &status) == 0) output.file = identity_of(status);
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (::stat(directory.c_str(), &status) == 0) output.directory = identity_of(status);
  output.name = slash == std::string::npos ? path : path.substr(slash + 1);
  return output;
}

int run(int argc, char** argv, const std::stop_token& stop) {
  mkimage::Options options;
  if (!mkimage::parse(argc, argv, options)) return 0;
  const bool writes = !options.dry_run && !options.print_size;
  if (writes && options.output.empty() && ::isatty(STDOUT_FILENO))
    throw fsi::Error(fsi::ErrorKind::usage, "standard output", "writing the image",
                     "it is a terminal; name a file with -o, or pipe it on, for example into burn");

  Screen screen(options.progress);
  options.image.stop = stop;
  options.image.warn = [&](const std::string& where, const std::string& message) { screen.say("warning: " + where + ": " + message); };
  if (options.progress != fsi::ProgressStyle::none) options.image.progress = [&](const fsi::ProgressEvent& event) { screen.show(event); };

  if (writes) options.image.scan.output = identify_output(options.output);
  fsi::FileSystemImage description(options.image);
  for (const std::string& source : options.sources) description.tree().add_source(source);
  const std::unique_ptr<fsi::Image> image = description.create_result();

  if (!options.map_file.empty()) write_map(*image, options.map_file);
  if (!options.names_file.empty()) write_names(*image, options.names_file);
  if (options.print_size) fmt::print("{}\n", image->total_blocks());
  if (options.dry_run)
    screen.say(fmt::format("would write {} sectors ({}) of volume \"{}\"", image->total_blocks(),
                           fsi::human_bytes(image->total_blocks() * fsi::kSectorSize), image->volume().volume_id));
  if (!writes) return 0;

  fsi::SumFiles sums(options.sums);
  const fsi::SlabOptions how{options.image.progress, options.image.stop};
  if (options.output.empty())
    fsi::write_image_stream(*image, STDOUT_FILENO, "standard output", how);
  else
    fsi::write_image_file(*image, options.output, how);

  for (const fsi::SumKind kind : options.image.sums)
    image->for_each_file_sum(kind, [&](fsi::NodeId file, const fsi::Sum& sum) { sums.add(kind, image->tree().path(file), sum); });
  sums.close();

  for (const fsi::Drift& drift : image->drifts()) screen.say(drift_text(*image, drift));
  return image->drifts().empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  tool::keep_standard_streams();
  const std::stop_token stop = tool::stop_on_signals();
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  try {
    return run(argc, argv, stop);
  } catch (const fsi::Error& error) {
    tool::complain("mkimage", error.what());
    return fsi::exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    tool::complain("mkimage", "making the image: out of memory: use fewer threads (-j) or split the source");
  } catch (const std::exception& error) {
    tool::complain("mkimage", error.what());
  }
  return 1;
}
