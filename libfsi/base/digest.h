// The digests of the manifest: XXH3-128 (fast, against accidents) and SHA-256 (against tampering).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fsi {

enum class DigestKind : uint8_t { none = 0, xxh3 = 1, sha256 = 2 };

/// Bytes of one digest: 0, 16 or 32.
size_t digest_size(DigestKind kind);
std::string_view digest_name(DigestKind kind);

/// A digest's bytes; only the first digest_size() are meaningful, the rest is zero.
/// XXH3-128 is kept in its canonical (big-endian) form.
using Digest = std::array<std::byte, 32>;

/// One shot, thread-safe.
Digest digest_of(DigestKind kind, std::span<const std::byte> bytes);
std::string hex(std::span<const std::byte> bytes);

}  // namespace fsi
