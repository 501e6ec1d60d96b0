// spirv_random: random kernels, run on several devices and compared to the bit. A failing one is minimised, and its
// seed and text are printed: `spirv_random --seed N` repeats it.
#include "random/compare.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace {

using namespace halyard::spirvtest;
namespace random = halyard::spirvtest::random;

struct Options {
    uint64_t seed = 1;
    uint64_t count = 1;
    int attempts = 300;
    uint64_t stopAfter = 3;
    std::vector<std::string> devices{"reference", "cpu"};
    std::string write;
    random::Features features;
};

void report(uint64_t seed, const std::string& words, const random::Program& program, const std::string& smallest) {
    fmt::print("seed {}: {}\n", seed, words);
    fmt::print("smallest failing form ({} nodes, workgroup {}x{}x{}, grid {}x{}x{}): {}\n{}\n", random::sizeOf(program),
               program.workgroupSize[0], program.workgroupSize[1], program.workgroupSize[2], program.workgroups[0],
               program.workgroups[1], program.workgroups[2], smallest, random::disassemble(random::render(program)));
    std::fflush(stdout);
}

int run(const Options& options) {
    std::vector<std::unique_ptr<oracle::Oracle>> owned;
    std::vector<oracle::Oracle*> devices;
    for (const std::string& selector : options.devices) {
        std::string why;
        owned.push_back(oracle::open(selector, &why));
        if (owned.back() == nullptr) {
            fmt::print(stderr, "spirv_random: no device '{}': {}\n", selector, why);
            return 1;
        }
        devices.push_back(owned.back().get());
    }
    uint64_t failures = 0, ran = 0;
    for (uint64_t seed = options.seed; seed < options.seed + options.count; ++seed) {
        random::Program program = random::generate(seed, options.features);
        if (!std::all_of(devices.begin(), devices.end(),
                         [&](const oracle::Oracle* device) { return device->takes(program.flavour); }))
            continue;
        ++ran;
        const std::string words = random::disagreement(program, devices);
        if (words.empty())
            continue;
        // A wrong result must stay one: smaller programs that are merely refused say nothing of it.
        const auto isWrong = [](const std::string& text) { return text.find(" differ in ") != std::string::npos; };
        program = random::minimise(std::move(program), options.attempts, [&](const random::Program& candidate) {
            const std::string again = random::disagreement(candidate, devices);
            return !again.empty() && isWrong(again) == isWrong(words);
        });
        report(seed, words, program, random::disagreement(program, devices));
        if (++failures == options.stopAfter)
            break;
    }
    fmt::print("spirv_random: seeds {} to {} on {}: {} ran, {} failed\n", options.seed,
               options.seed + options.count - 1, fmt::join(options.devices, ", "), ran, failures);
    return failures == 0 && ran > 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("Random kernels on several devices, compared to the bit.");
    app.add_option("--seed", options.seed, "first seed");
    app.add_option("--count", options.count, "how many seeds")->check(CLI::PositiveNumber);
    app.add_option("--devices", options.devices,
                   "devices by selector, pocl and lavapipe among them; the first is what the others must agree with")
        ->delimiter(',');
    app.add_option("--attempts", options.attempts, "how many smaller programs to try for a failing one");
    app.add_option("--stop-after", options.stopAfter, "failures after which to stop");
    app.add_flag("!--no-subgroups", options.features.subgroups, "no subgroup operations");
    app.add_flag("!--no-float", options.features.floats, "no floating-point numbers");
    app.add_option("--write", options.write, "write the module of --seed to this file and run nothing");
    CLI11_PARSE(app, argc, argv);
    if (!options.write.empty()) {
        const Words words = random::render(random::generate(options.seed, options.features));
        std::ofstream file(options.write, std::ios::binary);
        file.write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
        return file ? 0 : 1;
    }
    return run(options);
}
