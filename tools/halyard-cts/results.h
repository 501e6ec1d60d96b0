// What a run of the suite found, as data: the run fills it, the reports are written from it and read back into it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace halyard::cts {

// What became of one test. Only Failed, Crashed, TimedOut and UnexpectedPass make a run fail (and what Run::succeeded
// has besides).
enum class Status {
    Passed,
    Failed,          // an assertion did not hold
    Crashed,         // the process that ran it ended by a signal or by itself
    TimedOut,        // it was stopped at its time limit
    Skipped,         // the test itself said why it cannot apply here
    Unsupported,     // an exclusion rules it out for good: it was not run
    ExpectedFailure, // it failed, as an exclusion with an issue says it does
    UnexpectedPass,  // it passed though an exclusion says that it fails
};

struct TestResult {
    std::string name; // "Suite.Test", as GoogleTest prints it
    std::string file; // the source file's name without its folder: "copy_test.cpp"
    Status status = Status::Passed;
    double seconds = 0;
    std::string reason; // Skipped: the test's words; Unsupported, ExpectedFailure, UnexpectedPass: the exclusion's
    std::string issue;  // ExpectedFailure, UnexpectedPass: what the exclusion names
    std::string output; // the failed assertions, or the last output of a process that died; at most 16 KiB
};

// One line of the exclusion files, and whether the run used it.
struct Exclusion {
    enum class Kind { Unsupported, ExpectedFailure };
    Kind kind = Kind::Unsupported;
    std::string pattern; // of test names: * stands for any characters, ? for one
    std::string reason;
    std::string issue; // ExpectedFailure only
    std::string place; // "cpu.txt:12"
    uint32_t matched = 0;
};

// What the tests ran on. Strings that are not known are empty.
struct Subject {
    std::string selector; // "cpu:0"
    std::string deviceName;
    std::string deviceUuid;
    std::string backend; // "cpu"
    std::string backendLibrary;
    std::string backendBuildId;
    std::string backendAbi; // "1.2"
    std::string driverName;
    std::string driverVersion;
    std::string capabilities; // names of the bits, separated by spaces
};

struct Machine {
    std::string system;    // "Debian GNU/Linux 12 (bookworm)"
    std::string kernel;    // "Linux 6.1.0 x86_64"
    std::string processor; // "AMD EPYC 9R14", with the number of logical processors and the memory below
    uint32_t processors = 0;
    uint64_t memoryBytes = 0;
};

// A whole run: what a report holds.
struct Run {
    std::string suiteVersion;           // Halyard's version
    std::string suiteDigest;            // SHA-256, hexadecimal, of the suite's sources and kernels: see suite_digest.h
    std::string runtimeVersion;         // of the libhalyard.so in use
    std::string runtimeAbi;             // "1.2"
    std::string started;                // UTC, "2026-11-22T23:21:10Z"
    double seconds = 0;                 // of the whole run
    std::string profile;                // "core" or "full"
    std::string filter;                 // "*" when everything of the profile ran
    uint64_t seed = 0;                  // of every random choice
    std::string level;                  // "T3" against a software driver, "T4" on the device itself (docs/design.md)
    std::vector<std::string> arguments; // the command line, to repeat the run
    Machine machine;
    Subject subject;
    std::vector<TestResult> tests; // in the order of the suite
    std::vector<Exclusion> exclusions;
    // Expected failures of which no test failed, one sentence each; only judged when everything of the profile ran.
    std::vector<std::string> staleExclusions;
    std::string stoppedBy; // "SIGINT": the run was cut off; "" when it ended by itself

    bool succeeded() const; // something ran, nothing failed, nothing is stale, and nothing cut it off
};

const char* statusName(Status status); // "passed", "failed", "crashed", "timed out", ...
bool isFailure(Status status);         // whether it makes a run fail

} // namespace halyard::cts
