#include "matrix/run_cases.h"

#include <cstddef>
#include <utility>

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kBatchWeight = 96;

uint32_t weightOf(const Case& item) {
    return item.weight != 0 ? item.weight : item.result.components();
}

} // namespace

std::vector<std::vector<const Case*>> batchesOf(const Cases& cases) {
    struct Pending {
        std::vector<const Case*> cases;
        uint32_t weight = 0;
    };
    std::vector<std::vector<const Case*>> batches;
    std::map<std::pair<Flavour, uint32_t>, Pending> pending;
    for (const Case& item : cases) {
        if (item.alone) {
            batches.push_back({&item});
            continue;
        }
        Pending& all = pending[std::make_pair(item.flavour, item.workgroupSize)];
        all.cases.push_back(&item);
        all.weight += weightOf(item);
        if (all.weight >= kBatchWeight) {
            batches.push_back(std::move(all.cases));
            all = {};
        }
    }
    for (auto& [key, rest] : pending) {
        if (!rest.cases.empty()) {
            batches.push_back(std::move(rest.cases));
        }
    }
    return batches;
}

void runOn(TestDevice& device, const std::vector<const Case*>& cases, Results& results) {
    const Batch batch(cases);
    std::vector<std::vector<Value>> values;
    const Outcome outcome = batch.run(device, &values);
    if (outcome.ok()) {
        for (size_t i = 0; i < cases.size(); ++i) {
            results[cases[i]].values = std::move(values[i]);
        }
        return;
    }
    if (cases.size() == 1) {
        results[cases[0]] = {outcome, {}};
        return;
    }
    const auto middle = cases.begin() + static_cast<std::ptrdiff_t>(cases.size() / 2);
    runOn(device, {cases.begin(), middle}, results);
    runOn(device, {middle, cases.end()}, results);
}

} // namespace halyard::spirvtest
