#include "options.h"

#include <CLI/CLI.hpp>

#include <elf.h>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace halyard::cts {

namespace {

namespace fs = std::filesystem;

// Why the file cannot be a backend; empty when nothing speaks against it.
std::string faultOfLibrary(const std::string& path) {
    std::error_code error;
    if (!fs::exists(path, error))
        return "there is no file " + path;
    if (!fs::is_regular_file(path, error))
        return path + " is not a regular file";
    std::ifstream file(path, std::ios::binary);
    char start[SELFMAG] = {};
    if (!file.read(start, sizeof start))
        return path + " cannot be read; check its permissions and its size";
    if (fs::path(path).extension() != ".json" && std::string(start, SELFMAG) != ELFMAG)
        return path + " is neither a shared library nor a manifest (.json)";
    return "";
}

std::string faultOfReport(const std::string& path) {
    const fs::path folder = fs::absolute(path).parent_path();
    std::error_code error;
    if (!fs::is_directory(folder, error))
        return "there is no folder " + folder.string() + " for " + path;
    if (fs::is_directory(path, error))
        return path + " is a folder";
    return "";
}

} // namespace

std::optional<int> parseOptions(int argc, char** argv, Options& options) {
    options.arguments.assign(argv, argv + argc);
    CLI::App app("Runs Halyard's conformance suite on a device, each test in a process that may crash or hang.\n"
                 "Other uses: halyard-cts compare A.json B.json, halyard-cts status REPORT.json...");
    app.set_help_flag("-h,--help", "Print this");
    app.footer(
        "Exit status: 0 when everything passed, 1 for failures and stale exclusions, 2 for a wrong command line or a\n"
        "selection without tests, 3 when the device or something required is missing.");
    const CLI::Option* device =
        app.add_option("--device", options.device, "Selector of the device to test")->capture_default_str();
    app.add_option("--backend-library", options.backendLibrary,
                   "A backend to load besides those that the library finds, or its manifest; needs --device");
    app.add_option("--require", options.required, "A backend or selector that must be present as well; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--profile", options.profile, "Which tests: core or full")
        ->check(CLI::IsMember({"core", "full"}))
        ->capture_default_str();
    app.add_option("--filter", options.filter, "Tests by name, as GoogleTest's filter: A.*:B.*-*.Slow")
        ->capture_default_str();
    app.add_flag("--list", options.list, "Print the selected tests with profile and exclusion, and run nothing");
    app.add_option("--repeat", options.repeat, "How many times to run each test; one failure is a failure")
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
    int64_t seed = 1;
    app.add_option("--seed", seed, "Of every random choice of the tests; repetition n has seed + n - 1")
        ->check(CLI::Range(int64_t{0}, INT64_MAX))
        ->capture_default_str();
    app.add_option("--jobs", options.jobs, "Tests to run at once")->check(CLI::Range(1u, 1024u))->capture_default_str();
    app.add_option("--exclusions", options.exclusionFiles,
                   "A file of exclusions, besides what is built in; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--timeout", options.timeoutSeconds, "Limit of one test in seconds")
        ->check(CLI::Range(1u, 1'000'000u))
        ->capture_default_str();
    app.add_flag("--fail-fast", options.failFast, "Start nothing more after the first failure");
    app.add_option("--report", options.report, "Write a JSON report to this file");
    app.add_option("--junit", options.junit, "Write a JUnit report to this file");
    app.add_option("--html", options.html, "Write an HTML page to this file");
    app.add_option("--level", options.level,
                   "What the results are worth: T3 against a software driver, T4 on the device itself")
        ->check(CLI::IsMember({"T3", "T4"}))
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kExitPassed : kExitUsage;
    }
    options.seed = static_cast<uint64_t>(seed);
    std::string fault;
    if (!options.backendLibrary.empty()) {
        fault = device->count() == 0 ? "--backend-library needs --device: which of its devices to test"
                                     : faultOfLibrary(options.backendLibrary);
        options.backendLibrary = fs::absolute(options.backendLibrary).lexically_normal().string();
        if (fault.empty() && options.backendLibrary.find(':') != std::string::npos)
            fault = "a path with ':' cannot be passed on to the loader: " + options.backendLibrary;
    }
    for (const std::string& report : {options.report, options.junit, options.html}) {
        if (fault.empty() && !report.empty())
            fault = faultOfReport(report);
    }
    if (!fault.empty()) {
        std::cerr << "halyard-cts: " << fault << '\n';
        return kExitUsage;
    }
    return std::nullopt;
}

} // namespace halyard::cts
