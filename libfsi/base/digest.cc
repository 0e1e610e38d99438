#include "libfsi/base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <cstring>

#include "libfsi/base/error.h"

namespace fsi {

size_t digest_size(DigestKind kind) {
  switch (kind) {
    case DigestKind::none: return 0;
    case DigestKind::xxh3: return 16;
    case DigestKind::sha256: return 32;
  }
  return 0;
}

std::string_view digest_name(DigestKind kind) {
  switch (kind) {
    case DigestKind::none: return "none";
    case DigestKind::xxh3: return "xxh3";
    case DigestKind::sha256: return "sha256";
  }
  return "?";
}

Digest digest_of(DigestKind kind, std::span<const std::byte> bytes) {
  Digest digest{};
  if (kind == DigestKind::xxh3) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    std::memcpy(digest.data(), canonical.digest, sizeof canonical.digest);
  } else if (kind == DigestKind::sha256) {
    static const EVP_MD* const sha256 = EVP_sha256();
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &length, sha256, nullptr) != 1)
      throw Error(ErrorKind::failed, "", "computing SHA-256", "libcrypto refused");
  }
  return digest;
}

std::string hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += kDigits[std::to_integer<unsigned>(b) >> 4];
    text += kDigits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

}  // namespace fsi
