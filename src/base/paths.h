// Where things lie: the directory of libhalyard.so and the user's directories.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace halyard {

// The directory that holds the library that contains this code (dladdr), symlinks kept; empty when it cannot be
// learned.
std::filesystem::path libraryDirectory();

// $XDG_CACHE_HOME or $HOME/.cache; empty in elevated processes and when neither is set.
std::filesystem::path userCacheDirectory();

// $XDG_CONFIG_HOME (or $HOME/.config), then $XDG_CONFIG_DIRS (or /etc/xdg), $XDG_DATA_HOME (or $HOME/.local/share),
// then $XDG_DATA_DIRS (or /usr/local/share and /usr/share). Relative entries are dropped, as the XDG base directory
// specification says.
std::vector<std::filesystem::path> xdgSearchDirectories();

} // namespace halyard
