// What the outcomes of a test's repetitions and its exclusions make of it.
#pragma once

#include "plan.h"

#include <cstdint>
#include <string>
#include <vector>

namespace halyard::cts {

// What happened to one test once.
struct Outcome {
    Status status = Status::Passed; // Passed, Failed, Crashed, TimedOut or Skipped
    double seconds = 0;
    std::string reason; // Skipped
    std::string output;
};

class Judge {
public:
    Judge(Plan& plan, uint32_t repetitions);

    // Takes the outcome of repetition `round`, from 0; true when the test now counts against the run.
    bool record(size_t test, uint32_t round, const Outcome& outcome);
    // A signal stopped the test or kept it from running: a failure, whatever is expected of it.
    void interrupt(size_t test, const std::string& signal);
    // Nothing more comes: tests that did not run as often as they should and did not fail are skipped, with these
    // words.
    void close(const std::string& whyNotRun);
    // Tests of which close() said that they did not run.
    uint32_t notRun() const { return notRun_; }
    // Tests whose last repetition is recorded.
    uint32_t finished() const { return finished_; }

private:
    bool conclude(size_t test);

    Plan& plan_;
    uint32_t repetitions_;
    std::vector<uint32_t> rounds_;
    std::vector<bool> interrupted_;
    uint32_t finished_ = 0;
    uint32_t notRun_ = 0;
};

// One sentence for each exclusion that is out of date: an expected failure among the tests of `plan` of which none
// failed, and an entry that matches no test of the suite.
std::vector<std::string> staleExclusions(const Plan& plan, const std::vector<TestCase>& cases,
                                         const std::vector<Exclusion>& exclusions);

} // namespace halyard::cts
