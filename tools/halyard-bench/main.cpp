// halyard-bench: the costs of Halyard's own work. Medians of several repetitions; where two things are compared, they
// take turns.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench.h"
#include "calls/calls.h"

namespace {

using halyard::bench::Options;
using halyard::bench::Results;

void printText(const Results& results) {
    for (const auto& result : results) {
        if (std::isnan(result.value)) {
            fmt::print("{:<22} {:>12} {}\n", result.name, "-", result.note);
            continue;
        }
        fmt::print("{:<22} {:>12.3f} {:<13} {}\n", result.name, result.value, result.unit, result.note);
    }
}

void writeFile(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + path);
    }
}

void writeJson(const Results& results, const std::string& path) {
    auto json = nlohmann::ordered_json::array();
    for (const auto& result : results) {
        json.push_back({{"name", result.name}, {"value", result.value}, {"unit", result.unit}, {"note", result.note}});
    }
    const std::string text = json.dump(2) + "\n";
    if (path == "-") {
        std::cout << text << std::flush;
        return;
    }
    writeFile(path, text);
}

#ifdef HALYARD_BENCH_CPU
Results readJson(const std::string& path) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_array()) {
        throw std::runtime_error("cannot read results from " + path);
    }
    Results results;
    for (const auto& one : json) {
        results.push_back({one.at("name"), one.at("value").is_null() ? std::nan("") : one.at("value").get<double>(),
                           one.at("unit"), one.at("note")});
    }
    return results;
}
#endif

// "launch.more=150": throws when the result of that name is missing or above the number.
void requireAtMost(const Results& results, const std::string& bound) {
    const size_t equals = bound.find('=');
    const std::string name = bound.substr(0, equals);
    const auto found = std::find_if(results.begin(), results.end(), [&](const auto& one) { return one.name == name; });
    if (equals == std::string::npos || found == results.end()) {
        throw std::runtime_error("--at-most " + bound + ": pass <name of a result>=<number>");
    }
    const double most = std::stod(bound.substr(equals + 1));
    if (found->value > most) {
        throw std::runtime_error(fmt::format("{} is {}, above the bound of {}", name, found->value, most));
    }
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Measures what Halyard itself costs. Medians; comparisons are interleaved.\n"
                 "Exit status: 0; 1 when a measurement failed; 2 for a wrong option.",
                 "halyard-bench");
    app.require_subcommand(1);
    std::string jsonPath;
    bool callgrind = false;
    std::vector<std::string> bounds;
    Options options;
    std::function<Results(const Options&)> measure;

    const auto add = [&](const char* name, const char* description, unsigned repetitions,
                         Results (*function)(const Options&)) {
        CLI::App* command = app.add_subcommand(name, description);
        command->add_option("--json", jsonPath, "Write the results as JSON to this file, - for standard output");
        command->add_option("--device", options.device, "Device, as halyard-info names it. Default: the first");
        command->add_option("--repetitions", options.repetitions, fmt::format("Repetitions. Default: {}", repetitions))
            ->check(CLI::Range(1, 1000000));
        command->callback([&, repetitions, function] {
            options.repetitions = options.repetitions != 0 ? options.repetitions : repetitions;
            measure = function;
        });
        return command;
    };
    const auto addCount = [&](CLI::App* command, const char* meaning) {
        command->add_option("--count", options.count, meaning)->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40));
        command
            ->add_flag(
                "--null-work", options.nullWork,
                "Use the null-work device, which accepts launches and does nothing: what is left is Halyard's own cost")
            ->excludes(command->get_option("--device"));
    };

    CLI::App* launch = add("launch", "Host cost of hyLaunchKernel with 3 arguments", 9, halyard::bench::measureLaunch);
    addCount(launch, "Launches a repetition. Default: 100000");
    launch->add_flag("--callgrind", callgrind,
                     "Count the instructions of each call of `calls` with valgrind, on the null-work device unless "
                     "--device is given; the driver's own are left out");
    launch->add_option("--at-most", bounds, "Fail when a result is above a number: launch.more=150");
    addCount(add("calls", "Host time of one call of each kind, and the same by NVIDIA's driver alone on its device", 9,
                 halyard::bench::measureCalls),
             "Calls a repetition. Default: 100000");
    CLI::App* alloc = add("alloc", "Stream-ordered allocation and free: one thread, and 8 on streams of their own", 9,
                          halyard::bench::measureAlloc);
    addCount(alloc, "Pairs a repetition. Default: 100000, with --callgrind 10000");
    alloc->add_flag("--callgrind", callgrind,
                    "Count instructions with valgrind, on the null-work device unless --device is given");
    CLI::App* allocPairs =
        add("alloc-pairs", "The pairs of alloc in one thread and nothing else", 1, halyard::bench::measureAllocPairs);
    addCount(allocPairs, "Pairs. Default: 100000");
    CLI::App* latency =
        add("latency", "Time to submit and to wait for an almost empty kernel", 9, halyard::bench::measureLatency);
    addCount(latency, "Round trips a repetition. Default: 1000");
    CLI::App* graph = add("graph", "A chain of small kernels: stream launches against one launch of a captured graph",
                          31, halyard::bench::measureGraph);
    addCount(graph, "Kernels in the chain. Default: 1000");
    addCount(add("layers", "What the layers add to a launch", 5, halyard::bench::measureLayers),
             "Launches a repetition. Default: 100000");
    CLI::App* oversubscription = add("oversubscription", "Launches by several instances, threads and streams at once",
                                     9, halyard::bench::measureOversubscription);
    oversubscription->add_option("--count", options.count, "Launches of each a repetition. Default: 1000")
        ->check(CLI::Range(1, 1000000));
    oversubscription->add_option("--at-most", bounds, "Fail when a result is above a number");
    add("saxpy", "64 MiB saxpy against an OpenMP loop", 15, halyard::bench::measureSaxpy);
#ifdef HALYARD_BENCH_CUDA
    bool small = false;
    CLI::App* cuda = add("cuda", "An NVIDIA device: kernels, launches and copies beside nvcc's and the driver's own",
                         15, halyard::bench::measureCuda);
    cuda->add_flag("--small", small, "Sizes for a look at the results only, not at times");
    cuda->add_option("--size", options.size,
                     "Rows and columns of the matrix product, a multiple of 128. Default: 8192, small: 256")
        ->check(CLI::Range(128, 32768))
        ->check(
            [](const std::string& text) { return std::stoul(text) % 128 == 0 ? std::string() : "no multiple of 128"; });
    cuda->add_flag("--only-ours", options.oursAlone, "Leave out nvcc's kernels and the driver's launches and copies");
    cuda->preparse_callback([&](size_t) { options.device = "cuda:0"; });
#endif
#ifdef HALYARD_BENCH_CPU
    CLI::App* cpu = add("cpu", "Kernels on the cpu device beside PoCL, OpenMP loops and AVX-512 by hand", 15,
                        halyard::bench::measureCpu);
    cpu->add_option("--kernel", options.kernel, "One kernel alone");
    CLI::Option* check =
        cpu->add_flag("--check", options.checkOnly, "Small sizes: look at the results only, take no times");
    std::string from;
    std::string plotPath;
    cpu->add_option("--from", from, "Measure nothing: show the results that --json wrote to this file")
        ->excludes(check);
    cpu->add_option("--plot", plotPath, "Draw the ratios as SVG to this file")->excludes(check);
    cpu->preparse_callback([&](size_t) { options.device = "cpu:0"; });
#endif
#ifdef HALYARD_BENCH_VULKAN
    CLI::App* vulkan = add("vulkan", "A Vulkan device: launches and kernels beside Vulkan written by hand", 9,
                           halyard::bench::measureVulkan);
    vulkan->add_option("--kernel", options.kernel, "One kernel alone, or launch: no kernel, the costs of a launch");
    vulkan->add_flag("--check", options.checkOnly, "Small sizes: look at the results only, take no times");
    vulkan->preparse_callback([&](size_t) { options.device = "vulkan:0"; });
#endif
#ifdef HALYARD_BENCH_IMPORT
    add("import", "SPIR-V to KIR, by the size of the module", 5, halyard::bench::measureImport);
#endif
    add("jit", "SPIR-V of a tiled sgemm to a kernel, with an empty and a filled cache", 9, halyard::bench::measureJit);
    add("startup", "Instance, module and kernel creation with an empty and a filled cache", 5,
        halyard::bench::measureStartup);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
#ifdef HALYARD_BENCH_CUDA
        options.count = small ? 1 : options.count;
#endif
        if (options.count == 0) {
            const bool waits = latency->parsed() || graph->parsed() || oversubscription->parsed();
            options.count = waits ? 1000 : callgrind ? 10000 : 100000;
        }
#ifdef HALYARD_BENCH_CPU
        if (!from.empty()) {
            measure = [&](const Options&) { return readJson(from); };
        }
#endif
        const Results results = !callgrind        ? measure(options)
                                : alloc->parsed() ? halyard::bench::countAllocInstructions(options)
                                                  : halyard::bench::countCalls(options);
        if (jsonPath != "-") {
#ifdef HALYARD_BENCH_CPU
            if (cpu->parsed()) {
                fmt::print("{}", halyard::bench::cpuTable(results));
            } else
#endif
            {
                printText(results);
            }
        }
        if (!jsonPath.empty()) {
            writeJson(results, jsonPath);
        }
#ifdef HALYARD_BENCH_CPU
        if (!plotPath.empty()) {
            writeFile(plotPath, halyard::bench::cpuPlot(results));
        }
#endif
        for (const std::string& bound : bounds) {
            requireAtMost(results, bound);
        }
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "halyard-bench: {}\n", error.what());
        return 1;
    }
}
