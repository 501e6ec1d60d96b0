#include "results.h"

#include <algorithm>

namespace halyard::cts {

bool isFailure(Status status) {
    switch (status) {
    case Status::Failed:
    case Status::Crashed:
    case Status::TimedOut:
    case Status::UnexpectedPass:
        return true;
    case Status::Passed:
    case Status::Skipped:
    case Status::Unsupported:
    case Status::ExpectedFailure:
        return false;
    }
    return true; // a number that is no status is nothing to trust
}

bool Run::succeeded() const {
    return !tests.empty() && stoppedBy.empty() && staleExclusions.empty() &&
           std::none_of(tests.begin(), tests.end(), [](const TestResult& test) { return isFailure(test.status); });
}

const char* statusName(Status status) {
    switch (status) {
    case Status::Passed:
        return "passed";
    case Status::Failed:
        return "failed";
    case Status::Crashed:
        return "crashed";
    case Status::TimedOut:
        return "timed out";
    case Status::Skipped:
        return "skipped";
    case Status::Unsupported:
        return "unsupported";
    case Status::ExpectedFailure:
        return "expected failure";
    case Status::UnexpectedPass:
        return "unexpected pass";
    }
    return "unknown";
}

} // namespace halyard::cts
