#include "sample.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

namespace sample {

struct Program::Options {
    CLI::App app;
    std::vector<std::string> devices;
    std::vector<std::string> required;
    std::uint64_t size = 0;
    unsigned runs = 0;
    bool quick = false;
};

Program::Program(Config config) : config_(std::move(config)), options_(std::make_unique<Options>()) {
    CLI::App& app = options_->app;
    app.name("sample-" + config_.name);
    app.description(config_.description);
    app.add_option("--device", options_->devices,
                   "Device to run on, as halyard-info names it (cpu, cuda:1); repeatable. "
                   "Default: every device that is not an emulator")
        ->allow_extra_args(false);
    app.add_option("--require", options_->required, "Fail unless the sample ran on this backend; repeatable")
        ->allow_extra_args(false);
    app.add_option("--size", options_->size,
                   "Problem size: " + config_.sizeMeaning + ". Default: " + std::to_string(config_.size))
        ->check(CLI::Range(std::uint64_t{1}, config_.maxSize));
    app.add_option("--runs", options_->runs, "Timed repetitions, of which the median is printed. Default: 7")
        ->check(CLI::Range(1, 100000));
    app.add_flag("--quick", options_->quick,
                 "Size " + std::to_string(config_.quickSize) + " and 2 repetitions, where they are not given");
}

Program::~Program() = default;

CLI::App& Program::options() {
    return options_->app;
}

namespace {

struct Chosen {
    std::vector<halyard::Device> devices;
    bool explicitly;
};

Chosen chooseDevices(const halyard::Instance& instance, const std::vector<std::string>& selectors) {
    Chosen chosen{{}, !selectors.empty()};
    for (const std::string& selector : selectors) {
        chosen.devices.push_back(instance.device(selector));
    }
    if (!chosen.explicitly) {
        chosen.devices = instance.devices();
    }
    return chosen;
}

// Empty when the device can run the sample.
std::string obstacle(const HyDeviceProperties& properties, HyCapabilities needs, bool explicitly) {
    if ((properties.capabilities & needs) != needs) {
        return "it cannot run the kernels of this sample (halyard-info lists its capabilities)";
    }
    if (properties.type == HY_DEVICE_TYPE_EMULATED && !explicitly) {
        return std::string("it is an emulator; choose it with --device=") + properties.selector;
    }
    return "";
}

} // namespace

int Program::run(int argc, char** argv, const std::function<bool(const Run&)>& body) {
    try {
        options_->app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return options_->app.exit(error) == 0 ? 0 : 2;
    }
    const std::uint64_t size = options_->size != 0 ? options_->size
                               : options_->quick   ? config_.quickSize
                                                   : config_.size;
    const unsigned runs = options_->runs != 0 ? options_->runs : options_->quick ? 2 : 7;
    try {
        halyard::Instance instance;
        const Chosen chosen = chooseDevices(instance, options_->devices);
        std::vector<std::string> ran;
        bool allRight = true;
        for (const halyard::Device& device : chosen.devices) {
            const HyDeviceProperties properties = device.properties();
            const std::string reason = obstacle(properties, config_.needs, chosen.explicitly);
            std::printf("%s on %s (%s)%s%s\n", config_.name.c_str(), properties.selector, properties.name,
                        reason.empty() ? "" : ": not run: ", reason.c_str());
            if (!reason.empty()) {
                allRight = allRight && !chosen.explicitly;
                continue;
            }
            ran.emplace_back(properties.backend);
            try {
                const bool right = body(Run{device, properties, size, runs});
                allRight = allRight && right;
            } catch (const std::exception& error) {
                std::printf("  FAILED: %s\n", error.what());
                allRight = false;
            }
            std::fflush(stdout);
        }
        if (ran.empty()) {
            std::fprintf(stderr, "sample-%s: no device was run; 'halyard-info --why' explains what was found\n",
                         config_.name.c_str());
            return 1;
        }
        for (const std::string& backend : options_->required) {
            if (std::find(ran.begin(), ran.end(), backend) == ran.end()) {
                std::fprintf(stderr, "sample-%s: required, but not run: %s\n", config_.name.c_str(), backend.c_str());
                allRight = false;
            }
        }
        return allRight ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sample-%s: %s\n", config_.name.c_str(), error.what());
        return 1;
    }
}

double seconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double medianSeconds(const Run& run, const halyard::Stream& stream, const std::function<void()>& submit) {
    const auto once = [&] {
        submit();
        stream.synchronize();
    };
    constexpr double kWarmUpSeconds = 0.02;
    double spent = 0;
    for (unsigned i = 0; i < 2 || spent < kWarmUpSeconds; ++i) {
        spent += seconds(once);
    }
    std::vector<double> times;
    for (unsigned i = 0; i < run.runs; ++i) {
        times.push_back(seconds(once));
    }
    return median(times);
}

void report(const std::string& variant, double seconds, double rate, const std::string& unit, bool right) {
    std::printf("  %-24s %10.3f ms %10.2f %-8s %s\n", variant.c_str(), seconds * 1e3, rate, unit.c_str(),
                right ? "right" : "WRONG");
}

void reportNotRun(const std::string& variant, const std::string& reason) {
    std::printf("  %-24s not run: %s\n", variant.c_str(), reason.c_str());
}

void note(const std::string& text) {
    std::printf("  %s\n", text.c_str());
}

std::vector<float> randomFloats(std::size_t count, float low, float high, std::uint32_t seed) {
    // Not std::uniform_real_distribution, whose values differ between standard libraries.
    std::mt19937 generator(seed);
    std::vector<float> values(count);
    for (float& value : values) {
        const auto unit = static_cast<float>(generator() >> 8) * 0x1p-24f;
        value = low + (high - low) * unit;
    }
    return values;
}

void reportMismatch(const std::string& what, std::size_t index, double got, double want, double tolerance,
                    std::size_t wrong, std::size_t count) {
    std::printf("  %s: %zu of %zu values are wrong; the first is [%zu]: %.9g, and it should be %.9g within %.3g\n",
                what.c_str(), wrong, count, index, got, want, tolerance);
}

} // namespace sample
