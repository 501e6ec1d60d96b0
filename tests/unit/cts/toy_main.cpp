// The program cts_toy: halyard-cts with a suite and devices of its own.
#include "run.h"

#include <cstdlib>

int main(int argc, char** argv) {
    halyard::cts::Suite suite;
    suite.version = "0.0.1";
    suite.profiles = {"profiles.txt", "# a comment\n\nfull Full.* takes long\nfull Slow.* takes longer\n"};
    suite.exclusions = {{"toy.txt", "unsupported | Bad.* | built in\n"}, {"other.txt", "fails | Good.* | no | #1\n"}};
    suite.environment = {{"toy_test.cpp", "CTS_TOY_FILE=a b=c"}, {"toy_test.cpp", "HALYARD_TEST_DEVICE=wrong"}};
    suite.describe = [](const std::string& selector, halyard::cts::Subject& subject, std::string& why) {
        if (selector == "crash")
            std::abort();
        if (selector != "toy" && selector != "plain") {
            why = "there is only toy";
            return false;
        }
        subject.selector = selector + ":0";
        subject.backend = selector;
        subject.backendLibrary = "/nonexistent/libtoy.so";
        return true;
    };
    return halyard::cts::ctsMain(argc, argv, suite);
}
