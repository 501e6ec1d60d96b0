#include "run_trial.h"

#include "symbols.h"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace halyard::test {

Line Outcome::line(const std::string& what) const {
    Line out;
    const auto found = lines.find(what);
    if (found == lines.end()) {
        out.step = "no line " + what;
        return out;
    }
    std::istringstream text(found->second);
    std::string result;
    std::getline(text, out.step, '|');
    std::getline(text, result, '|');
    std::getline(text, out.nativeName, '|');
    std::getline(text, out.nativeCode, '|');
    std::getline(text, out.message);
    out.result = std::atoi(result.c_str());
    return out;
}

bool Outcome::worked(const char* round) const {
    const auto found = lines.find(round);
    return found != lines.end() && found->second.starts_with("|0|");
}

Outcome runTrial(const std::string& settings, const std::string& arguments, const std::string& before) {
    Outcome out;
    setenv("HALYARD_SOFTWARE_CUDA", settings.c_str(), 1);
    std::FILE* pipe = popen((before + CUDA_TRIAL " " + arguments).c_str(), "r");
    if (pipe == nullptr)
        return out;
    std::string text;
    char buffer[4096];
    for (size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;)
        text.append(buffer, got);
    out.status = pclose(pipe);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const size_t at = line.find('=');
        if (at != std::string::npos)
            out.lines[line.substr(0, at)] = line.substr(at + 1);
    }
    if (!out.lines.contains("end"))
        out.status = out.status == 0 ? -1 : out.status;
    return out;
}

const std::vector<SymbolRow>& symbolRows() {
    static const std::vector<SymbolRow> rows = {
#define HALYARD_ROW(presence, version, result, name, parameters)                                                       \
    {#name, std::string_view(#presence) == "REQUIRED", version},
        HALYARD_CUDA_SYMBOLS(HALYARD_ROW)
#undef HALYARD_ROW
    };
    return rows;
}

} // namespace halyard::test
