// udfread_walk IMAGE: lists what libudfread (the reader of VLC, Kodi and libbluray) sees, each with a NUL at its end:
//   v VOLUME          d PATH            f SIZE SHA-256-OF-WHAT-WAS-READ PATH
// Exits 1 as soon as anything cannot be opened or read. It knows nothing of libfsi.
#include <openssl/evp.h>
#include <udfread/udfread.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what, const std::string& where) {
  std::fprintf(stderr, "udfread_walk: %s: %s\n", what, where.c_str());
  std::exit(1);
}

// Opened from its directory: in a path, libudfread takes a backslash for a separator.
void list_file(UDFDIR* directory, const char* name, const std::string& path) {
  UDFFILE* file = udfread_file_openat(directory, name);
  if (!file) fail("cannot open the file", path);
  const int64_t size = udfread_file_size(file);
  std::vector<unsigned char> buffer(1 << 20);
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), nullptr) != 1) fail("cannot digest", path);
  int64_t total = 0;
  for (;;) {
    const ssize_t n = udfread_file_read(file, buffer.data(), buffer.size());
    if (n < 0) fail("cannot read the file", path);
    if (n == 0) break;
    EVP_DigestUpdate(digest, buffer.data(), static_cast<size_t>(n));
    total += n;
  }
  if (total != size) fail("the file ends early", path);
  unsigned char sha256[32];
  EVP_DigestFinal_ex(digest, sha256, nullptr);
  EVP_MD_CTX_free(digest);
  std::printf("f %lld ", static_cast<long long>(size));
  for (const unsigned char byte : sha256) std::printf("%02x", byte);
  std::printf(" %s%c", path.c_str(), 0);
  udfread_file_close(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) fail("usage", "udfread_walk IMAGE");
  udfread* udf = udfread_init();
  if (!udf || udfread_open(udf, argv[1]) < 0) fail("cannot open the image", argv[1]);
  std::printf("v %s%c", udfread_get_volume_id(udf), 0);
  struct Open {
    UDFDIR* directory;
    std::string path;
  };
  std::vector<Open> open{{udfread_opendir(udf, "/"), ""}};
  if (!open.back().directory) fail("cannot open the directory", "/");
  while (!open.empty()) {
    udfread_dirent entry{};
    if (!udfread_readdir(open.back().directory, &entry)) {
      udfread_closedir(open.back().directory);
      open.pop_back();
      continue;
    }
    const std::string name = entry.d_name;
    if (name == "." || name == "..") continue;
    std::string path = open.back().path + "/" + name;
    if (entry.d_type != UDF_DT_DIR) {
      list_file(open.back().directory, name.c_str(), path);
      continue;
    }
    std::printf("d %s%c", path.c_str(), 0);
    UDFDIR* child = udfread_opendir_at(open.back().directory, name.c_str());
    if (!child) fail("cannot open the directory", path);
    open.push_back({child, std::move(path)});
  }
  udfread_close(udf);
}
