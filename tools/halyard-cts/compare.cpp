#include "compare.h"

#include "report_json.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <map>

namespace halyard::cts {
namespace {

bool fails(const TestResult* test) {
    return test != nullptr && isFailure(test->status);
}

bool passes(const TestResult* test) {
    return test != nullptr && test->status == Status::Passed;
}

std::string wordsOf(const TestResult* test) {
    return test == nullptr ? "not there" : statusName(test->status);
}

std::string nameOf(const Run& run) {
    return fmt::format("{} ({}), {}, driver {} {}, profile {}, filter {}, level {}, {}, Halyard {}",
                       run.subject.selector, run.subject.deviceName, run.machine.system, run.subject.driverName,
                       run.subject.driverVersion, run.profile, run.filter, run.level, run.started, run.runtimeVersion);
}

void print(const char* title, const std::vector<Difference>& differences) {
    if (differences.empty()) {
        return;
    }
    fmt::print("\n{} ({})\n", title, differences.size());
    for (const Difference& difference : differences) {
        fmt::print("  {}: {} -> {}", difference.test, wordsOf(difference.before), wordsOf(difference.after));
        if (difference.after != nullptr && !difference.after->reason.empty()) {
            fmt::print(" ({})", difference.after->reason);
        }
        if (passes(difference.before) && passes(difference.after)) {
            fmt::print(", {:.1f} s -> {:.1f} s", difference.before->seconds, difference.after->seconds);
        }
        fmt::print("\n");
    }
}

void print(const Run& before, const Run& after, const Comparison& comparison) {
    fmt::print("before: {}\nafter:  {}\n", nameOf(before), nameOf(after));
    if (before.suiteDigest != after.suiteDigest) {
        fmt::print("The suites differ: {} and {}. A test of one name may ask something else.\n", before.suiteDigest,
                   after.suiteDigest);
    }
    if (before.profile != after.profile || before.filter != after.filter) {
        fmt::print("The selections differ, so tests that are not there say nothing.\n");
    }
    print("Regressions", comparison.regressions);
    print("Fail in both", comparison.stillFailing);
    print("Fixed", comparison.fixes);
    print("No longer shown", comparison.lost);
    print("Shown now", comparison.gained);
    if (!comparison.newlyStale.empty()) {
        fmt::print("\nExclusions out of date ({})\n", comparison.newlyStale.size());
        for (const std::string& sentence : comparison.newlyStale) {
            fmt::print("  {}\n", sentence);
        }
    }
    print("Slower (for information)", comparison.slower);
    fmt::print("\n{} the same, {} regressions, {} fixed, {} no longer shown, {} shown now\n", comparison.same,
               comparison.regressions.size(), comparison.fixes.size(), comparison.lost.size(),
               comparison.gained.size());
}

} // namespace

Comparison compareRuns(const Run& before, const Run& after) {
    std::map<std::string, Difference> tests;
    for (const TestResult& test : before.tests) {
        tests[test.name].before = &test;
    }
    for (const TestResult& test : after.tests) {
        tests[test.name].after = &test;
    }
    Comparison comparison;
    for (auto& [name, difference] : tests) {
        difference.test = name;
        const TestResult* was = difference.before;
        const TestResult* is = difference.after;
        if (fails(is)) {
            (fails(was) ? comparison.stillFailing : comparison.regressions).push_back(difference);
        } else if (fails(was)) {
            // A failure that is only no longer looked for is not mended.
            (passes(is) ? comparison.fixes : comparison.lost).push_back(difference);
        } else if (passes(was) != passes(is)) {
            (passes(was) ? comparison.lost : comparison.gained).push_back(difference);
        } else {
            ++comparison.same;
            if (passes(was) && is->seconds >= kSecondsThatCount && is->seconds >= kTimesSlower * was->seconds) {
                comparison.slower.push_back(difference);
            }
        }
    }
    for (const std::string& sentence : after.staleExclusions) {
        if (std::find(before.staleExclusions.begin(), before.staleExclusions.end(), sentence) ==
            before.staleExclusions.end()) {
            comparison.newlyStale.push_back(sentence);
        }
    }
    return comparison;
}

int compareMain(int argc, char** argv) {
    CLI::App app(
        "Compares two reports of halyard-cts: exit status 1 when the second has failures that the first has not.",
        "halyard-cts compare");
    std::string before, after;
    app.add_option("before", before, "the report (--report) to compare with")->required();
    app.add_option("after", after, "the report to judge")->required();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        const Run first = readReport(before);
        const Run second = readReport(after);
        const Comparison comparison = compareRuns(first, second);
        print(first, second, comparison);
        return comparison.regressions.empty() && comparison.newlyStale.empty() ? 0 : 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "halyard-cts compare: {}\n", error.what());
        return 2;
    }
}

} // namespace halyard::cts
