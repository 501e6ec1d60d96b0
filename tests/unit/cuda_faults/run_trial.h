// Runs cuda_trial over the software driver with the settings that a test wants.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace halyard::test {

struct Line {
    std::string step;
    int result = 0;
    std::string nativeName;
    std::string nativeCode;
    std::string message;
};

struct Outcome {
    int status = -1;                          // 0 when the process ended by itself and in good order
    std::map<std::string, std::string> lines; // all that was written
    Line line(const std::string& what) const;
    bool worked(const char* round) const; // the whole small program ran and read the right value
};

// `before`: words of the shell in front of the program.
Outcome runTrial(const std::string& settings, const std::string& arguments, const std::string& before = {});

struct SymbolRow {
    const char* name;
    bool isRequired;
    int version;
};

// The backend's table of the driver's functions.
const std::vector<SymbolRow>& symbolRows();

} // namespace halyard::test
