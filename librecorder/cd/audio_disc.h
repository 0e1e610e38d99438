// An audio disc from audio files: what `burn audio FILE...` makes, and what a program makes that has files and no description.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "librecorder/cd/layout.h"

namespace rec::cd {

struct AudioDisc {
  std::vector<std::string> files;  ///< a track each
  /// The samples of a file follow those of the one before without a pause; a track begins with the sector its first sample lies in.
  /// Otherwise two seconds of silence come before each track.
  bool gapless = false;
  std::string hidden;  ///< a file that is heard when one goes back from the beginning of track 1; empty: none
  std::string mcn;
  std::vector<std::string> isrcs;  ///< of the tracks in order; fewer are allowed, and empty ones
  bool pre_emphasis = false, copy_permitted = false;
  std::string title, performer;  ///< of the disc, UTF-8
  std::vector<std::string> titles, performers;
  struct Index {
    uint32_t track = 0;   ///< from 1
    uint32_t sector = 0;  ///< after INDEX 01
  };
  std::vector<Index> indexes;
};

/// Opens the files. A track shorter than four seconds is filled up with silence, and a note says so. Throws Error (source) for a file,
/// Error (usage) for the rest.
DiscLayout audio_disc_layout(const AudioDisc& disc);

}  // namespace rec::cd
