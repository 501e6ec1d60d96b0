#include "patterns.h"

#include <algorithm>

namespace halyard::cts {

bool matches(const std::string& pattern, const std::string& name) {
    size_t p = 0;
    size_t n = 0;
    size_t star = std::string::npos;
    size_t resume = 0; // where in the name the last star's rest is tried next
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

namespace {

bool matchesAny(const std::string& patterns, const std::string& name) {
    size_t begin = 0;
    while (begin <= patterns.size()) {
        const size_t end = std::min(patterns.find(':', begin), patterns.size());
        if (end > begin && matches(patterns.substr(begin, end - begin), name))
            return true;
        begin = end + 1;
    }
    return false;
}

} // namespace

bool matchesFilter(const std::string& filter, const std::string& name) {
    const size_t dash = filter.find('-');
    const std::string wanted = filter.substr(0, dash);
    if (!wanted.empty() && !matchesAny(wanted, name))
        return false;
    return dash == std::string::npos || !matchesAny(filter.substr(dash + 1), name);
}

} // namespace halyard::cts
