// The sectors of a CD as they are on the disc: 2352 bytes with sync, header, EDC and ECC. ECMA-130 clauses 14 to 16 and annexes A
// and B (mode 0 to 2), the CD-ROM XA forms on top of mode 2. Pure functions over bytes; nothing here knows of tracks or drives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rec::cd {

inline constexpr size_t kSectorBytes = 2352;    ///< the main channel of one sector
inline constexpr size_t kSubchannelBytes = 96;  ///< P to W of one sector, without the two sync symbols
inline constexpr uint32_t kSectorsPerSecond = 75;
inline constexpr uint32_t kPregap = 150;  ///< two seconds: LBA 0 is 00:02:00

using Sector = std::array<std::byte, kSectorBytes>;
using SectorView = std::span<const std::byte, kSectorBytes>;
using SectorSpan = std::span<std::byte, kSectorBytes>;

/// What a sector holds. mode2 is formless, 2336 bytes without any check.
enum class SectorForm : uint8_t { audio, mode1, mode2, mode2_form1, mode2_form2 };

/// Bytes of user data: 2352, 2048, 2336, 2048, 2324.
size_t user_bytes(SectorForm form);
/// Where they begin in the sector: 0, 16, 16, 24, 24.
size_t user_offset(SectorForm form);

/// CD-ROM XA subheader: file number, channel, submode, coding information; recorded twice. Bit 5 of the submode tells form 2.
using Subheader = std::array<uint8_t, 4>;
inline constexpr uint8_t kSubmodeForm2 = 0x20, kSubmodeData = 0x08;

/// Builds a sector of user data. `lba` may be negative (-150 is 00:00:00); `user` has exactly user_bytes(form) bytes. The form bit of
/// the submode is set as the form wants it.
void encode_sector(SectorForm form, int32_t lba, std::span<const std::byte> user, SectorSpan out, Subheader subheader = {0, 0, 0x08, 0});

/// What can be seen of a sector that is not audio, descrambled.
struct SectorCheck {
  bool sync = false;           ///< without it the rest says nothing
  std::optional<int32_t> lba;  ///< of the header; none: it is no legal BCD time
  uint8_t mode = 0;            ///< 0 to 2
  SectorForm form = SectorForm::audio;
  bool edc = false;  ///< matches, or the form has none (formless mode 2; form 2 with EDC zero)
  bool ecc = false;  ///< P and Q match, or the form has none
  bool good() const { return sync && lba && edc && ecc; }
};
SectorCheck check_sector(SectorView sector);

/// Gives a good sector another address: header, and in mode 1 also EDC and ECC, which cover it. A sector whose checks do not match
/// keeps them as they are, for they may be meant so.
void move_sector(SectorSpan sector, int32_t lba);

/// ECMA-130 annex B: exchanges scrambled and plain. Bytes 12 to 2351; the sync stays.
void scramble(SectorSpan sector);

/// ECMA-130 14.3: the error detection code, as a number whose least significant byte is recorded first.
uint32_t edc(std::span<const std::byte> bytes);

}  // namespace rec::cd
