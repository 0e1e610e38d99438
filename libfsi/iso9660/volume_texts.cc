#include "libfsi/iso9660/volume_texts.h"

#include "libfsi/base/error.h"

namespace fsi {

std::string volume_text_problem(std::string_view text, size_t longest) {
  for (const char c : text)
    if (c < 0x20 || c > 0x7E) return "ISO 9660 holds printable ASCII characters only there; use A-Z, 0-9 and _";
  if (text.size() > longest)
    return "it has " + std::to_string(text.size()) + " characters, ISO 9660 holds " + std::to_string(longest) + " there; use a shorter one";
  return {};
}

void check_volume_texts(const Volume& volume) {
  const struct {
    const char* what;
    const std::string& text;
    size_t longest;
  } texts[] = {{"volume id", volume.volume_id, 32},  {"system id", volume.system_id, 32}, {"volume set id", volume.volume_set_id, 128},
               {"publisher", volume.publisher, 128}, {"preparer", volume.preparer, 128},  {"application", volume.application, 128}};
  for (const auto& [what, text, longest] : texts)
    if (std::string problem = volume_text_problem(text, longest); !problem.empty())
      throw Error(ErrorKind::usage, std::string(what) + " \"" + printable(text) + "\"", "recording it", std::move(problem));
}

}  // namespace fsi
