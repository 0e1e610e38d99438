// How many sectors of 2048 bytes a blank medium of each kind holds. Common figures of the trade; a real disc's own
// answer is what counts.
#pragma once

#include <cstdint>

namespace rec::media_size {

inline constexpr uint32_t kCdR74 = 333'000;
inline constexpr uint32_t kCdR80 = 359'845;
inline constexpr uint32_t kDvdR = 2'298'496;
inline constexpr uint32_t kDvdRwOverwrite = 2'297'888;
inline constexpr uint32_t kDvdPlusR = 2'295'104;  ///< and DVD+RW
inline constexpr uint32_t kDvdRDl = 4'171'712;
inline constexpr uint32_t kDvdPlusRDl = 4'173'824;
inline constexpr uint32_t kDvdRam = 2'236'704;
inline constexpr uint32_t kDvdMini = 714'544;
inline constexpr uint32_t kBdR = 12'219'392;
inline constexpr uint32_t kBdRDl = 24'438'784;
inline constexpr uint32_t kBdRe = 11'826'176;  ///< with the default spare area
inline constexpr uint32_t kBdReDl = 23'652'352;
inline constexpr uint32_t kBdReXl = 47'305'728;
inline constexpr uint32_t kBdRXl = 48'878'592;      ///< three layers, 100 GB
inline constexpr uint32_t kBdRXlQuad = 62'500'864;  ///< four layers, 128 GB

}  // namespace rec::media_size
