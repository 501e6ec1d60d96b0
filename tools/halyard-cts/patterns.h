// Patterns of test names.
#pragma once

#include <string>

namespace halyard::cts {

// Whether the whole of `name` is what `pattern` describes: * stands for any characters, ? for one.
bool matches(const std::string& pattern, const std::string& name);

// GoogleTest's filter: patterns separated by ':', of which one must match; after '-' patterns of which none may.
// Nothing before the '-' stands for everything.
bool matchesFilter(const std::string& filter, const std::string& name);

} // namespace halyard::cts
