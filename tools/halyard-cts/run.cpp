#include "run.h"

#include "describe.h"
#include "exclusions.h"
#include "judge.h"
#include "options.h"
#include "plan.h"
#include "report_html.h"
#include "report_json.h"
#include "report_junit.h"
#include "scheduler.h"
#include "terminal.h"
#include "worker.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace halyard::cts {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNotRun = "not run: the run was stopped by ";

void complain(const std::string& words) {
    std::fflush(stdout);
    fmt::print(stderr, "halyard-cts: {}\n", words);
}

std::string contentOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || fs::is_directory(path))
        throw std::runtime_error("cannot read " + path);
    return text.str();
}

std::vector<Exclusion> exclusionsFor(const std::string& backend, const Suite& suite, const Options& options) {
    std::vector<Exclusion> exclusions;
    for (const EmbeddedFile& file : suite.exclusions) {
        if (file.name == backend + ".txt")
            parseExclusions(file.name, file.text, exclusions);
    }
    for (const std::string& path : options.exclusionFiles)
        parseExclusions(fs::path(path).filename().string(), contentOf(path), exclusions);
    return exclusions;
}

Settings settingsOf(const Options& options) {
    Settings settings;
    if (!options.backendLibrary.empty()) {
        const char* others = std::getenv("HALYARD_ADD_BACKEND_FILES");
        settings.emplace_back("HALYARD_ADD_BACKEND_FILES",
                              options.backendLibrary + (others != nullptr ? std::string(":") + others : ""));
        settings.emplace_back("HALYARD_BACKEND_FILES", std::nullopt); // it would hide the added ones
    }
    settings.emplace_back("HALYARD_TEST_DEVICE", options.device);
    return settings;
}

void list(const Plan& plan) {
    for (const PlannedTest& test : plan.tests) {
        std::string line = test.result.name + (test.full ? "  full" : "  core");
        if (test.result.status == Status::Unsupported)
            line += "  unsupported: " + test.result.reason;
        if (test.expected != nullptr)
            line += "  fails: " + test.expected->reason + " (" + test.expected->issue + ")";
        fmt::print("{}\n", line);
    }
}

// The device, described by a worker because drivers may crash; false with words on stderr.
bool findDevices(const Options& options, Signals& signals, Subject& subject) {
    std::vector<std::string> selectors = {options.device};
    selectors.insert(selectors.end(), options.required.begin(), options.required.end());
    for (size_t i = 0; i < selectors.size(); ++i) {
        std::string why;
        const std::optional<Message> answer =
            askWorker(describerOf(selectors[i]), settingsOf(options), options.timeoutSeconds, signals, why);
        if (answer && answer->kind == Message::Kind::Absent)
            why = answer->text;
        if (!answer || answer->kind != Message::Kind::Subject) {
            complain(fmt::format("{} '{}' is missing: {}", i == 0 ? "the device" : "the required", selectors[i], why));
            return false;
        }
        if (i == 0)
            subject = answer->subject;
    }
    std::error_code error;
    const bool library = !options.backendLibrary.empty() && fs::path(options.backendLibrary).extension() != ".json";
    if (library && !fs::equivalent(subject.backendLibrary, options.backendLibrary, error)) {
        complain(fmt::format("the device '{}' is one of {}, not of {}", options.device, subject.backendLibrary,
                             options.backendLibrary));
        return false;
    }
    return true;
}

// A file that is there is replaced at once or not at all.
void writeFile(const std::string& path, const std::string& text) {
    const std::string temporary = path + ".new";
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    std::error_code error;
    if (file)
        fs::rename(temporary, path, error);
    if (!file || error)
        throw std::runtime_error("cannot write " + path + (error ? ": " + error.message() : ""));
}

bool writeReports(const Run& run, const Options& options) {
    bool written = true;
    const std::pair<const std::string&, std::string (*)(const Run&)> reports[] = {
        {options.report, toJson}, {options.junit, toJunit}, {options.html, toHtml}};
    for (const auto& [path, text] : reports) {
        try {
            if (!path.empty())
                writeFile(path, text(run));
        } catch (const std::exception& fault) {
            complain(fmt::format("no report: {}", fault.what()));
            written = false;
        }
    }
    return written;
}

Run emptyRun(const Options& options, const Suite& suite) {
    Run run;
    run.suiteVersion = suite.version;
    run.suiteDigest = suite.digest;
    run.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    run.profile = options.profile;
    run.filter = options.filter;
    run.seed = options.seed;
    run.level = options.level;
    run.arguments = options.arguments;
    run.machine = describeMachine();
    return run;
}

// The tests of the plan, run; "" or what stopped the run.
std::string runPlan(Plan& plan, const Options& options, Signals& signals, uint32_t& notRun) {
    Judge judge(plan, options.repeat);
    uint32_t total = 0;
    for (const PlannedTest& test : plan.tests)
        total += test.result.status == Status::Unsupported ? 0 : 1;
    Terminal terminal(total);
    uint32_t failures = 0;
    Observer observer;
    observer.begins = [&](size_t test) { terminal.progress(plan.tests[test].result.name, judge.finished(), failures); };
    observer.ends = [&](size_t test, uint32_t round, const Outcome& outcome) {
        const bool counted = isFailure(plan.tests[test].result.status);
        const bool bad = judge.record(test, round, outcome);
        const TestResult& result = plan.tests[test].result;
        if (bad && !counted) {
            ++failures;
            terminal.failure(result.status, result.name,
                             result.status == Status::UnexpectedPass ? "expected to fail: " + result.issue
                                                                     : result.output);
        }
        return !(bad && options.failFast);
    };
    observer.interrupted = [&](size_t test, const std::string& signal) { judge.interrupt(test, signal); };
    SchedulerOptions scheduler = {options.jobs, options.repeat, options.timeoutSeconds, options.seed,
                                  settingsOf(options)};
    const std::string stoppedBy = runBatches(plan, scheduler, observer, signals);
    judge.close(kNotRun + stoppedBy);
    notRun = judge.notRun();
    return stoppedBy;
}

int run(const Options& options, const Suite& suite, const std::vector<TestCase>& cases) {
    const auto complainOfNothing = [&] {
        complain(fmt::format("no test of profile {} matches {}; --list prints what there is", options.profile,
                             options.filter));
        return kExitUsage;
    };
    if (options.list) {
        std::vector<Exclusion> exclusions =
            exclusionsFor(options.device.substr(0, options.device.find(':')), suite, options);
        const Plan plan = makePlan(cases, options, exclusions);
        list(plan);
        return plan.tests.empty() ? complainOfNothing() : kExitPassed;
    }
    exclusionsFor("", suite, options); // a malformed file is told before anything runs
    Run run = emptyRun(options, suite);
    const auto began = std::chrono::steady_clock::now();
    Signals signals;
    if (!findDevices(options, signals, run.subject))
        return kExitNoDevice;
    run.runtimeVersion = suite.runtimeVersion;
    run.runtimeAbi = suite.runtimeAbi;
    run.exclusions = exclusionsFor(run.subject.backend, suite, options);
    Plan plan = makePlan(cases, options, run.exclusions);
    if (plan.tests.empty())
        return complainOfNothing();
    if (plan.batches.empty()) {
        complain(fmt::format("exclusions rule out all {} selected tests, so nothing would run", plan.tests.size()));
        return kExitUsage;
    }
    fmt::print("halyard-cts {}: {} ({}, backend {} {}), profile {}, {} tests\n", suite.version, run.subject.selector,
               run.subject.deviceName, run.subject.backend, run.subject.backendBuildId, run.profile, plan.tests.size());
    std::fflush(stdout);
    uint32_t notRun = 0;
    const std::string stoppedBy = runPlan(plan, options, signals, notRun);
    run.stoppedBy = stoppedBy;
    run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (options.filter == "*" && stoppedBy.empty())
        run.staleExclusions = staleExclusions(plan, cases, run.exclusions);
    for (PlannedTest& test : plan.tests)
        run.tests.push_back(std::move(test.result));
    const bool written = writeReports(run, options);
    fmt::print("{}", summary(run, notRun, stoppedBy));
    return run.succeeded() && written ? kExitPassed : kExitFailed;
}

} // namespace

int ctsMain(int argc, char** argv, const Suite& suite) {
    if (const std::optional<int> status = runAsWorker(argc, argv, suite))
        return *status;
    Options options;
    if (const std::optional<int> status = parseOptions(argc, argv, options))
        return *status;
    try {
        int count = 1; // GoogleTest's own options are not for users
        testing::InitGoogleTest(&count, argv);
        return run(options, suite, testCases(suite));
    } catch (const std::exception& fault) {
        complain(fault.what());
        return kExitUsage;
    }
}

} // namespace halyard::cts
