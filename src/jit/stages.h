// The stages of one compilation: announced before they start, timed, and the place where tests inject faults.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace halyard::jit {

class Stages {
public:
    using Announce = std::function<void(const std::string& stage)>;
    explicit Stages(Announce announce) : announce_(std::move(announce)) {}

    // Ends the current stage and starts `stage`. HALYARD_JIT_FAULT (jit.h) may make this not return.
    void enter(const std::string& stage);
    // Ends the current stage.
    void finish();
    const std::string& current() const { return current_; }
    // Milliseconds by stage, in order.
    const std::vector<std::pair<std::string, double>>& timings() const { return timings_; }

private:
    Announce announce_;
    std::string current_;
    std::chrono::steady_clock::time_point start_;
    std::vector<std::pair<std::string, double>> timings_;
};

} // namespace halyard::jit
