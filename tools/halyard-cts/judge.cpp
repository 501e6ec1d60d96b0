#include "judge.h"

#include "output_text.h"
#include "patterns.h"

#include <algorithm>

namespace halyard::cts {

namespace {

bool isMishap(Status status) {
    return status == Status::Failed || status == Status::Crashed || status == Status::TimedOut;
}

} // namespace

Judge::Judge(Plan& plan, uint32_t repetitions)
    : plan_(plan), repetitions_(repetitions), rounds_(plan.tests.size()), interrupted_(plan.tests.size()) {}

bool Judge::record(size_t test, uint32_t round, const Outcome& outcome) {
    TestResult& result = plan_.tests[test].result;
    result.seconds += outcome.seconds;
    const bool firstFailure = isMishap(outcome.status) && !isMishap(result.status);
    if (firstFailure || (outcome.status == Status::Skipped && result.status == Status::Passed)) {
        result.status = outcome.status;
        result.reason = outcome.reason;
        result.output = outcome.output;
        if (repetitions_ > 1)
            result.output = beginningOf("repetition " + std::to_string(round + 1) + " of " +
                                        std::to_string(repetitions_) + ": " + outcome.output);
    }
    const bool bad = ++rounds_[test] == repetitions_ ? conclude(test) : false;
    return bad || (firstFailure && plan_.tests[test].expected == nullptr);
}

bool Judge::conclude(size_t test) {
    ++finished_;
    PlannedTest& planned = plan_.tests[test];
    if (planned.expected == nullptr || planned.result.status == Status::Skipped)
        return isMishap(planned.result.status);
    planned.result.status = isMishap(planned.result.status) ? Status::ExpectedFailure : Status::UnexpectedPass;
    planned.result.reason = planned.expected->reason;
    planned.result.issue = planned.expected->issue;
    return planned.result.status == Status::UnexpectedPass;
}

void Judge::interrupt(size_t test, const std::string& signal) {
    TestResult& result = plan_.tests[test].result;
    interrupted_[test] = true;
    if (!isMishap(result.status)) {
        result.status = Status::Failed;
        result.reason.clear();
        result.output = "interrupted by " + signal;
    }
}

void Judge::close(const std::string& whyNotRun) {
    for (size_t test = 0; test < plan_.tests.size(); ++test) {
        PlannedTest& planned = plan_.tests[test];
        if (planned.result.status == Status::Unsupported || rounds_[test] == repetitions_ || interrupted_[test])
            continue;
        if (isMishap(planned.result.status)) {
            conclude(test);
            continue;
        }
        ++notRun_;
        planned.result.status = Status::Skipped;
        planned.result.reason = whyNotRun;
    }
}

std::vector<std::string> staleExclusions(const Plan& plan, const std::vector<TestCase>& cases,
                                         const std::vector<Exclusion>& exclusions) {
    std::vector<std::string> stale;
    for (const Exclusion& entry : exclusions) {
        const bool known = std::any_of(cases.begin(), cases.end(),
                                       [&](const TestCase& test) { return matches(entry.pattern, test.name); });
        if (!known) {
            stale.push_back(entry.place + ": no test of the suite matches " + entry.pattern);
            continue;
        }
        const bool failed = std::any_of(plan.tests.begin(), plan.tests.end(), [&](const PlannedTest& test) {
            return test.expected == &entry && test.result.status == Status::ExpectedFailure;
        });
        if (entry.kind == Exclusion::Kind::ExpectedFailure && entry.matched > 0 && !failed)
            stale.push_back(entry.place + ": no test that matches " + entry.pattern + " fails any more (" +
                            entry.issue + ")");
    }
    return stale;
}

} // namespace halyard::cts
