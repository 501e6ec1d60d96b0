// Runs cases on every device of the matrix, and judges.
#pragma once

#include "matrix/run_cases.h"

namespace halyard::spirvtest {

enum class Verdict { Right, Wrong, Refused };

struct Finding {
    Verdict verdict = Verdict::Right;
    std::string detail; // the first invocations that are wrong, or what the runtime said
};

// What became of a case on each device, in the order of Engine::devices().
struct Report {
    const Case* item = nullptr;
    std::vector<Finding> findings;
};

class Engine {
public:
    // Opens the devices of this build: reference, where it is built, then cpu. Ends the program when one is missing,
    // since a test without its device proves nothing.
    Engine();
    std::vector<std::string> devices() const;

    // Runs all cases, in kernels of as many as fit; cases of a refused kernel are tried in halves, then alone.
    std::vector<Report> run(const Cases& cases);

private:
    void runBatch(const std::vector<const Case*>& cases, std::vector<Report>& reports);

    std::vector<std::unique_ptr<TestDevice>> devices_;
};

} // namespace halyard::spirvtest
