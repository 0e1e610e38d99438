// The words of an option's text: NAME,word,key=value. Knows no option.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fsi {

/// Split at commas; "\," is a comma and "\\" a backslash inside of a word. At least one word, perhaps empty.
inline std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\\'))
      words.back() += text[++i];
    else if (text[i] == ',')
      words.emplace_back();
    else
      words.back() += text[i];
  }
  return words;
}

}  // namespace fsi
