// System Use Sharing Protocol 1.12 (IEEE P1281) and Rock Ridge Interchange Protocol 1.12 (IEEE P1282):
// the entries of a system use field. On-disc structures only.
#pragma once

#include <cstddef>

#include "libfsi/base/wire.h"
#include "libfsi/disc/iso9660.h"

namespace fsi::disc {

/// SUSP 4.1: what every entry begins with.
struct SuspHeader {
  char signature[2]{};  // 0
  U8 length;            // 2  of the whole entry
  U8 version = 1;       // 3
  constexpr SuspHeader() = default;
  constexpr SuspHeader(char a, char b, uint8_t whole) : signature{a, b}, length(whole) {}
  constexpr bool is(char a, char b) const { return signature[0] == a && signature[1] == b; }
};
static_assert(sizeof(SuspHeader) == 4 && alignof(SuspHeader) == 1);

/// SUSP 5.1: continuation area.
struct SuspCE {
  SuspHeader header{'C', 'E', 28};
  Both32 extent;  // 4
  Both32 offset;  // 12
  Both32 length;  // 20
};
static_assert(sizeof(SuspCE) == 28);

/// SUSP 5.3: the protocol is in use; in "." of the root.
struct SuspSP {
  SuspHeader header{'S', 'P', 7};
  U8 check1 = 0xBE;  // 4
  U8 check2 = 0xEF;  // 5
  U8 skipped;        // 6
};
static_assert(sizeof(SuspSP) == 7);

/// SUSP 5.4: terminator.
struct SuspST {
  SuspHeader header{'S', 'T', 4};
};

/// SUSP 5.5: extension reference without its texts (identifier, descriptor, source).
struct SuspER {
  SuspHeader header{'E', 'R', 8};
  U8 identifier_length;      // 4
  U8 descriptor_length;      // 5
  U8 source_length;          // 6
  U8 extension_version = 1;  // 7
};
static_assert(sizeof(SuspER) == 8);

/// RRIP 4.1.1: POSIX file attributes. 44 bytes with the serial number of RRIP 1.12, 36 without.
struct RripPX {
  SuspHeader header{'P', 'X', 44};
  Both32 mode;    // 4
  Both32 links;   // 12
  Both32 uid;     // 20
  Both32 gid;     // 28
  Both32 serial;  // 36
};
static_assert(sizeof(RripPX) == 44);
inline constexpr uint8_t kPxLength110 = 36;

/// RRIP 4.1.2: device number.
struct RripPN {
  SuspHeader header{'P', 'N', 20};
  Both32 high;  // 4
  Both32 low;   // 12
};
static_assert(sizeof(RripPN) == 20);

// RRIP 4.1.3.1: flags of a component record; 4.1.4: flags of a name.
inline constexpr uint8_t kComponentContinue = 1, kComponentCurrent = 2, kComponentParent = 4, kComponentRoot = 8;
inline constexpr uint8_t kNameContinue = 1, kNameCurrent = 2, kNameParent = 4;

/// RRIP 4.1.3: symbolic link; component records follow.
struct RripSL {
  SuspHeader header{'S', 'L', 5};
  U8 flags;  // 4  bit 0: continues in the next SL
};
struct RripComponent {
  U8 flags;   // 0
  U8 length;  // 1
};
/// RRIP 4.1.4: alternate name; its bytes follow.
struct RripNM {
  SuspHeader header{'N', 'M', 5};
  U8 flags;  // 4
};
static_assert(sizeof(RripSL) == 5 && sizeof(RripComponent) == 2 && sizeof(RripNM) == 5);

/// RRIP 4.1.5: CL child link, PL parent link; RE relocated directory is a bare header.
struct RripCL {
  SuspHeader header{'C', 'L', 12};
  Both32 extent;  // 4
};
struct RripPL {
  SuspHeader header{'P', 'L', 12};
  Both32 extent;  // 4
};
struct RripRE {
  SuspHeader header{'R', 'E', 4};
};
static_assert(sizeof(RripCL) == 12 && sizeof(RripRE) == 4);

/// AAIP 2.0: arbitrary attributes, as libisofs records them; component records follow, names and values in turn.
struct AaipAL {
  SuspHeader header{'A', 'L', 5};
  U8 flags;  // 4  bit 0: continues in the next AL
};
static_assert(sizeof(AaipAL) == 5);

// RRIP 4.1.6: which times a TF holds, in the order of these bits; bit 7: seventeen-byte form.
inline constexpr uint8_t kTfCreation = 0x01, kTfModify = 0x02, kTfAccess = 0x04, kTfAttributes = 0x08, kTfLongForm = 0x80;
/// RRIP 4.1.6 with the three times that POSIX has, short form.
struct RripTF {
  SuspHeader header{'T', 'F', 26};
  U8 flags = kTfModify | kTfAccess | kTfAttributes;  // 4
  ShortTime modify;                                  // 5
  ShortTime access;                                  // 12
  ShortTime attributes;                              // 19
};
static_assert(sizeof(RripTF) == 26);

/// zisofs 1: the data of this file is compressed in blocks (an extension of RRIP that Linux and libarchive know).
struct ZisofsZF {
  SuspHeader header{'Z', 'F', 16};
  char algorithm[2]{'p', 'z'};  // 4
  U8 header_words;              // 6   4 bytes each
  U8 block_log2;                // 7   15 to 17
  Both32 size;                  // 8   bytes, uncompressed
};
static_assert(sizeof(ZisofsZF) == 16);

}  // namespace fsi::disc
