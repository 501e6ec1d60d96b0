// Where the compiler lies, relative to the library that contains this code. The current directory and PATH are never
// searched.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace halyard::jit {

// The places where an installed or a built worker may be, best first.
std::vector<std::filesystem::path> workerCandidates();
// The same for libhalyard_jit.so.
std::vector<std::filesystem::path> libraryCandidates();

// The first that exists; empty when none does.
std::filesystem::path firstExisting(const std::vector<std::filesystem::path>& candidates);

// "a, b, c" for a message.
std::string joinPaths(const std::vector<std::filesystem::path>& paths);

} // namespace halyard::jit
