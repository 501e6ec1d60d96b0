#include "suite.h"

#include "patterns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace halyard::cts {

namespace {

std::vector<std::string> fullPatterns(const EmbeddedFile& profiles) {
    std::vector<std::string> patterns;
    std::istringstream lines(profiles.text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::istringstream words(line);
        std::string profile;
        std::string pattern;
        std::string why;
        if (!(words >> profile) || profile[0] == '#')
            continue;
        if (profile != "full" || !(words >> pattern >> why))
            throw std::runtime_error(profiles.name + ":" + std::to_string(number) +
                                     ": not 'full <pattern> <why>': " + line);
        patterns.push_back(pattern);
    }
    return patterns;
}

bool startsWith(const char* name, const char* prefix) {
    return std::string(name).rfind(prefix, 0) == 0;
}

} // namespace

std::vector<TestCase> testCases(const Suite& suite) {
    const std::vector<std::string> patterns = fullPatterns(suite.profiles);
    std::vector<TestCase> cases;
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
        const testing::TestSuite& tests = *all.GetTestSuite(i);
        for (int j = 0; j < tests.total_test_count(); ++j) {
            const testing::TestInfo& info = *tests.GetTestInfo(j);
            if (startsWith(info.name(), "DISABLED_") || startsWith(tests.name(), "DISABLED_"))
                continue;
            TestCase made;
            made.name = std::string(tests.name()) + "." + info.name();
            made.file = info.file();
            made.file.erase(0, made.file.rfind('/') + 1);
            made.full = std::any_of(patterns.begin(), patterns.end(),
                                    [&](const std::string& pattern) { return matches(pattern, made.name); });
            for (const auto& [file, setting] : suite.environment) {
                if (file == made.file)
                    made.environment.push_back(setting);
            }
            cases.push_back(std::move(made));
        }
    }
    return cases;
}

} // namespace halyard::cts
