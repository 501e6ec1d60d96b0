// The tests that this program holds, and what was built in beside them.
#pragma once

#include "results.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace halyard::cts {

struct EmbeddedFile {
    std::string name;
    std::string text;
};

// What differs between halyard-cts and the program that tests its parts.
struct Suite {
    std::string version;
    std::string digest;
    std::string runtimeVersion; // of the libhalyard.so in use
    std::string runtimeAbi;
    EmbeddedFile profiles;                // lines "full <pattern> <why>"
    std::vector<EmbeddedFile> exclusions; // "cpu.txt", ...
    // Of each source file that wants any: its name without folder, and "VARIABLE=value".
    std::vector<std::pair<std::string, std::string>> environment;
    // What a selector names; false with words when there is no such device. Called in a worker process.
    std::function<bool(const std::string& selector, Subject& subject, std::string& why)> describe;
};

struct TestCase {
    std::string name;  // "Suite.Test"
    std::string file;  // "copy_test.cpp"
    bool full = false; // of the profile "full" alone
    std::vector<std::string> environment;
};

// Every test that GoogleTest knows, but disabled ones, in order; after testing::InitGoogleTest. Throws
// std::runtime_error when the embedded profile file is malformed.
std::vector<TestCase> testCases(const Suite& suite);

} // namespace halyard::cts
