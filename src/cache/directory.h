// Opening the cache's directory. Code that is loaded into the process comes from it, so it is vetted on every use: what
// is opened must belong to this user and nobody else may write to it.
#pragma once

#include "cache/file_descriptor.h"

#include <filesystem>
#include <string>
#include <sys/stat.h>

namespace halyard::cache {

struct OpenedDirectory {
    FileDescriptor fd;   // invalid: `problem` says why
    std::string problem; // empty when the directory merely does not exist
};

// Never creates anything.
OpenedDirectory openDirectory(const std::filesystem::path& path);

// Creates what is missing, each part with mode 0700 as the XDG base directory specification asks.
OpenedDirectory openOrCreateDirectory(const std::filesystem::path& path);

// Owned by the effective user, and writable by nobody else.
bool isPrivate(const struct stat& status);

} // namespace halyard::cache
