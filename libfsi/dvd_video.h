// The order in which DVD players want the files of VIDEO_TS, which they find by adding sectors to the place of the IFO.
#pragma once

#include "libfsi/source/tree.h"

namespace fsi {

/// Renumbers contents, and with them their addresses, so that in /VIDEO_TS each set lies as IFO, menu VOB, title VOBs, BUP, the video
/// manager first. Nothing else moves. The layout is to be packed (Layout::packed). Throws Error{usage} when there is no /VIDEO_TS.
void order_dvd_video(SourceTree& tree);

}  // namespace fsi
