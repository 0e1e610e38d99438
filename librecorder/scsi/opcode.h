// The operation codes of SPC and MMC that an optical drive answers, under the names of the standards.
// What their command blocks look like is in reference MMC-6, chapter 6; this header knows numbers and names only.
#pragma once

#include <cstdint>
#include <string_view>

namespace rec::op {

inline constexpr uint8_t kTestUnitReady = 0x00;
inline constexpr uint8_t kRequestSense = 0x03;
inline constexpr uint8_t kFormatUnit = 0x04;
inline constexpr uint8_t kInquiry = 0x12;
inline constexpr uint8_t kModeSelect6 = 0x15;
inline constexpr uint8_t kModeSense6 = 0x1A;
inline constexpr uint8_t kStartStopUnit = 0x1B;
inline constexpr uint8_t kPreventAllowMediumRemoval = 0x1E;
inline constexpr uint8_t kReadFormatCapacities = 0x23;
inline constexpr uint8_t kReadCapacity = 0x25;
inline constexpr uint8_t kRead10 = 0x28;
inline constexpr uint8_t kWrite10 = 0x2A;
inline constexpr uint8_t kSeek10 = 0x2B;
inline constexpr uint8_t kWriteAndVerify10 = 0x2E;
inline constexpr uint8_t kVerify10 = 0x2F;
inline constexpr uint8_t kSynchronizeCache = 0x35;
inline constexpr uint8_t kReadSubChannel = 0x42;
inline constexpr uint8_t kReadTocPmaAtip = 0x43;
inline constexpr uint8_t kGetConfiguration = 0x46;
inline constexpr uint8_t kGetEventStatusNotification = 0x4A;
inline constexpr uint8_t kReadDiscInformation = 0x51;
inline constexpr uint8_t kReadTrackInformation = 0x52;
inline constexpr uint8_t kReserveTrack = 0x53;
inline constexpr uint8_t kSendOpcInformation = 0x54;
inline constexpr uint8_t kModeSelect10 = 0x55;
inline constexpr uint8_t kRepairTrack = 0x58;
inline constexpr uint8_t kModeSense10 = 0x5A;
inline constexpr uint8_t kCloseTrackSession = 0x5B;
inline constexpr uint8_t kReadBufferCapacity = 0x5C;
inline constexpr uint8_t kSendCueSheet = 0x5D;
inline constexpr uint8_t kReportLuns = 0xA0;
inline constexpr uint8_t kBlank = 0xA1;
inline constexpr uint8_t kSendKey = 0xA3;
inline constexpr uint8_t kReportKey = 0xA4;
inline constexpr uint8_t kLoadUnloadMedium = 0xA6;
inline constexpr uint8_t kRead12 = 0xA8;
inline constexpr uint8_t kWrite12 = 0xAA;
inline constexpr uint8_t kGetPerformance = 0xAC;
inline constexpr uint8_t kReadDiscStructure = 0xAD;
inline constexpr uint8_t kVerify12 = 0xAF;
inline constexpr uint8_t kSetStreaming = 0xB6;
inline constexpr uint8_t kReadCdMsf = 0xB9;
inline constexpr uint8_t kSetCdSpeed = 0xBB;
inline constexpr uint8_t kMechanismStatus = 0xBD;
inline constexpr uint8_t kReadCd = 0xBE;
inline constexpr uint8_t kSendDiscStructure = 0xBF;

/// "WRITE(10)"; "opcode" for one that is not in the list above.
std::string_view name(uint8_t opcode);

}  // namespace rec::op
