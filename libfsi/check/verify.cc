// read_volume -> load_manifest -> read_sectors -> compare -> map damage to paths -> check_structure -> report.
#include "libfsi/check/verify.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <set>

#include "libfsi/base/error.h"
#include "libfsi/base/tee.h"
#include "libfsi/check/against_source.h"
#include "libfsi/check/damage.h"
#include "libfsi/check/isomd5_check.h"
#include "libfsi/check/libisofs_check.h"
#include "libfsi/check/manifest_reader.h"
#include "libfsi/check/pass.h"
#include "libfsi/check/regions.h"
#include "libfsi/check/sector_sums.h"
#include "libfsi/check/sidecar.h"
#include "libfsi/check/structure.h"
#include "libfsi/check/tree_sums.h"
#include "libfsi/disc/manifest.h"
#include "libfsi/disc/udf.h"
#include "libfsi/read/careful.h"
#include "libfsi/read/udf_tree.h"
#include "libfsi/read/volume.h"

namespace fsi {

namespace {

constexpr uint64_t kSampleChunks = 512;

std::string seconds_text(std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  char text[32];
  if (seconds < 120)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  return text;
}

bool only_zeros(const SectorSource& source, SectorRange range, const std::stop_token& stop) {
  std::vector<std::byte> bytes(disc::kChunkBytes);
  for (uint64_t at = range.first; at < range.end(); at += disc::kChunkSectors) {
    check_stop(stop);
    const auto out = std::span(bytes).first(std::min<uint64_t>(disc::kChunkSectors, range.end() - at) * kSectorSize);
    try {
      source.read({at, out.size() / kSectorSize}, out);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::unsuitable) throw;
      return false;
    }
    if (std::ranges::any_of(out, [](std::byte b) { return b != std::byte{0}; })) return false;
  }
  return true;
}

class Verification {
 public:
  Verification(const SectorSource& source, const VerifyOptions& options) : source_(source), options_(options) {}

  VerifyReport run() {
    report_.source = source_.name();
    report_.source_sectors = source_.sectors();
    tell("reading the descriptors");
    volume_ = read_volume(source_, options_.session_start, structure_log_);
    note_volume();
    own_word_ = says_own();
    FoundManifest found = load_manifest(source_, options_.session_start, manifest_log_);
    manifest_ = std::move(found.manifest);
    note_manifest(found.promised_sectors);
    find_foreign_sums();
    known_ = known_regions(volume_, source_, options_.session_start, manifest());
    const std::optional<uint64_t> promised = take_given_manifest(found.promised_sectors);
    read_sectors();
    judge_foreign_sums();
    find_missing_end(promised);
    map_damage();
    compare_ends();
    name_troubles();
    tell("checking the structures");
    const StructureFacts facts =
        check_structure(volume_, source_, known_, {options_.session_start, own(), truncated_, options_.stop}, structure_log_);
    report_.files = facts.files;
    report_.directories = facts.directories;
    soften_truncation(facts.data_end);
    if (facts.files_before > 0)
      note("files lie in earlier sessions, which were not read", std::to_string(facts.files_before) + " of " + std::to_string(facts.files));
    for (const auto& check : options_.more_checks) check(volume_, source_, against_log_);
    note_reading();
    if (options_.survey_cells) report_.survey = survey(volume_, known_, surveyed_range(), options_.survey_cells, options_.stop);
    for (IssueLog* log : {&damage_log_, &against_log_, &sum_log_, &manifest_log_, &trouble_log_, &structure_log_, &reading_log_})
      move_to_report(*log);
    if (digesting_ && digesting_->complete() && report_.ok()) report_.sidecar = digesting_->sidecar();
    std::ranges::stable_sort(report_.issues, [](const Issue& a, const Issue& b) { return a.severity > b.severity; });
    return std::move(report_);
  }

 private:
  const Manifest* manifest() const { return manifest_ ? &*manifest_ : nullptr; }
  // What the sectors are compared with.
  const Manifest* expected() const { return given_ ? &*given_ : manifest(); }
  // Made by discpress: by its manifest or by its own word. What is tolerated in the images of others is a fault in our own.
  bool own() const { return manifest_ || own_word_; }

  bool says_own() const {
    if (volume_.primary && volume_.primary->descriptor.application_id.text() == "DISCPRESS") return true;
    for (const auto& udf : volume_.udf_trees) {
      IssueLog ignored(0);
      CarefulReader reader(source_, ignored);
      const uint64_t at = udf->volume().descriptor_at;
      disc::LogicalVolumeDescriptor descriptor;
      if (const auto sector = reader.cached(at / kSectorSize);
          !sector.empty() && load(sector, at % kSectorSize, descriptor) && text_of(descriptor.implementation) == disc::kDeveloper)
        return true;
    }
    return false;
  }

  static std::string_view text_of(const disc::Regid& id) { return {id.identifier, ::strnlen(id.identifier, sizeof id.identifier)}; }

  void tell(std::string_view phase) const {
    check_stop(options_.stop);
    if (options_.progress) options_.progress(ProgressEvent{phase, "", 0, 0});
  }

  void note(const char* what, std::string detail, Severity severity = Severity::note) {
    manifest_log_.report(what, [&] { return Issue{.severity = severity, .finding = Finding::volume, .detail = std::move(detail)}; });
  }

  void note_volume() {
    report_.volume_id = volume_.volume_id();
    for (const auto& tree : volume_.trees) report_.file_systems.emplace_back(tree->name());
    if (report_.file_systems.empty())
      note("there is no file system that verify knows",
           volume_.raw_sectors ? std::string(kRawSectors)
                               : "no volume descriptors from sector " + std::to_string(options_.session_start + disc::kFirstDescriptor),
           Severity::error);
  }

  void note_manifest(std::optional<uint64_t> promised) {
    if (!manifest_) {
      if (!promised && !options_.manifest)
        note("there is no manifest",
             "not made by mkimage, or made without one: only whether every sector reads and whether the structures are right can be told");
      return;
    }
    report_.manifest = {.found = true,
                        .believed = manifest_->has_digests(),
                        .digest = std::string(digest_name(manifest_->kind)),
                        .image_sectors = manifest_->image_sectors,
                        .chunks = manifest_->chunk_count,
                        .root = manifest_->root,
                        .troubles = manifest_->trouble_count};
    const uint64_t end = options_.session_start + manifest_->image_sectors;
    if (source_.sectors() > end)
      note("there are sectors behind the image",
           std::to_string(source_.sectors() - end) + " sectors from LBA " + std::to_string(end) + "; nothing is known of them");
  }

  // The manifest that was given counts; what the image says of itself is held against it. Returns the sectors promised.
  std::optional<uint64_t> take_given_manifest(std::optional<uint64_t> promised) {
    if (!options_.manifest) return promised;
    given_ = options_.manifest->at(options_.session_start);
    if (manifest_ && manifest_->table_whole) report_disagreement(*given_, *manifest_, options_.session_start, manifest_log_);
    report_.manifest = {.found = true,
                        .elsewhere = true,
                        .believed = true,
                        .digest = std::string(digest_name(given_->kind)),
                        .image_sectors = given_->image_sectors,
                        .chunks = given_->chunk_count,
                        .root = given_->root,
                        .troubles = report_.manifest.troubles};
    const uint64_t room = source_.sectors() - std::min(source_.sectors(), options_.session_start);
    if (!promised && given_->image_sectors > room)
      note("the image is shorter than its manifest says",
           std::to_string(given_->image_sectors) + " sectors, there are " + std::to_string(room), Severity::error);
    return given_->image_sectors;
  }

  // What was made, or, without a manifest, all there is.
  SectorRange range_to_read() const {
    const uint64_t start = std::min(options_.session_start, source_.sectors()), room = source_.sectors() - start;
    return {start, expected() ? std::min(expected()->image_sectors, room) : room};
  }

  void find_foreign_sums() {
    if (options_.foreign_sums) {
      isomd5_.emplace(volume_, source_, options_.session_start, sum_log_);
      libisofs_.emplace(volume_, source_, options_.session_start, options_.stop, sum_log_);
    }
    if (!volume_.trees.empty() && full())
      for (const SumKind kind : options_.file_sums)
        tree_sums_.push_back(std::make_unique<TreeSums>(*volume_.trees.front(), source_, kind, options_.stop));
  }

  // What wants the sectors in order on the way; a sample is of no use to it.
  std::vector<InOrder*> take_in_order() {
    std::vector<InOrder*> takers;
    if (!full()) return takers;
    if (isomd5_ && isomd5_->in_order()) takers.push_back(isomd5_->in_order());
    if (libisofs_)
      for (InOrder* taker : libisofs_->in_order()) takers.push_back(taker);
    for (const auto& sums : tree_sums_) takers.push_back(sums->in_order());
    return takers;
  }

  void judge_foreign_sums() {
    if (isomd5_) isomd5_->judge(full(), sum_log_, report_.foreign_sums);
    if (libisofs_) libisofs_->judge(full(), sum_log_, report_.foreign_sums);
    for (const auto& sums : tree_sums_)
      sums->for_each([&](std::string_view path, const std::optional<Sum>& sum) {
        if (options_.file_sum) options_.file_sum(sums->kind(), path, sum);
      });
    // implantisomd5 changes an image behind its manifest's back; that is no damage.
    if (read_.different.empty() || read_.different.front().first >= disc::kChunkSectors || !isomd5_ || !manifest() ||
        !isomd5_->implanted_after(*manifest()))
      return;
    SectorRange& first = read_.different.front();
    first = {disc::kChunkSectors, first.end() - std::min<uint64_t>(first.end(), disc::kChunkSectors)};
    if (first.count == 0) read_.different.erase(read_.different.begin());
    note("the isomd5sum was implanted after the image was made", "nothing else of the volume descriptor differs from the manifest");
  }

  // Serial sums begin at the beginning: a pass that is taken up again has lost theirs.
  bool full() const { return options_.level == VerifyOptions::Level::full && !options_.go_on && !options_.checkpoint; }

  void read_sectors() {
    PassOptions how{.parallel = options_.parallel,
                    .threads = options_.threads,
                    .patience = options_.patience,
                    .progress = options_.progress,
                    .stop = options_.stop,
                    .checkpoint = options_.checkpoint};
    if (options_.level == VerifyOptions::Level::quick) how.sample = kSampleChunks;
    const SectorRange range = range_to_read();
    std::optional<Tee> in_order;
    if (auto takers = take_in_order(); !takers.empty()) how.in_order = &in_order.emplace(std::move(takers));
    const SectorSource* through = &source_;
    if (options_.against) {
      report_.against = options_.against->name();
      through = &against_.emplace(*through, options_.session_start, *options_.against, options_.against_start, options_.patience);
    }
    if (options_.sidecar != DigestKind::none && how.sample == 0) through = &digesting_.emplace(*through, range, options_.sidecar);
    PassState state;
    if (options_.go_on) {
      state = *options_.go_on;
      // What was lost before is lost now: nobody waits for it again.
      if (const auto* disc = dynamic_cast<const TimedSource*>(&source_))
        for (const SectorRange& lost : state.so_far.unreadable) disc->give_up(lost);
      if (against_) against_->go_on(state.against);
    }
    if (against_ && how.checkpoint)
      how.checkpoint = [&](const PassState& now) {
        PassState whole = now;
        whole.against = against_->result();
        options_.checkpoint(whole);
      };
    run_pass(source_, *through, range, expected(), how, state);
    read_ = std::move(state.so_far);
    report_.reading = std::move(state.reading);
    report_.sectors_read = read_.sectors_read;
    report_.sectors_compared = read_.sectors_compared;
    report_.sampled = how.sample != 0 && range.count > how.sample * disc::kChunkSectors;
  }

  void find_missing_end(std::optional<uint64_t> promised) {
    if (promised && options_.session_start + *promised > source_.sectors()) {
      missing_ = {source_.sectors(), options_.session_start + *promised - source_.sectors()};
      truncated_ = true;  // load_manifest has said so
    } else if (!promised && options_.session_start == 0 && volume_.sectors() > source_.sectors()) {
      missing_ = {source_.sectors(), volume_.sectors() - source_.sectors()};
      truncated_ = true;
      claims_more_ = true;
    }
  }

  // Without a manifest a volume may claim more than there is without losing anything: padding that was cut off.
  void soften_truncation(uint64_t data_end) {
    if (!claims_more_) return;
    const bool lost = data_end > source_.sectors();
    damage_log_.report("the image is truncated", [&] {
      Issue issue{.severity = lost ? Severity::error : Severity::warning,
                  .finding = Finding::truncated,
                  .where = missing_,
                  .clause = "ECMA-119 8.4.8"};
      issue.detail = "the volume claims " + std::to_string(volume_.sectors()) + " sectors, there are " + std::to_string(source_.sectors()) +
                     (lost ? "" : "; no file lies in the missing ones");
      for (RangeHits& hits : map_to_paths(volume_, {missing_}, {}, options_.paths_of_an_issue, options_.stop)) {
        issue.paths = std::move(hits.paths);
        issue.more_paths = hits.more;
      }
      return issue;
    });
  }

  void map_damage() {
    // Behind the volume a drive may count sectors that were never written (the run-out of a track at once).
    const uint64_t volume_end = !manifest_ && volume_.sectors() != 0 ? options_.session_start + volume_.sectors() : UINT64_MAX;
    report_damage(read_.different, Finding::different, "sectors are not what was written", "", UINT64_MAX);
    report_damage(read_.unreadable, Finding::unreadable, "sectors cannot be read", read_.why_unreadable, volume_end);
    if (truncated_ && !claims_more_)
      report_damage({missing_}, Finding::truncated, "sectors are missing", "the image ends before them", UINT64_MAX);
  }

  void report_damage(const std::vector<SectorRange>& ranges, Finding finding, const char* what, const std::string& detail,
                     uint64_t volume_end) {
    const RightBefore right_before = [&](uint64_t lba, size_t keep) { return right_before_end(source_, *expected(), lba, keep); };
    std::vector<RangeHits> all = map_to_paths(volume_, ranges, known_, options_.paths_of_an_issue, options_.stop,
                                              finding == Finding::different ? right_before : RightBefore{});
    for (RangeHits& hits : all) {
      Issue issue{.finding = finding, .where = hits.range, .paths = std::move(hits.paths), .more_paths = hits.more, .detail = detail};
      if (finding == Finding::different && !known_to_the_sector(*expected(), hits.range))
        issue.detail = "one digest stands for 32 sectors: at least one of them differs";
      // The reason is the first one; the same words at every place would only hide the places.
      if (finding == Finding::unreadable && &hits != &all.front()) issue.detail.clear();
      if (issue.where.first >= volume_end) {
        issue.severity = Severity::warning;
        issue.detail += std::string(issue.detail.empty() ? "" : ": ") + "behind the end of the volume";
      }
      structures_hit_ |= finding != Finding::against &&
                         std::ranges::any_of(issue.paths, [](const PathHit& hit) { return hit.is_structure && !hit.padding; });
      if (issue.paths.empty()) issue.paths.push_back({.path = "free space", .is_structure = true});
      damage_log_.report(what, [&] { return std::move(issue); });
    }
  }

  // What one of the two has behind the end of the other: padding of zeros is no difference.
  void compare_ends() {
    if (!against_) return;
    const CompareResult result = against_->result();
    report_.sectors_against = result.sectors_compared;
    const std::string& name = printable(report_.against);
    report_damage(result.different, Finding::against, "sectors are not the same", "as in " + name, UINT64_MAX);
    report_damage(result.unreadable, Finding::against, "sectors could not be compared", name + ": " + result.why_unreadable, UINT64_MAX);
    const SectorSource& other = *options_.against;
    const SectorRange mine = range_to_read();
    const uint64_t theirs = other.sectors() - std::min(other.sectors(), options_.against_start);
    if (mine.count == theirs) return;
    const bool longer = mine.count > theirs;
    const SectorRange rest = longer ? SectorRange{mine.first + theirs, mine.count - theirs}
                                    : SectorRange{options_.against_start + mine.count, theirs - mine.count};
    if (report_.sampled || (!longer && expected() != nullptr && source_.sectors() > mine.end())) return;
    const bool empty = only_zeros(longer ? source_ : other, rest, options_.stop);
    against_log_.report("the lengths differ", [&] {
      return Issue{.severity = empty ? Severity::note : Severity::error,
                   .finding = Finding::against,
                   .where = longer ? rest : SectorRange{},
                   .detail = std::to_string(mine.count) + " sectors, " + printable(report_.against) + " has " + std::to_string(theirs) +
                             (empty ? "; what is more is zeros" : "")};
    });
  }

  // All there is and all there should be; earlier sessions lie before it.
  SectorRange surveyed_range() const { return {0, std::max({source_.sectors(), missing_.end(), uint64_t{1}})}; }

  void note_reading() {
    if (const uint64_t sectors = expected() ? not_compared(*expected(), read_.unreadable) : 0)
      reading_log_.report("beside sectors that cannot be read others could not be compared", [&] {
        return Issue{.severity = Severity::note,
                     .finding = Finding::reading,
                     .detail = std::to_string(sectors) + " sectors could be read; their digest needs all 32 that it stands for"};
      });
    const Reading& reading = report_.reading;
    if (reading.out_of_patience)
      reading_log_.report("bad places took so long that they were not all looked at closely", [&] {
        return Issue{.severity = Severity::warning,
                     .finding = Finding::reading,
                     .detail = seconds_text(reading.trouble) + " went into them, the limit is " + seconds_text(reading.patience) + "; " +
                               std::to_string(reading.sectors_skipped) + " sectors were given up without trying each"};
      });
    else if (reading.sectors_skipped > 0)
      reading_log_.report("inside of bad places not every sector was tried", [&] {
        return Issue{.severity = Severity::note,
                     .finding = Finding::reading,
                     .detail = std::to_string(reading.sectors_skipped) + " sectors were given up"};
      });
    for (const ReadStretch& zone : reading.slow_zones())
      reading_log_.report("the disc reads slowly, or with effort, here", [&] {
        return Issue{.severity = Severity::warning,
                     .finding = Finding::reading,
                     .where = zone.range,
                     .detail = seconds_text(zone.time) + " for " + std::to_string(zone.sectors) + " sectors, " +
                               std::to_string(zone.retries) + " times tried again or corrected with effort"};
      });
  }

  std::vector<SectorRange> marked_sectors() const {
    std::vector<SectorRange> ranges;
    for (uint64_t byte = 0; byte < manifest_->marks.size(); ++byte) {
      const auto bits = std::to_integer<unsigned>(manifest_->marks[byte]);
      for (unsigned bit = 0; bits >> bit != 0; ++bit)
        if (bits >> bit & 1) ranges.push_back({manifest_->base + byte * 8 + bit, 1});
    }
    join(ranges);
    return ranges;
  }

  // Files that were not as promised while the image was made: those the manifest lists, and, by the marks, those that
  // found no room in the list.
  void name_troubles() {
    if (!manifest_ || !manifest_->body_whole) return;
    static constexpr const char* kKinds[] = {"was not as promised", "was shorter than promised: filled with zeros",
                                             "was longer than promised: cut", "had vanished: filled with zeros",
                                             "could not be read: filled with zeros"};
    std::set<std::string, std::less<>> named;
    for (const Trouble& t : manifest_->troubles) {
      named.insert(t.path);
      trouble_log_.report("a source file was not as promised while the image was made", [&] {
        Issue issue{.finding = Finding::trouble, .paths = {{.path = t.path, .bytes = t.promised, .size = t.promised}}};
        issue.detail = std::string(kKinds[t.kind <= 4 ? t.kind : 0]) + "; promised " + std::to_string(t.promised) + " bytes, found " +
                       std::to_string(t.found);
        if (t.error != 0) issue.detail += ": " + errno_text(t.error);
        return issue;
      });
    }
    uint64_t unnamed = manifest_->trouble_count > manifest_->troubles.size() ? manifest_->trouble_count - manifest_->troubles.size() : 0;
    for (const RangeHits& hits : map_to_paths(volume_, marked_sectors(), known_, options_.paths_of_an_issue, options_.stop))
      for (const PathHit& hit : hits.paths) {
        if (hit.is_structure || !named.insert(hit.path).second) continue;
        if (unnamed > 0) --unnamed;
        trouble_log_.report("sectors do not hold what the source promised", [&] {
          return Issue{.finding = Finding::trouble, .where = hits.range, .paths = {hit}, .detail = "marked so while the image was made"};
        });
      }
    if (unnamed > 0)
      trouble_log_.report("further source files were not as promised", [&] {
        return Issue{.finding = Finding::trouble, .detail = std::to_string(unnamed) + " more than the manifest could name"};
      });
  }

  void move_to_report(IssueLog& log) {
    auto issues = log.take();
    // The pass over the sectors has named what cannot be read; the readers of the structures met it again.
    if (&log == &structure_log_)
      std::erase_if(issues, [&](const Issue& issue) { return issue.finding == Finding::unreadable && was_unreadable(issue.where); });
    // Where the manifest vouches for the rest, what the structures lack is what was damaged, and that is told already.
    if (&log == &structure_log_ && structures_hit_ && expected() && expected()->table_whole) {
      for (Issue& issue : issues) {
        if (issue.severity != Severity::error) continue;
        issue.severity = Severity::warning;
        issue.detail += std::string(issue.detail.empty() ? "" : "; ") + "follows from the damage";
      }
    } else if (own())
      for (Issue& issue : issues)
        if (issue.finding == Finding::structure && issue.severity == Severity::warning) issue.severity = Severity::error;
    report_.issues.insert(report_.issues.end(), std::make_move_iterator(issues.begin()), std::make_move_iterator(issues.end()));
  }

  bool was_unreadable(SectorRange where) const {
    const auto after = std::ranges::upper_bound(read_.unreadable, where.first, {}, &SectorRange::first);
    return after != read_.unreadable.begin() && std::prev(after)->end() >= where.end();
  }

  const SectorSource& source_;
  const VerifyOptions& options_;
  VerifyReport report_;
  // Damage is listed whole: it is bounded by the chunks of the image, and every range counts.
  IssueLog damage_log_{SIZE_MAX}, against_log_{1000}, manifest_log_, trouble_log_{1000}, sum_log_{10'000}, structure_log_, reading_log_{64};
  VolumeRead volume_;
  std::optional<Manifest> manifest_;  // in the image
  std::optional<Manifest> given_;
  std::optional<Isomd5Check> isomd5_;
  std::optional<LibisofsCheck> libisofs_;
  std::vector<std::unique_ptr<TreeSums>> tree_sums_;
  std::optional<AgainstSource> against_;
  std::optional<DigestingSource> digesting_;
  std::vector<NamedRange> known_;
  CompareResult read_;
  SectorRange missing_;
  bool truncated_ = false, claims_more_ = false, own_word_ = false;
  bool structures_hit_ = false;  // by damage
};

}  // namespace

bool VerifyReport::ok() const {
  return std::ranges::none_of(issues, [](const Issue& issue) { return issue.severity == Severity::error; });
}

VerifyReport verify(const SectorSource& source, const VerifyOptions& options) { return Verification(source, options).run(); }

}  // namespace fsi
