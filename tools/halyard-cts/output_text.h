// Text from processes that may print anything.
#pragma once

#include <cstddef>
#include <string>

namespace halyard::cts {

constexpr size_t kMaxOutput = 16 * 1024; // of one test, as results.h promises

// The same with every byte that is no part of valid UTF-8 and every control character but tab and newline replaced by
// '?'.
std::string printable(const std::string& text);
// At most `bytes` of it: the beginning, or the end, with a note of what was left out.
std::string beginningOf(const std::string& text, size_t bytes = kMaxOutput);
std::string endOf(const std::string& text, size_t bytes = kMaxOutput);
// On one line, at most `bytes` of it.
std::string onOneLine(const std::string& text, size_t bytes);

} // namespace halyard::cts
