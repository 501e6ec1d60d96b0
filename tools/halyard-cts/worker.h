// The process that runs tests: this program again, started with --worker.
#pragma once

#include "suite.h"

#include <optional>
#include <string>
#include <vector>

namespace halyard::cts {

constexpr int kControlFd = 3; // the worker's end of the pipe to its parent

// The command line of a worker that runs these tests, and of one that says what a selector names.
std::vector<std::string> workerFor(const std::vector<std::string>& tests, uint64_t seed);
std::vector<std::string> describerOf(const std::string& selector);

// What main() does before it reads options: the exit status when this process is a worker.
std::optional<int> runAsWorker(int argc, char** argv, const Suite& suite);

} // namespace halyard::cts
