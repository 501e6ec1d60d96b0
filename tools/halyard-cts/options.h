// The command line of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halyard::cts {

enum ExitStatus { kExitPassed = 0, kExitFailed = 1, kExitUsage = 2, kExitNoDevice = 3 };

struct Options {
    std::string device = "cpu";
    std::string backendLibrary; // absolute; empty for the backends that the library finds
    std::vector<std::string> required;
    std::string profile = "core";
    std::string filter = "*";
    bool list = false;
    uint32_t repeat = 1;
    uint64_t seed = 1;
    uint32_t jobs = 1;
    std::vector<std::string> exclusionFiles;
    uint32_t timeoutSeconds = 120;
    bool failFast = false;
    std::string report;
    std::string junit;
    std::string html;
    std::string level = "T4";
    std::vector<std::string> arguments; // the whole command line
};

// Fills `options`; an exit status when there is nothing to run: 0 after --help, kExitUsage with words on stderr for
// what is wrong, a file that cannot be read or a folder of a report that is not there among it.
std::optional<int> parseOptions(int argc, char** argv, Options& options);

} // namespace halyard::cts
