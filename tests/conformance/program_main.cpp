// The main function of the small programs, one a group of tests; halyard-cts has its own.
#include "peer.h"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    if (const std::optional<int> status = halyard::conformance::runAsPeer(argc, argv))
        return *status;
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
