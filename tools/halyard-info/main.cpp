// halyard-info: the devices, and why they are these.
#include <algorithm>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "environment.h"
#include "names.h"
#include "report.h"

namespace {

struct Options {
    bool json = false;
    bool why = false;
    bool verbose = false;
    bool showUuid = false;
    bool listEnvironment = false;
    std::vector<std::string> required;
};

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void report(const halyard::info::Findings& findings, const Options& options) {
    using namespace halyard::info;
    if (options.json) {
        print(json(findings, options.showUuid));
        return;
    }
    print(fmt::format("Halyard {}\n\n{}", versionText(hyGetVersion()), deviceTable(findings)));
    if (options.verbose || options.showUuid) {
        print("\n" + deviceDetails(findings, options.showUuid));
    }
    if (options.why) {
        print("\n" + explanation(findings));
    }
}

// The backends that are required and have no device.
std::vector<std::string> missing(const halyard::info::Findings& findings, const std::vector<std::string>& required) {
    std::vector<std::string> names;
    for (const std::string& name : required) {
        const bool found =
            std::any_of(findings.devices.begin(), findings.devices.end(), [&](const HyDeviceProperties& device) {
                return name == device.backend || name == device.selector;
            });
        if (!found) {
            names.push_back(name);
        }
    }
    return names;
}

int run(const Options& options) {
    if (options.listEnvironment) {
        for (const std::string& name : halyard::info::knownVariables()) {
            print(name + "\n");
        }
        return 0;
    }
    const halyard::Instance instance;
    const halyard::info::Findings findings = halyard::info::collect(instance);
    report(findings, options);
    const std::vector<std::string> absent = missing(findings, options.required);
    if (!absent.empty()) {
        fmt::print(stderr, "halyard-info: required, but there is no such device: {}; 'halyard-info --why' explains\n",
                   fmt::join(absent, ", "));
        return 1;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app(
        "Lists the devices that Halyard can use and, with --why, what became of every backend.\n"
        "Exit status: 0, also without any device; 1 when a required device is missing or Halyard failed; 2 for a "
        "wrong option.",
        "halyard-info");
    app.add_flag("--json", options.json, "Everything as JSON");
    app.add_flag("--why", options.why,
                 "Explain: every backend considered, its fate and the reason, and the environment");
    app.add_flag("-v,--verbose", options.verbose, "Every property of every device");
    app.add_flag("--show-uuid", options.showUuid, "Print UUIDs, which identify this machine's devices");
    app.add_option("--require", options.required,
                   "Fail unless this backend or device (cpu, cuda:0) is there; repeatable")
        ->allow_extra_args(false);
    app.add_flag("--list-environment", options.listEnvironment, "Print the names of the variables that Halyard reads");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        return run(options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "halyard-info: {}\n", error.what());
        return 1;
    }
}
