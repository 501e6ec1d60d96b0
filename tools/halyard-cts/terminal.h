// What a run shows while it goes on.
#pragma once

#include "results.h"

#include <cstdint>
#include <string>

namespace halyard::cts {

class Terminal {
public:
    // `total` tests are going to run.
    explicit Terminal(uint32_t total);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void progress(const std::string& running, uint32_t finished, uint32_t failures);
    // One line: what became of the test, and its words.
    void failure(Status status, const std::string& test, const std::string& words);

private:
    void clearProgress();

    uint32_t total_;
    bool interactive_;
    bool shown_ = false;
};

// The counts by status, the stale exclusions and whether the run passed.
std::string summary(const Run& run, uint32_t notRun, const std::string& stoppedBy);

} // namespace halyard::cts
