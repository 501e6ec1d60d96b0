// halyard-cts: the conformance suite as one program.
#include "compare.h"
#include "describe.h"
#include "run.h"
#include "status_page.h"
#include "suite_data.h"
#include "suite_digest.h"

#include "conformance/peer.h"
#include "halyard/halyard.h"

#include <string>

int main(int argc, char** argv) {
    using namespace halyard::cts;
    if (const std::optional<int> status = halyard::conformance::runAsPeer(argc, argv))
        return *status;
    const std::string command = argc > 1 ? argv[1] : "";
    if (command == "compare")
        return compareMain(argc - 1, argv + 1);
    if (command == "status")
        return statusMain(argc - 1, argv + 1);
    Suite suite = embeddedSuite();
    const uint32_t version = hyGetVersion();
    suite.digest = suiteDigest();
    suite.runtimeAbi = std::to_string(HY_VERSION_MAJOR(version)) + "." + std::to_string(HY_VERSION_MINOR(version));
    suite.runtimeVersion = suite.runtimeAbi + "." + std::to_string(HY_VERSION_PATCH(version));
    suite.describe = describeSubject;
    return ctsMain(argc, argv, suite);
}
