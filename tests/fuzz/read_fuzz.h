// The entry of the fuzzer for reading and checking, so that unit tests can call it too.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
