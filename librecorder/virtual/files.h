// Files and directories of the virtual drives: each step is done whole, or throws fsi::Error.
#pragma once

#include <filesystem>
#include <string>

namespace rec::virt {

/// Writes `text` to `file` by way of a temporary neighbour and a rename: the old content or the new one, never less.
void replace_file(const std::filesystem::path& file, const std::string& text);
/// The whole of a file.
std::string whole_file(const std::filesystem::path& file);
bool is_there(const std::filesystem::path& path);
/// With its parents.
void make_directory(const std::filesystem::path& directory);
/// What is not there is removed already.
void remove_tree(const std::filesystem::path& directory);
void move_to(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace rec::virt
