#include "matrix/exclusions.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace halyard::spirvtest {

namespace {

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

bool matches(const std::string& pattern, const std::string& name) {
    size_t p = 0, n = 0, star = std::string::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

Exclusions::Exclusions(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error(path + ": cannot be read");
    }
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (trimmed(line).empty() || trimmed(line)[0] == '#') {
            continue;
        }
        std::istringstream stream(line);
        Exclusion entry;
        std::string verdict;
        std::getline(stream, entry.device, '|');
        std::getline(stream, entry.pattern, '|');
        std::getline(stream, verdict, '|');
        std::getline(stream, entry.reason);
        entry.device = trimmed(entry.device);
        entry.pattern = trimmed(entry.pattern);
        entry.reason = trimmed(entry.reason);
        entry.line = number;
        verdict = trimmed(verdict);
        if ((verdict != "refused" && verdict != "wrong") || entry.reason.empty()) {
            throw std::runtime_error(path + ":" + std::to_string(number) +
                                     ": not '<device> | <pattern> | refused or wrong | <reason>'");
        }
        entry.verdict = verdict == "refused" ? Verdict::Refused : Verdict::Wrong;
        entries_.push_back(entry);
    }
}

bool Exclusions::expects(const std::string& device, const std::string& name, Verdict verdict) {
    bool named = false, expected = false;
    for (Exclusion& entry : entries_) {
        if (entry.device != device || !matches(entry.pattern, name)) {
            continue;
        }
        named = true;
        if (entry.verdict == verdict) {
            entry.used = expected = true;
        } else {
            entry.stale = true;
        }
    }
    return named ? expected : verdict == Verdict::Right;
}

std::vector<std::string> Exclusions::stale() const {
    std::vector<std::string> all;
    for (const Exclusion& entry : entries_) {
        if (!entry.used || entry.stale) {
            all.push_back("line " + std::to_string(entry.line) + ": " + entry.device + " | " + entry.pattern +
                          (entry.used ? ": names cases that do not fail so" : ": no case fails so"));
        }
    }
    return all;
}

} // namespace halyard::spirvtest
