// The runner, driven from outside: the program cts_toy has tests that end in every way.
#include "report_json.h"
#include "results.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace halyard::cts;

namespace {

class Runner : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "cts_runner_test.XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder = pattern;
    }
    void TearDown() override { fs::remove_all(folder); }

    std::string file(const char* name) const { return (folder / name).string(); }
    std::string write(const char* name, const std::string& text) const {
        std::ofstream(file(name)) << text;
        return file(name);
    }
    // `arguments` as a shell reads them; on the device "plain", which has no exclusions built in, unless they say
    // otherwise.
    int run(const std::string& arguments) {
        const bool device = arguments.find("--device") != std::string::npos;
        const std::string command = std::string("exec '") + CTS_TOY + "' " + (device ? "" : "--device=plain ") +
                                    arguments + " --report='" + file("report.json") + "' 2>&1";
        std::FILE* pipe = popen(command.c_str(), "r");
        output.clear();
        char bytes[4096];
        for (size_t length; (length = fread(bytes, 1, sizeof bytes, pipe)) > 0;)
            output.append(bytes, length);
        const int status = pclose(pipe);
        readReport();
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void readReport() {
        found = {};
        std::ifstream text(file("report.json"));
        if (!text)
            return;
        std::ostringstream whole;
        whole << text.rdbuf();
        found = fromJson(whole.str());
        fs::remove(file("report.json"));
    }
    TestResult result(const std::string& name) const {
        for (const TestResult& test : found.tests) {
            if (test.name == name)
                return test;
        }
        ADD_FAILURE() << name << " is not in the report\n" << output;
        return {};
    }
    ::testing::AssertionResult is(const std::string& name, Status status, const std::string& words = "") const {
        const TestResult test = result(name);
        if (test.status != status)
            return ::testing::AssertionFailure() << name << " is " << statusName(test.status) << ": " << test.output;
        if ((test.output + test.reason).find(words) == std::string::npos)
            return ::testing::AssertionFailure() << name << " lacks '" << words << "': " << test.output << test.reason;
        if (test.output.size() > 16 * 1024)
            return ::testing::AssertionFailure() << name << " has " << test.output.size() << " bytes of output";
        return ::testing::AssertionSuccess();
    }
    bool says(const std::string& words) const { return output.find(words) != std::string::npos; }

    fs::path folder;
    std::string output;
    halyard::cts::Run found;
};

TEST_F(Runner, EveryEndOfATest) {
    EXPECT_EQ(run("--filter=Bad.*:Skips.*:Good.Passes --timeout=2 --jobs=2"), 1) << output;
    EXPECT_EQ(found.tests.size(), 12u);
    EXPECT_TRUE(is("Good.Passes", Status::Passed));
    EXPECT_TRUE(is("Bad.Fails", Status::Failed, "toy_test.cpp:"));
    EXPECT_TRUE(is("Bad.Fails", Status::Failed, "apple"));
    EXPECT_TRUE(is("Bad.Throws", Status::Failed, "thrown words"));
    EXPECT_TRUE(is("Bad.Crashes", Status::Crashed, "SIGKILL"));
    EXPECT_TRUE(is("Bad.Crashes", Status::Crashed, "before the crash"));
    EXPECT_TRUE(is("Bad.Aborts", Status::Crashed, "SIGABRT"));
    EXPECT_TRUE(is("Bad.Aborts", Status::Crashed, "last words"));
    EXPECT_TRUE(is("Bad.Exits", Status::Crashed, "exit status 0"));
    EXPECT_TRUE(is("Bad.Hangs", Status::TimedOut, "limit of 2 s"));
    EXPECT_TRUE(is("Bad.Hangs", Status::TimedOut, "about to hang"));
    EXPECT_TRUE(is("Bad.FailsWithoutEnd", Status::Failed, "failure number 0"));
    EXPECT_TRUE(is("Bad.FailsWithStrangeBytes", Status::Failed, "tail"));
    EXPECT_TRUE(is("Bad.AfterTheOthers", Status::Passed));
    EXPECT_TRUE(is("Skips.WithAReason", Status::Skipped, "there is no such thing here"));
    EXPECT_TRUE(is("Skips.WithoutAReason", Status::Failed, "without saying why"));
    for (const char* words :
         {"failed: Bad.Fails: toy_test.cpp:", "crashed: Bad.Exits: ", "timed out: Bad.Hangs: ",
          "skipped: Skips.WithAReason: there is no such thing here", "FAILED: profile core on plain:0"})
        EXPECT_TRUE(says(words)) << words << "\n" << output;
}

TEST_F(Runner, WhatTestsMayDo) {
    EXPECT_EQ(run("--device=toy --filter=Good* --jobs=2"), 0) << output;
    EXPECT_EQ(found.tests.size(), 7u);
    for (const TestResult& test : found.tests)
        EXPECT_TRUE(is(test.name, Status::Passed));
    EXPECT_TRUE(says("PASSED: profile core on toy:0, filter Good*")) << output;
}

TEST_F(Runner, WhatHappensBetweenTests) {
    EXPECT_EQ(run("--filter=LateExit.*:EarlyExit.*:BadSetUp.*:BadTearDown.*"), 1);
    EXPECT_EQ(found.tests.size(), 4u);
    EXPECT_TRUE(is("LateExit.ItsLastTest", Status::Crashed, "exit status 0, after the test"));
    EXPECT_TRUE(is("EarlyExit.NeverBegins", Status::Crashed, "exit status 0, before the test began"));
    EXPECT_EQ(run("--filter=BadSetUp.*:Good.Passes"), 1);
    EXPECT_TRUE(is("Good.Passes", Status::Passed)) << "blamed for the next suite";
    EXPECT_TRUE(is("BadSetUp.Counts", Status::Failed, "the suite's set-up failed"));
    EXPECT_EQ(run("--filter=BadTearDown.*"), 1);
    EXPECT_TRUE(is("BadTearDown.Counts", Status::Failed, "the suite's tear-down failed"));
}

TEST_F(Runner, Exclusions) {
    const std::string list = write("list.txt", "unsupported | Bad.Hang? | it never ends\n"
                                               "fails | Bad.Crash* | a bug | #12\n"
                                               "fails | Bad.AfterTheOthers | no bug | #13\n"
                                               "fails | Bad.Fa* | another | #14\n");
    EXPECT_EQ(run("--filter=Bad.* --exclusions=" + list), 1);
    EXPECT_TRUE(is("Bad.Hangs", Status::Unsupported, "it never ends"));
    EXPECT_TRUE(is("Bad.Crashes", Status::ExpectedFailure, "SIGKILL"));
    EXPECT_EQ(result("Bad.Crashes").issue, "#12");
    EXPECT_TRUE(is("Bad.Fails", Status::ExpectedFailure, "another"));
    EXPECT_TRUE(is("Bad.AfterTheOthers", Status::UnexpectedPass, "no bug"));
    EXPECT_TRUE(says("unexpected pass: Bad.AfterTheOthers: ")) << output;
    EXPECT_TRUE(found.staleExclusions.empty()) << "only part of the suite ran";
    EXPECT_EQ(run("--filter=Bad.Hangs --exclusions=" + list), 2) << output;
    EXPECT_TRUE(says("rule out all 1 selected tests")) << output;
    // Only what is expected: a pass of the run.
    EXPECT_EQ(run("--filter=Bad.Crashes:Good.Passes --exclusions=" + list), 0) << output;
}

TEST_F(Runner, StaleExclusions) {
    const std::string all =
        "unsupported | Bad.* | not here\nunsupported | *Exit.* | not here\nunsupported | Bad???*.* | not here\n"
        "unsupported | Skips.* | not here\nunsupported | Good*.* | not here\nunsupported | Seed.* | not here\n";
    const std::string clean = write("clean.txt", all + "unsupported | Full.Only | not here\n");
    EXPECT_EQ(run("--exclusions=" + clean), 2) << "everything of core is excluded";
    const std::string some = all.substr(0, all.find("unsupported | Seed"));
    EXPECT_EQ(run("--seed=7 --exclusions=" + write("some.txt", some)), 0) << output;
    EXPECT_EQ(run("--seed=7 --exclusions=" + write("typo.txt", some + "unsupported | Baad.* | no\n")), 1);
    ASSERT_EQ(found.staleExclusions.size(), 1u);
    EXPECT_EQ(found.staleExclusions[0], "typo.txt:6: no test of the suite matches Baad.*");
    EXPECT_EQ(run("--seed=7 --exclusions=" + write("stale.txt", some + "fails | Seed.* | fixed since | #9\n")), 1);
    ASSERT_EQ(found.staleExclusions.size(), 1u);
    EXPECT_NE(found.staleExclusions[0].find("stale.txt:6: no test that matches Seed.* fails any more"),
              std::string::npos);
    EXPECT_TRUE(is("Seed.IsSeven", Status::UnexpectedPass));
}

TEST_F(Runner, ExclusionsOfTheBackendAreBuiltIn) {
    EXPECT_EQ(run("--device=toy --filter=Bad.Fails:Good.Passes"), 0) << output;
    EXPECT_TRUE(is("Bad.Fails", Status::Unsupported, "built in"));
    EXPECT_TRUE(is("Good.Passes", Status::Passed));
}

TEST_F(Runner, RefusesBadExclusionFiles) {
    EXPECT_EQ(run("--exclusions=" + write("bad.txt", "# fine\nfails | Bad.*\n")), 2);
    EXPECT_TRUE(says("bad.txt:2: this line has 2 fields")) << output;
    EXPECT_EQ(run("--exclusions=" + file("absent.txt")), 2);
    EXPECT_TRUE(says("cannot read " + file("absent.txt"))) << output;
    EXPECT_EQ(run("--exclusions=" + folder.string()), 2);
}

TEST_F(Runner, RefusesWrongCommandLines) {
    for (const char* arguments :
         {"--no-such-option", "--profile=some", "--repeat=0", "--jobs=0", "--jobs=x", "--timeout=0", "--level=T2",
          "--seed=-1", "surplus", "--junit=/nonexistent/folder/x.xml", "--html=/"})
        EXPECT_EQ(run(arguments + std::string(" --filter=Good.Passes")), 2) << arguments << "\n" << output;
    EXPECT_EQ(run("--filter=Absent.*"), 2);
    EXPECT_TRUE(says("no test of profile core matches Absent.*")) << output;
    EXPECT_EQ(run("--list --filter=Absent.*"), 2);
    EXPECT_EQ(run("--filter=Full.*"), 2) << "of the other profile";
    EXPECT_EQ(run("--help"), 0);
}

TEST_F(Runner, RefusesBadLibraries) {
    EXPECT_EQ(run("--device=toy --backend-library=" + file("absent.so")), 2);
    EXPECT_TRUE(says("there is no file " + file("absent.so"))) << output;
    EXPECT_EQ(run("--device=toy --backend-library=" + write("text.so", "not a library")), 2);
    EXPECT_TRUE(says("neither a shared library nor a manifest")) << output;
    EXPECT_EQ(run("--device=toy --backend-library=" + folder.string()), 2);
    const std::string library = write("library.so", "\x7f"
                                                    "ELF and more");
    EXPECT_EQ(std::system((std::string(CTS_TOY) + " --backend-library=" + library + " >/dev/null 2>&1").c_str()),
              2 << 8)
        << "no device named";
    // The device exists, but in another library: testing that one would be a lie.
    EXPECT_EQ(run("--device=toy --filter=Good.Passes --backend-library=" + library), 3);
    EXPECT_TRUE(says("/nonexistent/libtoy.so, not of " + library)) << output;
}

TEST_F(Runner, MissingDevices) {
    EXPECT_EQ(run("--device=absent --filter=Good.Passes"), 3);
    EXPECT_TRUE(says("the device 'absent' is missing: there is only toy")) << output;
    EXPECT_EQ(run("--require=plain --require=absent --filter=Good.Passes"), 3);
    EXPECT_TRUE(says("the required 'absent' is missing")) << output;
    EXPECT_EQ(run("--require=toy --filter=Good.Passes"), 0) << output;
    EXPECT_EQ(run("--device=crash --filter=Good.Passes"), 3);
    EXPECT_TRUE(says("SIGABRT")) << output;
    EXPECT_TRUE(found.tests.empty());
}

TEST_F(Runner, Lists) {
    EXPECT_EQ(run("--device=toy --list --profile=full --filter=Full.*:Bad.Fails:Good.Passes"), 0);
    EXPECT_EQ(output, "Good.Passes  core\nBad.Fails  core  unsupported: built in\nFull.Only  full\n");
    EXPECT_EQ(run("--list --filter=Full.*:Good.Passes"), 0);
    EXPECT_EQ(output, "Good.Passes  core\n");
}

TEST_F(Runner, RepeatsAndSeeds) {
    EXPECT_EQ(run("--filter=Seed.* --seed=7"), 0) << output;
    EXPECT_EQ(run("--filter=Seed.* --seed=7 --repeat=2"), 1);
    EXPECT_EQ(found.tests.size(), 2u);
    EXPECT_TRUE(is("Seed.IsSeven", Status::Failed, "repetition 2 of 2: "));
    EXPECT_EQ(run("--filter=Seed.IsNotEight --seed=5 --repeat=3"), 0) << output;
    EXPECT_EQ(run("--filter=Seed.IsNotEight --seed=5 --repeat=4 --jobs=3"), 1) << output;
    EXPECT_TRUE(is("Seed.IsNotEight", Status::Failed, "repetition 4 of 4: "));
}

TEST_F(Runner, FailFast) {
    EXPECT_EQ(run("--filter=Bad.Fails:Full.*:Good.Passes:BadSetUp.* --fail-fast"), 1);
    EXPECT_TRUE(is("Bad.Fails", Status::Failed));
    EXPECT_TRUE(is("BadSetUp.Counts", Status::Skipped, "not run"));
    EXPECT_TRUE(says("stopped by --fail-fast")) << output;
}

TEST_F(Runner, ASignalStopsWorkersAndStillGivesReports) {
    const std::string report = file("report.json");
    const std::string running = file("running");
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (std::freopen(running.c_str(), "w", stdout) == nullptr)
            _exit(99);
        execl(CTS_TOY, CTS_TOY, "--device=plain", "--profile=full", "--filter=Slow.*:Good.Passes",
              ("--report=" + report).c_str(), nullptr);
        _exit(99);
    }
    const auto begun = [&] {
        return fs::exists(running) && fs::file_size(running) > 0;
    }; // the headline comes before the workers
    for (int i = 0; i < 3000 && !begun(); ++i)
        usleep(10'000);
    kill(child, SIGINT);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
    readReport();
    EXPECT_EQ(found.tests.size(), 3u);
    EXPECT_FALSE(found.succeeded());
    EXPECT_TRUE(is("Slow.IsNext", Status::Skipped, "not run: the run was stopped by SIGINT"));
}

} // namespace
