#include "matrix/engine.h"

#include "matrix/judge.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace halyard::spirvtest {

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

void Engine::runBatch(const std::vector<const Case*>& cases, std::vector<Report>& reports) {
    std::vector<Results> outputs(devices_.size());
    for (size_t d = 0; d < devices_.size(); ++d) {
        runOn(*devices_[d], cases, outputs[d]);
    }
    for (const Case* item : cases) {
        Report report{item, {}};
        for (size_t d = 0; d < devices_.size(); ++d) {
            const Outputs& mine = outputs[d][item];
            Finding finding;
            if (mine.refused()) {
                finding = {Verdict::Refused, mine.refusal.text()};
            } else {
                if (judgedAlone(*item)) {
                    finding.detail = wrongAlone(*item, mine.values);
                }
                const Outputs& first = outputs[0][item];
                const bool accepting = item->comparison.kind == Comparison::Kind::Accept;
                if (finding.detail.empty() && d != 0 && !first.refused() && !accepting) {
                    finding.detail = wrongBeside(*item, mine.values, first.values, devices_[0]->selector());
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
    for (const std::vector<const Case*>& batch : batchesOf(cases)) {
        runBatch(batch, reports);
    }
    return reports;
}

} // namespace halyard::spirvtest
