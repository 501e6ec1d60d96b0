#include "terminal.h"

#include "output_text.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <unistd.h>

namespace halyard::cts {

Terminal::Terminal(uint32_t total) : total_(total), interactive_(isatty(STDOUT_FILENO) == 1) {}

Terminal::~Terminal() {
    clearProgress();
}

void Terminal::progress(const std::string& running, uint32_t finished, uint32_t failures) {
    if (!interactive_)
        return;
    fmt::print("\r\033[K[{}/{}] {}{}", finished, total_, failures > 0 ? fmt::format("{} failed, ", failures) : "",
               onOneLine(running, 60));
    std::fflush(stdout);
    shown_ = true;
}

void Terminal::failure(Status status, const std::string& test, const std::string& words) {
    clearProgress();
    fmt::print("{}: {}: {}\n", statusName(status), test, onOneLine(words, 600));
    std::fflush(stdout);
}

void Terminal::clearProgress() {
    if (shown_)
        fmt::print("\r\033[K");
    shown_ = false;
}

std::string summary(const Run& run, uint32_t notRun, const std::string& stoppedBy) {
    std::map<Status, uint32_t> counts;
    for (const TestResult& test : run.tests)
        ++counts[test.status];
    std::string text;
    for (const TestResult& test : run.tests) {
        if (test.status == Status::Skipped)
            text += fmt::format("{}: {}: {}\n", statusName(test.status), test.name, onOneLine(test.reason, 300));
    }
    if (notRun > 0)
        text = fmt::format("{} tests were not run or not as often as asked: stopped by {}\n", notRun, stoppedBy);
    for (const std::string& stale : run.staleExclusions)
        text += fmt::format("stale exclusion: {}\n", stale);
    text += fmt::format("{} tests in {:.1f} s:", run.tests.size(), run.seconds);
    const char* separator = " ";
    for (const auto& [status, count] : counts) {
        text += fmt::format("{}{} {}", separator, count, statusName(status));
        separator = ", ";
    }
    return text + fmt::format("\n{}: profile {} on {}{}\n", run.succeeded() ? "PASSED" : "FAILED", run.profile,
                              run.subject.selector, run.filter == "*" ? "" : ", filter " + run.filter);
}

} // namespace halyard::cts
