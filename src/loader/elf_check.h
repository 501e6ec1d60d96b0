// Looks at a file before dlopen does, for two reasons: the dynamic linker's words for a wrong file are hard to act on,
// and a truncated library makes it touch pages beyond the end of the file, which kills the process.
#pragma once

#include <filesystem>
#include <string>

namespace halyard {

// Empty when the file can be a shared library for this process; else what it is instead: "is a 32-bit library; this
// process is 64-bit".
std::string checkElf(const std::filesystem::path& path);

} // namespace halyard
