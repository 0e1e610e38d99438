#include "verify/job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <memory>
#include <new>

#include "libfsi/base/error.h"
#include "libfsi/base/file.h"
#include "libfsi/base/sum_files.h"
#include "verify/disc.h"
#include "verify/map.h"
#include "verify/report.h"

namespace tool {

namespace {

using fsi::Error;
using fsi::ErrorKind;
using fsi::Finding;
using fsi::Issue;
using fsi::Severity;

/// A target, or what it is compared with, as sectors.
struct Opened {
  std::unique_ptr<const fsi::SectorSource> source;
  std::vector<fsi::SectorRange> sessions;
  uint64_t session_start = 0;
  uint32_t trailing_bytes = 0;
  uint64_t run_out = 0;
  bool placed = false;  ///< a file of a further session: its first sector is session_start
  std::string stamp;    ///< changes when the file is written to
};

Opened open_image(const std::string& path, bool uncached) {
  struct stat node {};
  constexpr unsigned kOpticalMajor = 11;  // Linux: /dev/srN
  if (::stat(path.c_str(), &node) == 0 && S_ISBLK(node.st_mode) && major(node.st_rdev) == kOpticalMajor)
    throw Error(ErrorKind::usage, fsi::printable(path), "opening the image",
                "it is a drive, and what the kernel remembers of a disc proves nothing; say --drive " + fsi::printable(path));
  auto image = std::make_unique<const fsi::ImageFile>(path);
  Opened o;
  struct stat status {};
  if (::fstat(image->fd(), &status) != 0) throw fsi::system_error(fsi::printable(path), "opening the image");
  o.stamp = fmt::format("{}.{:09}", static_cast<long long>(status.st_mtim.tv_sec), status.st_mtim.tv_nsec);
  if (uncached) {
    // Pages that are not written yet cannot be dropped.
    if (::fsync(image->fd()) != 0 && errno != EINVAL && errno != EROFS)
      throw fsi::system_error(fsi::printable(path), "writing it out before it is read back");
    if (const int error = ::posix_fadvise(image->fd(), 0, 0, POSIX_FADV_DONTNEED))
      throw fsi::system_error(fsi::printable(path), "dropping it from memory", error);
  }
  o.trailing_bytes = image->trailing_bytes();
  o.session_start = fsi::made_for_sector(*image);
  o.placed = o.session_start != 0;
  o.sessions = {{o.session_start, image->sectors()}};
  o.source = std::move(image);
  if (o.placed) o.source = std::make_unique<const fsi::PlacedImage>(std::move(o.source), o.session_start);
  return o;
}

Opened open_drive(const std::string& drive, const std::stop_token& stop) {
  auto disc = open_disc(drive, stop);
  Opened o;
  o.sessions = disc->sessions();
  o.session_start = disc->session_start();
  o.run_out = disc->run_out_sectors();
  o.source = std::move(disc);
  return o;
}

/// Whether a file holds sectors of a volume and is no archive. An ISO image is one, whatever mkimage can do with it.
bool is_image(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !(S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))) return false;
  const fsi::ImageFile file(path);
  std::vector<std::byte> sector(fsi::kSectorSize);
  for (uint64_t lba = 16; lba < 20 && lba < file.sectors(); ++lba) {
    file.read({lba, 1}, sector);
    const std::string_view id(reinterpret_cast<const char*>(sector.data()) + 1, 5);
    if (id == "CD001" || id == "BEA01" || id == "NSR02" || id == "NSR03") return true;
  }
  return false;
}

std::vector<std::byte> read_file(const std::string& path) {
  const fsi::Fd fd = fsi::open_file(path, O_RDONLY | O_NONBLOCK, "opening the manifest");
  const off_t size = ::lseek(fd.get(), 0, SEEK_END);
  // A manifest takes a thousandth of an image; nothing else is read into memory.
  if (size < 0 || size > (int64_t{1} << 30))
    throw Error(ErrorKind::corrupt, fsi::printable(path), "reading the manifest", "it is no manifest: too large");
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  if (fsi::read_at(fd.get(), 0, bytes, path) != bytes.size())
    throw Error(ErrorKind::source, fsi::printable(path), "reading the manifest", "it became shorter meanwhile");
  return bytes;
}

void write_whole_file(const std::string& path, std::span<const std::byte> bytes, const char* doing) {
  // A device or a pipe is written to; only a file is replaced.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    fsi::Fd fd = fsi::open_file(path, O_WRONLY, doing);
    fsi::write_stream(fd.get(), bytes, path);
    return fd.close(path);
  }
  const std::string temporary = fmt::format("{}.{}.new", path, ::getpid());
  fsi::Fd fd = fsi::open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, doing);
  try {
    fsi::write_at(fd.get(), 0, bytes, temporary);
    fd.close(temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw fsi::system_error(fsi::printable(path), doing);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

std::string identity_of(const Opened& opened, const Options& options, const std::string& manifest_root) {
  std::vector<std::byte> head(std::min<uint64_t>(opened.source->sectors() - opened.session_start, 32) * fsi::kSectorSize);
  std::string digest = "unreadable";
  try {
    opened.source->read({opened.session_start, head.size() / fsi::kSectorSize}, head);
    digest = fsi::hex(fsi::digest_of(fsi::DigestKind::sha256, head));
    digest += " " + fsi::manifest_identity(*opened.source, opened.session_start);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
  }
  std::string text = fmt::format("{} {} {} {} {}", opened.source->sectors(), opened.session_start, digest, opened.stamp,
                                 options.verify.level == fsi::VerifyOptions::Level::full ? "full" : "quick");
  if (!manifest_root.empty()) text += " manifest " + manifest_root;
  for (const std::string& against : options.against) text += " against " + against;
  return text;
}

/// What to compare with: one image or drive, or sources of a tree.
struct Against {
  Opened image;
  std::unique_ptr<fsi::AgainstTree> tree;
};

Against open_against(const Options& options, const std::stop_token& stop) {
  Against against;
  std::vector<std::string> sources;
  for (const std::string& what : options.against) {
    const bool drive = what.starts_with("drive:");
    if (!drive && !is_image(what)) {
      sources.push_back(what);
      continue;
    }
    if (options.against.size() > 1)
      throw Error(ErrorKind::usage, "--against " + fsi::printable(what), "choosing what to compare with",
                  "an image or a drive stands alone; leave the others out");
    against.image = drive ? open_drive(what.substr(6), stop) : open_image(what, options.uncached);
  }
  if (!sources.empty()) {
    fsi::AgainstTreeOptions how = options.folders;
    how.sources = std::move(sources);
    how.stop = stop;
    against.tree = std::make_unique<fsi::AgainstTree>(std::move(how));
  }
  return against;
}

void add_findings(const Opened& opened, fsi::VerifyReport& report) {
  if (opened.trailing_bytes != 0)
    report.issues.push_back({.severity = Severity::error,
                             .finding = Finding::truncated,
                             .what = "the image does not end with a whole sector",
                             .detail = fmt::format("{} bytes behind the last one", opened.trailing_bytes)});
  if (opened.placed)
    report.issues.push_back(
        {.severity = Severity::note,
         .finding = Finding::volume,
         .what = "the image was made for a further session of a disc",
         .detail = fmt::format("made for LBA {}: addresses are those of the disc, the file begins there", opened.session_start)});
  if (opened.run_out != 0)
    report.issues.push_back({.severity = Severity::note,
                             .finding = Finding::reading,
                             .what = "the track ends in blocks that nobody can read",
                             .where = {opened.source->sectors(), opened.run_out},
                             .detail = "the run-out of a track written at once; the drive counts it, nothing was recorded there"});
}

Outcome verify_target(const Options& options, const Target& target, unsigned threads, const fsi::Progress& progress,
                      const std::stop_token& stop, const Memory* memory) {
  fsi::VerifyOptions how = options.verify;
  how.threads = threads;
  how.stop = stop;
  how.progress = progress;
  std::optional<fsi::Manifest> manifest;
  if (!options.manifest.empty()) how.manifest = &manifest.emplace(fsi::read_sidecar(read_file(options.manifest), options.manifest));
  const Against against = open_against(options, stop);
  const Opened opened = target.drive ? open_drive(target.name, stop) : open_image(target.name, options.uncached);
  how.session_start = opened.session_start;
  how.parallel = !target.drive;
  if (against.image.source) {
    how.against = against.image.source.get();
    how.against_start = against.image.session_start;
  }
  fsi::AgainstTree::Facts compared;
  if (against.tree)
    how.more_checks.emplace_back([&](const fsi::VolumeRead& volume, const fsi::SectorSource& source, fsi::IssueLog& log) {
      compared = against.tree->check(volume, source, log);
    });
  std::optional<fsi::PassState> state;
  if (memory) {
    const std::string identity = identity_of(opened, options, manifest ? manifest->root : "");
    state = memory->recall(identity);
    if (auto outcome = memory->finished()) return *std::move(outcome);
    if (state) how.go_on = &*state;
    how.checkpoint = [memory, identity](const fsi::PassState& now) { memory->keep(identity, now); };
  }
  fsi::SumFiles sums(options.sums);
  how.file_sum = [&](fsi::SumKind kind, std::string_view path, const auto& sum) { sums.add(kind, path, sum); };
  how.survey_cells = options.map.empty() ? 0 : kMapCells;

  fsi::VerifyReport report = fsi::verify(*opened.source, how);
  add_findings(opened, report);
  sums.close();
  if (sums.left_out() != 0)
    report.issues.push_back({.finding = Finding::unreadable,
                             .what = "files are not in the lists of sums",
                             .detail = fmt::format("{} of them could not be read whole", sums.left_out())});
  if (against.tree) {
    report.against = fmt::format("{}", fmt::join(options.against, ", "));
    report.files_against = compared.files;
  }
  if (how.sidecar != fsi::DigestKind::none) {
    if (report.sidecar.empty())
      throw Error(ErrorKind::differs, fsi::printable(options.write_manifest), "writing the manifest",
                  "not every sector is readable and as it should be, so that it was not written\n" + text_report(report));
    write_whole_file(options.write_manifest, report.sidecar, "writing the manifest");
  }
  if (!options.map.empty()) {
    const std::string picture = map_svg(report, opened.sessions);
    write_whole_file(options.map, std::as_bytes(std::span(picture)), "writing the map");
  }
  return {report.ok() ? 0 : fsi::exit_code(ErrorKind::differs), text_report(report), json_report(report), {}};
}

}  // namespace

Outcome run_job(const Options& options, const Target& target, unsigned threads, const fsi::Progress& progress, const std::stop_token& stop,
                const Memory* memory) {
  try {
    return verify_target(options, target, threads, progress, stop, memory);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return {fsi::exit_code(error.kind()), {}, {}, error.what()};
  } catch (const std::bad_alloc&) {
    return {1, {}, {}, fsi::printable(target.name) + ": verifying: there is not enough memory"};
  } catch (const std::exception& error) {
    return {1, {}, {}, fsi::printable(target.name) + ": verifying: " + error.what()};
  }
}

ReadTarget open_target(const Target& target, const std::stop_token& stop) {
  Opened opened = target.drive ? open_drive(target.name, stop) : open_image(target.name, false);
  return {std::move(opened.source), opened.session_start};
}

std::string device_key(const Target& target) {
  if (target.drive) {
    try {
      return drive_key(target.name);
    } catch (const Error&) {
      return "drive " + target.name;  // the job will say what is wrong
    }
  }
  struct stat status {};
  if (::stat(target.name.c_str(), &status) != 0) return "file " + target.name;
  return fmt::format("device {}", S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev);
}

}  // namespace tool
