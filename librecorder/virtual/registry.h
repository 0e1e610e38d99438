// The virtual drives of this user: made, filled, emptied, opened. They live below one directory:
//
//   drives/NAME/   drive.json, lock, and disc/ while a medium is in it
//   discs/LABEL/   discs that are in no drive: taken out with something on them, never thrown away unasked
//
// All errors are fsi::Error. Safe against other processes: a drive that is open elsewhere is busy, and says by whom.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "librecorder/transport/transport.h"

namespace rec::virt {

struct DriveOptions {
  uint32_t speed = 0;  ///< of the laser, multiple of 1x of the medium; 0: no limit
  uint64_t buffer_bytes = 4 * 1024 * 1024;
  bool real_time = false;             ///< operations take their time; otherwise nothing ever sleeps
  std::vector<std::string> faults{};  ///< as faults.h says
};

/// A new disc that is not as its type usually is.
struct DiscOptions {
  uint32_t capacity = 0;  ///< sectors, when it shall be smaller than its type; 0: as its type
  bool write_protected = false;
  uint32_t lead_in = 0;  ///< CD: sectors from where the ATIP says that the lead-in begins to the pause of track 1; 0: the usual 11485
};

struct DiscSummary {
  std::string label;      ///< "dvd+r-1"
  std::string type;       ///< of media_types()
  uint32_t capacity = 0;  ///< sectors
  uint32_t recorded = 0;  ///< sectors that an image of it has
  std::string state;      ///< "blank", "appendable", "complete"
  /// As a drive would tell it: "DVD-RW sequential", "closed".
  std::string medium, medium_state;
  uint32_t link_stops = 0, underruns = 0;
};

struct DriveSummary {
  std::string name;
  uint64_t number = 0;  ///< grows in order of creation; not an index
  std::filesystem::path directory;
  DriveOptions options;
  bool tray_open = false;
  std::optional<DiscSummary> disc;
  std::string in_use_by;  ///< empty: nobody has it open
  std::string problem;    ///< not empty: its state cannot be read, and only remove() will help
};

/// DISCPRESS_STATE_DIR, else XDG_STATE_HOME/discpress, else ~/.local/state/discpress.
std::filesystem::path state_directory();

class Registry {
 public:
  explicit Registry(std::filesystem::path root = state_directory());

  /// In order of creation.
  std::vector<DriveSummary> list() const;
  std::vector<DiscSummary> discs() const;

  /// `medium`: a type ("dvd+r") or nothing.
  void add(const std::string& name, const std::optional<std::string>& medium = {}, const DriveOptions& options = {},
           const DiscOptions& disc = {});
  /// The drive and the disc in it.
  void remove(const std::string& name);

  /// A new disc of a type, or a disc of discs() by its label. What was in the drive is taken out first.
  void insert(const std::string& name, const std::string& medium, const DiscOptions& disc = {});
  /// Takes the disc out by hand. Returns its label, now one of discs(); empty for a blank disc, which is thrown away.
  std::string remove_medium(const std::string& name);
  /// Throws away a disc that is in no drive.
  void discard(const std::string& label);

  /// Replaces the faults of a drive.
  void set_faults(const std::string& name, const std::vector<std::string>& faults);
  /// Off and on: 6/29/00 comes next, and the door is unlocked.
  void power_cycle(const std::string& name);

  /// Writes the user data from LBA 0 to the end of the last session (or of what is recorded, when no session is complete).
  void export_disc(const std::string& name, const std::filesystem::path& file) const;

  /// One process at a time. The environment variable DISCPRESS_TRANSCRIPT names a file to which every command is added.
  std::unique_ptr<Transport> open(const std::string& name) const;

 private:
  std::filesystem::path drives() const { return root_ / "drives"; }
  std::filesystem::path discs_directory() const { return root_ / "discs"; }
  /// The directory of a drive that exists; otherwise an Error that lists those that do.
  std::filesystem::path existing(const std::string& name, const char* doing) const;
  void new_disc(const std::filesystem::path& drive, const std::string& type, const DiscOptions& options) const;
  std::string take_out(const std::filesystem::path& drive) const;
  std::string free_label(const std::string& type) const;

  std::filesystem::path root_;
};

}  // namespace rec::virt
