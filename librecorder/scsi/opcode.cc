#include "librecorder/scsi/opcode.h"

namespace rec::op {

std::string_view name(uint8_t opcode) {
  switch (opcode) {
    case kTestUnitReady: return "TEST UNIT READY";
    case kRequestSense: return "REQUEST SENSE";
    case kFormatUnit: return "FORMAT UNIT";
    case kInquiry: return "INQUIRY";
    case kModeSelect6: return "MODE SELECT(6)";
    case kModeSense6: return "MODE SENSE(6)";
    case kStartStopUnit: return "START STOP UNIT";
    case kPreventAllowMediumRemoval: return "PREVENT ALLOW MEDIUM REMOVAL";
    case kReadFormatCapacities: return "READ FORMAT CAPACITIES";
    case kReadCapacity: return "READ CAPACITY";
    case kRead10: return "READ(10)";
    case kWrite10: return "WRITE(10)";
    case kSeek10: return "SEEK(10)";
    case kWriteAndVerify10: return "WRITE AND VERIFY(10)";
    case kVerify10: return "VERIFY(10)";
    case kSynchronizeCache: return "SYNCHRONIZE CACHE";
    case kReadSubChannel: return "READ SUB-CHANNEL";
    case kReadTocPmaAtip: return "READ TOC/PMA/ATIP";
    case kGetConfiguration: return "GET CONFIGURATION";
    case kGetEventStatusNotification: return "GET EVENT STATUS NOTIFICATION";
    case kReadDiscInformation: return "READ DISC INFORMATION";
    case kReadTrackInformation: return "READ TRACK INFORMATION";
    case kReserveTrack: return "RESERVE TRACK";
    case kSendOpcInformation: return "SEND OPC INFORMATION";
    case kModeSelect10: return "MODE SELECT(10)";
    case kRepairTrack: return "REPAIR TRACK";
    case kModeSense10: return "MODE SENSE(10)";
    case kCloseTrackSession: return "CLOSE TRACK/SESSION";
    case kReadBufferCapacity: return "READ BUFFER CAPACITY";
    case kSendCueSheet: return "SEND CUE SHEET";
    case kReportLuns: return "REPORT LUNS";
    case kBlank: return "BLANK";
    case kSendKey: return "SEND KEY";
    case kReportKey: return "REPORT KEY";
    case kLoadUnloadMedium: return "LOAD/UNLOAD MEDIUM";
    case kRead12: return "READ(12)";
    case kWrite12: return "WRITE(12)";
    case kGetPerformance: return "GET PERFORMANCE";
    case kReadDiscStructure: return "READ DISC STRUCTURE";
    case kVerify12: return "VERIFY(12)";
    case kSetStreaming: return "SET STREAMING";
    case kReadCdMsf: return "READ CD MSF";
    case kSetCdSpeed: return "SET CD SPEED";
    case kMechanismStatus: return "MECHANISM STATUS";
    case kReadCd: return "READ CD";
    case kSendDiscStructure: return "SEND DISC STRUCTURE";
    default: return "opcode";
  }
}

}  // namespace rec::op
