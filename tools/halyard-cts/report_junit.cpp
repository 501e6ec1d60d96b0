#include "report_junit.h"

#include "text.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace halyard::cts {
namespace {

std::string attribute(std::string_view text) {
    return escapeMarkup(text, Place::Attribute);
}

std::string suiteOf(const TestResult& test) {
    return test.name.substr(0, test.name.find('.'));
}

std::string testOf(const TestResult& test) {
    const size_t dot = test.name.find('.');
    return dot == std::string::npos ? test.name : test.name.substr(dot + 1);
}

enum class Outcome { Passed, Failure, Error, Skipped };

Outcome outcomeOf(Status status) {
    switch (status) {
    case Status::Passed:
        return Outcome::Passed;
    case Status::Failed:
    case Status::UnexpectedPass:
        return Outcome::Failure;
    case Status::Crashed:
    case Status::TimedOut:
        return Outcome::Error;
    case Status::Skipped:
    case Status::Unsupported:
    case Status::ExpectedFailure:
        return Outcome::Skipped;
    }
    return Outcome::Error;
}

struct Counts {
    size_t tests = 0, failures = 0, errors = 0, skipped = 0;
    double seconds = 0;

    void add(const TestResult& test) {
        const Outcome outcome = outcomeOf(test.status);
        ++tests;
        failures += outcome == Outcome::Failure ? 1 : 0;
        errors += outcome == Outcome::Error ? 1 : 0;
        skipped += outcome == Outcome::Skipped ? 1 : 0;
        seconds += test.seconds;
    }
    std::string attributes() const {
        return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.6f}")", tests, failures,
                           errors, skipped, seconds);
    }
};

// "expected failure: no fused loads (issue 12)"
std::string wordsFor(const TestResult& test) {
    std::string words = statusName(test.status);
    if (!test.reason.empty()) {
        words += ": " + test.reason;
    }
    if (!test.issue.empty()) {
        words += fmt::format(" ({})", test.issue);
    }
    return words;
}

std::string testCase(const TestResult& test) {
    std::string xml =
        fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" time="{:.6f}")", attribute(suiteOf(test)),
                    attribute(testOf(test)), attribute(test.file), test.seconds);
    const Outcome outcome = outcomeOf(test.status);
    if (outcome == Outcome::Passed) {
        return xml + "/>\n";
    }
    const char* element = outcome == Outcome::Failure ? "failure" : outcome == Outcome::Error ? "error" : "skipped";
    xml += fmt::format(">\n      <{} message=\"{}\">{}</{}>\n", element, attribute(wordsFor(test)),
                       escapeMarkup(test.output, Place::Text), element);
    return xml + "    </testcase>\n";
}

std::string suiteElement(const std::string& name, const std::vector<const TestResult*>& tests) {
    Counts counts;
    std::string cases;
    for (const TestResult* test : tests) {
        counts.add(*test);
        cases += testCase(*test);
    }
    return fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", attribute(name), counts.attributes(), cases);
}

} // namespace

std::string toJunit(const Run& run) {
    std::vector<TestResult> stale;
    for (const std::string& words : run.staleExclusions) {
        stale.push_back({.name = fmt::format("Exclusions.Stale{}", stale.size() + 1),
                         .file = {},
                         .status = Status::Failed,
                         .seconds = 0,
                         .reason = words,
                         .issue = {},
                         .output = words});
    }
    std::vector<std::pair<std::string, std::vector<const TestResult*>>> suites;
    Counts all;
    for (const std::vector<TestResult>* tests : {&run.tests, &std::as_const(stale)}) {
        for (const TestResult& test : *tests) {
            all.add(test);
            const std::string name = suiteOf(test);
            auto suite =
                std::find_if(suites.begin(), suites.end(), [&](const auto& known) { return known.first == name; });
            if (suite == suites.end()) {
                suite = suites.insert(suites.end(), {name, {}});
            }
            suite->second.push_back(&test);
        }
    }
    std::string xml = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n",
                                  attribute("halyard-cts on " + run.subject.selector), all.attributes());
    for (const auto& [name, tests] : suites) {
        xml += suiteElement(name, tests);
    }
    return xml + "</testsuites>\n";
}

} // namespace halyard::cts
