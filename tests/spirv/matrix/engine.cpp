#include "matrix/engine.h"

#include "matrix/generate.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kBatchWeight = 96;
constexpr size_t kShownRows = 2;

std::string text(const Value& value) {
    std::string all;
    for (uint64_t bits : value) {
        char buffer[24];
        std::snprintf(buffer, sizeof buffer, "%s%llx", all.empty() ? "" : ",", static_cast<unsigned long long>(bits));
        all += buffer;
    }
    return all;
}

std::string text(const Row& row) {
    std::string all;
    for (const Value& value : row) {
        all += (all.empty() ? "(" : ") (") + text(value);
    }
    return all.empty() ? "no operands" : all + ")";
}

bool agree(const Case& item, const Row& row, uint64_t got, uint64_t want, size_t component, double ulps) {
    const Scalar scalar = item.result.scalar;
    if (item.comparison.eitherZero && isZero(scalar, got) && isZero(scalar, want)) {
        return true;
    }
    switch (item.comparison.kind) {
    case Comparison::Kind::Exact:
        return got == want;
    case Comparison::Kind::NanEquivalent:
        return got == want || (isFloat(scalar) && isNan(scalar, got) && isNan(scalar, want));
    case Comparison::Kind::Ulp:
        // The last half is the rounding of the expected value.
        return ulpDistance(scalar, got, want) <= ulps + 0.5;
    case Comparison::Kind::Accept:
        return item.comparison.accept(row, got, component);
    }
    return false;
}

// The differences in words, empty when all results agree.
std::string differences(const Case& item, const std::vector<Row>& rows, const std::vector<Value>& got,
                        const std::function<Value(size_t)>& wanted, double ulps, const std::string& source) {
    std::string all;
    size_t wrong = 0;
    for (size_t n = 0; n < got.size(); ++n) {
        const Value want = wanted(n);
        bool right = true;
        for (size_t c = 0; right && c < want.size(); ++c) {
            right = agree(item, rows[n], got[n][c], want[c], c, ulps);
        }
        if (!right && wrong++ < kShownRows) {
            all += "\n    invocation " + std::to_string(n) + ": " + text(rows[n]) + " gave " + text(got[n]) + ", " +
                   source + " " + text(want);
        }
    }
    return wrong == 0 ? "" : std::to_string(wrong) + " of " + std::to_string(got.size()) + " wrong" + all;
}

uint32_t weightOf(const Case& item) {
    return item.weight != 0 ? item.weight : item.result.components();
}

} // namespace

Engine::Engine() {
    std::vector<std::string> selectors = {"cpu"};
#ifdef HALYARD_MATRIX_REFERENCE
    selectors.insert(selectors.begin(), "reference");
#endif
    for (const std::string& selector : selectors) {
        std::string why;
        devices_.push_back(TestDevice::open(selector, &why));
        if (devices_.back() == nullptr) {
            std::fprintf(stderr, "device %s: %s\n", selector.c_str(), why.c_str());
            std::exit(1);
        }
    }
}

std::vector<std::string> Engine::devices() const {
    std::vector<std::string> all;
    for (const auto& device : devices_) {
        all.push_back(device->selector());
    }
    return all;
}

void Engine::runOn(TestDevice& device, const std::vector<const Case*>& cases, std::map<const Case*, Outputs>& outputs) {
    const Batch batch(cases);
    std::vector<std::vector<Value>> results;
    const Outcome outcome = batch.run(device, &results);
    if (outcome.ok()) {
        for (size_t i = 0; i < cases.size(); ++i) {
            outputs[cases[i]].values = std::move(results[i]);
        }
        return;
    }
    if (cases.size() == 1) {
        outputs[cases[0]] = {true, outcome.text(), {}};
        return;
    }
    const auto middle = cases.begin() + static_cast<std::ptrdiff_t>(cases.size() / 2);
    runOn(device, {cases.begin(), middle}, outputs);
    runOn(device, {middle, cases.end()}, outputs);
}

void Engine::runBatch(const std::vector<const Case*>& cases, std::vector<Report>& reports) {
    std::vector<std::map<const Case*, Outputs>> outputs(devices_.size());
    for (size_t d = 0; d < devices_.size(); ++d) {
        runOn(*devices_[d], cases, outputs[d]);
    }
    for (const Case* item : cases) {
        const std::vector<Row> rows = rowsOf(*item, invocationsOf(item->workgroupSize));
        Report report{item, {}};
        for (size_t d = 0; d < devices_.size(); ++d) {
            const Outputs& mine = outputs[d][item];
            Finding finding;
            if (mine.refused) {
                finding = {Verdict::Refused, mine.why};
            } else {
                const bool accepting = item->comparison.kind == Comparison::Kind::Accept;
                if (item->expected || accepting) {
                    finding.detail = differences(
                        *item, rows, mine.values,
                        [&](size_t n) { return accepting ? mine.values[n] : item->expected(rows, n); },
                        item->comparison.ulps, accepting ? "not allowed:" : "expected");
                }
                const Outputs& first = outputs[0][item];
                if (finding.detail.empty() && d != 0 && !first.refused && !accepting) {
                    finding.detail = differences(
                        *item, rows, mine.values,
                        [&](size_t n) {
                            const bool defined = !item->expected || !item->expected(rows, n).empty();
                            return defined ? first.values[n] : Value();
                        },
                        2 * item->comparison.ulps, devices_[0]->selector());
                }
                finding.verdict = finding.detail.empty() ? Verdict::Right : Verdict::Wrong;
            }
            report.findings.push_back(std::move(finding));
        }
        reports.push_back(std::move(report));
    }
}

std::vector<Report> Engine::run(const Cases& cases) {
    std::vector<Report> reports;
    std::map<std::pair<Flavour, uint32_t>, std::vector<const Case*>> pending;
    std::map<std::pair<Flavour, uint32_t>, uint32_t> weights;
    for (const Case& item : cases) {
        if (item.alone) {
            runBatch({&item}, reports);
            continue;
        }
        const auto key = std::make_pair(item.flavour, item.workgroupSize);
        pending[key].push_back(&item);
        weights[key] += weightOf(item);
        if (weights[key] >= kBatchWeight) {
            runBatch(pending[key], reports);
            pending[key].clear();
            weights[key] = 0;
        }
    }
    for (const auto& [key, rest] : pending) {
        if (!rest.empty()) {
            runBatch(rest, reports);
        }
    }
    return reports;
}

} // namespace halyard::spirvtest
