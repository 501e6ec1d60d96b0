// What a run is going to do.
#pragma once

#include "options.h"
#include "results.h"
#include "suite.h"

#include <cstddef>
#include <string>
#include <vector>

namespace halyard::cts {

// Tests that one process may run, one after the other.
struct Batch {
    std::vector<size_t> tests; // in Plan::tests
    std::vector<std::string> environment;
};

struct PlannedTest {
    TestResult result;                   // complete when an exclusion rules the test out
    const Exclusion* expected = nullptr; // says that the test fails
    bool full = false;
};

struct Plan {
    std::vector<PlannedTest> tests; // the selected ones, in the order of the suite
    std::vector<Batch> batches;
};

// Selects by profile and filter and applies the exclusions, which must outlive the plan; counts what they match.
Plan makePlan(const std::vector<TestCase>& cases, const Options& options, std::vector<Exclusion>& exclusions);

} // namespace halyard::cts
