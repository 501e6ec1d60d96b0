#include "exclusions.h"

#include "patterns.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace halyard::cts {

namespace {

std::string trimmed(const std::string& text) {
    const size_t begin = text.find_first_not_of(" \t\r");
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string> fieldsOf(const std::string& line) {
    std::vector<std::string> fields;
    size_t begin = 0;
    while (begin <= line.size()) {
        const size_t end = std::min(line.find('|', begin), line.size());
        fields.push_back(trimmed(line.substr(begin, end - begin)));
        begin = end + 1;
    }
    return fields;
}

Exclusion parse(const std::string& line) {
    const std::vector<std::string> fields = fieldsOf(line);
    Exclusion entry;
    size_t wanted = 3;
    if (fields[0] == "fails") {
        entry.kind = Exclusion::Kind::ExpectedFailure;
        wanted = 4;
    } else if (fields[0] != "unsupported") {
        throw std::runtime_error("starts with '" + fields[0] + "', not with 'unsupported' or 'fails'");
    }
    if (fields.size() != wanted)
        throw std::runtime_error("has " + std::to_string(fields.size()) + " fields; '" + fields[0] + "' has " +
                                 std::to_string(wanted) + ", separated by '|'");
    static const char* const kNames[] = {"kind", "pattern", "reason", "issue"};
    for (size_t i = 1; i < wanted; ++i) {
        if (fields[i].empty())
            throw std::runtime_error(std::string("has no ") + kNames[i]);
    }
    if (fields[1].find_first_of(" \t:") != std::string::npos)
        throw std::runtime_error("has the pattern '" + fields[1] + "'; it must be one, without spaces or ':'");
    entry.pattern = fields[1];
    entry.reason = fields[2];
    entry.issue = wanted == 4 ? fields[3] : "";
    return entry;
}

} // namespace

void parseExclusions(const std::string& name, const std::string& text, std::vector<Exclusion>& exclusions) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (trimmed(line).empty() || trimmed(line)[0] == '#')
            continue;
        const std::string place = name + ":" + std::to_string(number);
        try {
            exclusions.push_back(parse(line));
            exclusions.back().place = place;
        } catch (const std::runtime_error& fault) {
            throw std::runtime_error(place + ": this line " + fault.what());
        }
    }
}

Exclusion* findExclusion(std::vector<Exclusion>& exclusions, Exclusion::Kind kind, const std::string& test) {
    for (Exclusion& entry : exclusions) {
        if (entry.kind == kind && matches(entry.pattern, test))
            return &entry;
    }
    return nullptr;
}

} // namespace halyard::cts
