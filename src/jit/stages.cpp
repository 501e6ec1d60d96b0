#include "jit/stages.h"

#include "jit/fault.h"

namespace halyard::jit {

void Stages::enter(const std::string& stage) {
    finish();
    current_ = stage;
    announce_(stage);
    start_ = std::chrono::steady_clock::now();
    injectFault(stage);
}

void Stages::finish() {
    if (!current_.empty()) {
        const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start_;
        timings_.emplace_back(current_, spent.count());
    }
    current_.clear();
}

} // namespace halyard::jit
