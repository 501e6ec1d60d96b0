// What changed from one report to another: between two dates, or two devices.
#pragma once

#include "results.h"

namespace halyard::cts {

// One test in both reports, or in one of them.
struct Difference {
    std::string test;
    const TestResult* before = nullptr; // null: only in the second report
    const TestResult* after = nullptr;  // null: only in the first
};

// Each difference is in one list, in the order of the tests' names. They point into the runs.
struct Comparison {
    std::vector<Difference> regressions;  // fails now, and did not (a new test that fails among them)
    std::vector<Difference> stillFailing; // fails in both
    std::vector<Difference> fixes;        // failed, and does not now
    std::vector<Difference> lost;         // passed, and now was skipped, ruled out, is expected to fail or is not there
    std::vector<Difference> gained;       // the reverse
    std::vector<Difference> slower;       // passed in both, and took kTimesSlower as long
    std::vector<std::string> newlyStale;  // Run::staleExclusions of the second that the first has not
    size_t same = 0;                      // of one status in both
};
constexpr double kTimesSlower = 3;
constexpr double kSecondsThatCount = 1; // shorter tests vary too much

Comparison compareRuns(const Run& before, const Run& after);

// The subcommand "compare BEFORE AFTER": prints the comparison; 0 without regressions and newly stale exclusions, 1
// with some, 2 for wrong arguments or files. argv[0] is the subcommand's name.
int compareMain(int argc, char** argv);

} // namespace halyard::cts
