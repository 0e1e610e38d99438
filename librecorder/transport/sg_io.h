// A drive behind the Linux kernel: /dev/srN or /dev/sgN, spoken to with the SG_IO ioctl, version 3 of its interface.
// It knows no command; it never needs one that the kernel refuses to users without privileges.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "libfsi/base/file.h"
#include "librecorder/transport/transport.h"

namespace rec {

class SgIo : public Transport {
 public:
  enum class Access : uint8_t {
    shared,
    exclusive,  ///< O_EXCL: refused while mounted, or while another program holds the drive this way
  };

  /// Opens for reading and writing, without waiting for a medium. Throws fsi::Error (unsuitable) with what to do.
  explicit SgIo(std::string path, Access access = Access::shared);

  Answer execute(const Command& command) override;
  /// What the queue of the device takes, at most 64 KiB: more gains nothing and upsets USB bridges.
  TransferLimits limits() const override { return limits_; }
  std::string name() const override { return path_; }

 private:
  std::string path_;
  fsi::Fd fd_;
  TransferLimits limits_;
};

/// What the kernel tells after an SG_IO, without the buffers.
struct SgResult {
  uint8_t status = 0;          ///< SAM status
  uint16_t host_status = 0;    ///< DID_…
  uint16_t driver_status = 0;  ///< DRIVER_…
  int32_t residual = 0;
  std::span<const std::byte> sense{};  ///< as many bytes as were written
};

/// Pure: the answer for a command whose buffer had `bytes` bytes.
Answer answer_of(const SgResult& result, uint32_t bytes);

}  // namespace rec
