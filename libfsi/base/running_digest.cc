#include "libfsi/base/running_digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <cstring>
#include <new>

#include "libfsi/base/error.h"

namespace fsi {

namespace {

// Fetched once: looking an algorithm up takes longer than digesting a small file.
const EVP_MD* algorithm(SumKind kind) {
  static EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const EVP_MD* const wanted = kind == SumKind::md5 ? md5 : sha256;
  if (!wanted)
    throw Error(ErrorKind::failed, "", "computing " + std::string(sum_name(kind)),
                "libcrypto has no such digest here (a FIPS configuration?)");
  return wanted;
}

void check(int result, SumKind kind) {
  if (result != 1) throw Error(ErrorKind::failed, "", "computing " + std::string(sum_name(kind)), "libcrypto refused");
}

}  // namespace

size_t sum_size(SumKind kind) { return kind == SumKind::sha256 ? 32 : 16; }

std::string_view sum_name(SumKind kind) {
  switch (kind) {
    case SumKind::md5: return "md5";
    case SumKind::sha256: return "sha256";
    case SumKind::xxh128: return "xxh128";
  }
  return "?";
}

SumKind parse_sum_kind(std::string_view word, const std::string& option) {
  for (const SumKind kind : {SumKind::md5, SumKind::sha256, SumKind::xxh128})
    if (word == sum_name(kind)) return kind;
  throw Error(ErrorKind::usage, option, "reading the command line", "\"" + printable(word) + "\" is not one of xxh128, sha256, md5");
}

struct RunningDigest::State {
  explicit State(SumKind wanted) : kind(wanted) {
    if (kind == SumKind::xxh128)
      xxh = XXH3_createState();
    else
      evp = EVP_MD_CTX_new();
    if (!xxh && !evp) throw std::bad_alloc();
    begin();
  }
  State(const State&) = delete;
  ~State() {
    EVP_MD_CTX_free(evp);
    EVP_MD_CTX_free(copy);
    XXH3_freeState(xxh);
  }

  void begin() {
    if (xxh)
      XXH3_128bits_reset(xxh);
    else
      check(EVP_DigestInit_ex2(evp, algorithm(kind), nullptr), kind);
  }
  Sum xxh_value() const {
    Sum sum{};
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(xxh));
    std::memcpy(sum.data(), canonical.digest, sizeof canonical.digest);
    return sum;
  }
  Sum end(EVP_MD_CTX* context) const {
    Sum sum{};
    unsigned length = 0;
    check(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(sum.data()), &length), kind);
    return sum;
  }

  const SumKind kind;
  XXH3_state_t* xxh = nullptr;
  EVP_MD_CTX* evp = nullptr;
  EVP_MD_CTX* copy = nullptr;
};

RunningDigest::RunningDigest(SumKind kind) : state_(std::make_unique<State>(kind)) {}
RunningDigest::~RunningDigest() = default;
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;

void RunningDigest::add(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (state_->xxh)
    XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
  else
    check(EVP_DigestUpdate(state_->evp, bytes.data(), bytes.size()), state_->kind);
}

Sum RunningDigest::value() const {
  State& state = *state_;
  if (state.xxh) return state.xxh_value();
  if (!state.copy) state.copy = EVP_MD_CTX_new();
  if (!state.copy) throw std::bad_alloc();
  check(EVP_MD_CTX_copy_ex(state.copy, state.evp), state.kind);
  return state.end(state.copy);
}

Sum RunningDigest::finish() {
  State& state = *state_;
  const Sum sum = state.xxh ? state.xxh_value() : state.end(state.evp);
  state.begin();
  return sum;
}

Md5 md5_of(std::span<const std::byte> bytes) {
  RunningDigest digest(SumKind::md5);
  digest.add(bytes);
  return as_md5(digest.finish());
}

}  // namespace fsi
