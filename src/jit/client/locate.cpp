#include "jit/client/locate.h"

#include "base/paths.h"

#include <unistd.h>

namespace halyard::jit {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> beside(std::initializer_list<const char*> places) {
    std::vector<fs::path> out;
    const fs::path directory = libraryDirectory();
    if (directory.empty())
        return out;
    for (const char* place : places)
        out.push_back((directory / place).lexically_normal());
    return out;
}

} // namespace

// The second level up is for libraries in lib/<architecture>/, as Debian installs them.
std::vector<fs::path> workerCandidates() {
    return beside({"halyard-jit", "../libexec/halyard/halyard-jit", "../bin/halyard-jit", "../lib/halyard-jit",
                   "../../libexec/halyard/halyard-jit", "../../bin/halyard-jit"});
}

std::vector<fs::path> libraryCandidates() {
    return beside({"libhalyard_jit.so", "../lib/libhalyard_jit.so"});
}

fs::path firstExisting(const std::vector<fs::path>& candidates) {
    for (const fs::path& path : candidates) {
        if (access(path.c_str(), F_OK) == 0)
            return path;
    }
    return {};
}

std::string joinPaths(const std::vector<fs::path>& paths) {
    std::string out;
    for (const fs::path& path : paths)
        out.append(out.empty() ? "" : ", ").append(path.native());
    return out;
}

} // namespace halyard::jit
