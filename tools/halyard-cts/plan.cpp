#include "plan.h"

#include "exclusions.h"
#include "patterns.h"

namespace halyard::cts {

namespace {

// Few enough that several jobs have work to the end, enough that starting processes costs nothing.
constexpr size_t kBatchSize = 64;

} // namespace

Plan makePlan(const std::vector<TestCase>& cases, const Options& options, std::vector<Exclusion>& exclusions) {
    Plan plan;
    std::string batchFile;
    for (const TestCase& test : cases) {
        if ((test.full && options.profile == "core") || !matchesFilter(options.filter, test.name))
            continue;
        PlannedTest planned;
        planned.result.name = test.name;
        planned.result.file = test.file;
        planned.full = test.full;
        if (Exclusion* ruledOut = findExclusion(exclusions, Exclusion::Kind::Unsupported, test.name)) {
            ++ruledOut->matched;
            planned.result.status = Status::Unsupported;
            planned.result.reason = ruledOut->reason;
            plan.tests.push_back(std::move(planned));
            continue;
        }
        if (Exclusion* expected = findExclusion(exclusions, Exclusion::Kind::ExpectedFailure, test.name)) {
            ++expected->matched;
            planned.expected = expected;
        }
        if (plan.batches.empty() || batchFile != test.file || plan.batches.back().tests.size() == kBatchSize)
            plan.batches.push_back({{}, test.environment});
        batchFile = test.file;
        plan.batches.back().tests.push_back(plan.tests.size());
        plan.tests.push_back(std::move(planned));
    }
    return plan;
}

} // namespace halyard::cts
