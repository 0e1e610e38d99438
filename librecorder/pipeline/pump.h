// Source, ring and drive joined: the thread that fills, the memory between, and the writer. Nothing more than their order
// of life, and that a stop reaches all of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "librecorder/pipeline/feeder.h"
#include "librecorder/pipeline/ring.h"
#include "librecorder/pipeline/writer.h"

namespace rec {

struct Pump {
  /// Starts to fill the ring at once. `limit`, `real_time`: see Feeder. Input, drive and family outlive the pump. Throws Error when there
  /// is not so much memory.
  Pump(Input& input, size_t ring_bytes, std::optional<uint64_t> limit, Drive& drive, const MediumFamily& family, WriteJob job,
       bool real_time, const std::stop_token& stop)
      : ring(ring_bytes), writer(drive, family, ring, std::move(job)), feeder(input, ring, limit, real_time), wake(stop, [this, &input] {
          ring.cancel();
          input.cancel();
        }) {}

  Ring ring;
  Writer writer;
  Feeder feeder;
  std::stop_callback<std::function<void()>> wake;
};

}  // namespace rec
