// halyard-bench cpu: our cpu device beside PoCL, OpenMP and intrinsics, in one process and in turns. No time is taken
// of a side whose result is wrong.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "bench.h"
#include "cpu/native/native.h"
#include "cpu/side.h"

namespace halyard::bench {
namespace cpu {
namespace {

constexpr int kSpinMs = 1;
constexpr auto kPause = std::chrono::milliseconds(3);             // until the threads of the side before sleep
constexpr auto kSpecialisation = std::chrono::milliseconds(1500); // the compiler's, in the background
constexpr unsigned kWarmUps = 3;
constexpr double kShortest = 2e6; // nanoseconds: a sample takes at least that long

struct Runner {
    std::string name; // "halyard", "pocl"...
    std::unique_ptr<Side> side;
    unsigned launches = 1; // of a sample
    std::vector<double> samples;
};

double valueOf(const Twin& twin, uint32_t word) {
    return twin.integers ? double{static_cast<double>(word)} : double{asFloat(word)};
}

bool near(const Twin& twin, uint32_t word, double expected) {
    const double value = valueOf(twin, word);
    const double scale = twin.integers ? 1.0 : std::max(1.0, std::fabs(expected));
    return std::fabs(value - expected) <= twin.tolerance * scale; // false for a NaN
}

// What plain C++ computes, at every stride-th element. Most kernels' take longer than the kernels do.
std::vector<double> expectations(const Twin& twin) {
    std::vector<double> values;
    for (size_t i = 0; i < twin.buffers[twin.output].size(); i += twin.stride) {
        values.push_back(twin.expected(i));
    }
    return values;
}

// Throws unless `words` are what plain C++ expects and, if given, what another side computed at all other places.
void requireRight(const Twin& twin, const std::string& side, const Words& words, const std::vector<double>& expected,
                  const Words* other) {
    size_t wrong = 0;
    size_t firstWrong = 0;
    double want = 0;
    const auto look = [&](size_t i, double value) {
        if (!near(twin, words[i], value) && wrong++ == 0) {
            firstWrong = i;
            want = value;
        }
    };
    for (size_t i = 0; i < words.size(); ++i) {
        if (i % twin.stride == 0) {
            look(i, expected[i / twin.stride]);
        } else if (other != nullptr) {
            look(i, valueOf(twin, (*other)[i]));
        }
    }
    if (static_cast<double>(wrong) > twin.mismatches * static_cast<double>(words.size())) {
        throw std::runtime_error(fmt::format("{}: {} computed {} wrong values of {}, first [{}]: {} and not {}",
                                             twin.name, side, wrong, words.size(), firstWrong,
                                             valueOf(twin, words[firstWrong]), want));
    }
}

void checkAll(const Twin& twin, std::vector<Runner>& runners, const std::vector<double>& expected) {
    Words first;
    for (Runner& runner : runners) {
        runner.side->reset();
        runner.side->run();
        Words words = runner.side->output();
        requireRight(twin, runner.name, words, expected, first.empty() ? nullptr : &first);
        first = std::move(words);
    }
}

double sample(Runner& runner) {
    std::this_thread::sleep_for(kPause);
    return nanoseconds([&] {
               for (unsigned i = 0; i < runner.launches; ++i) {
                   runner.side->run();
               }
           }) /
           runner.launches;
}

void addTimes(Results& results, const Twin& twin, const std::vector<Runner>& runners, double roof) {
    const double ours = median(runners.front().samples);
    for (const Runner& runner : runners) {
        std::vector<double> sorted = runner.samples;
        std::sort(sorted.begin(), sorted.end());
        const double middle = median(sorted);
        const double spread = (sorted[sorted.size() * 3 / 4] - sorted[sorted.size() / 4]) / middle * 100;
        results.push_back({twin.name + "." + runner.name, middle / 1e6, "ms", twin.sizes});
        results.push_back({twin.name + "." + runner.name + ".spread", spread, "%", "middle half of the samples"});
        if (&runner != &runners.front()) {
            results.push_back(
                {twin.name + ".vs_" + runner.name, middle / ours, "x", "its time by ours; above 1 we are faster"});
        }
    }
    results.push_back({twin.name + ".roof", roof / 1e6, "ms", "the machine's bandwidth or multiply-adds"});
}

struct Machine {
    double bandwidth;    // bytes a second
    double multiplyAdds; // operations a second
};

class Bench {
public:
    explicit Bench(const Options& options)
        : options_(options), device_(chooseDevice(instance_, options)), stream_(device_) {
        setNativeSpin(kSpinMs);
        plain::fillClassics(plain_);
        plain::fillMore(plain_);
        fast::fillClassics(fast_);
        fast::fillMore(fast_);
        opencl_ = openOpenCl(options.checkOnly, noOpenCl_);
    }
    Results measure() {
        Results results;
        const auto note = [&](const char* name, const std::string& text) {
            results.push_back({name, std::nan(""), "", text});
        };
        char date[32] = {};
        const std::time_t now = std::time(nullptr);
        std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
        note("about.date", date);
        note("about.halyard", device_.properties().name);
        note("about.pocl", opencl_ != nullptr ? opencl_->name() : "none: " + noOpenCl_);
        note("about.openmp", fmt::format("{} -O3 -march=native -ffast-math -fopenmp, {} threads", HALYARD_TWIN_COMPILER,
                                         nativeThreads()));
        note("about.openmp_fast", "the same with -mprefer-vector-width=512 -fveclib=libmvec");
        const Machine machine = options_.checkOnly ? Machine{1, 1} : measureMachine();
        if (!options_.checkOnly) {
            results.push_back({"roof.bandwidth", machine.bandwidth / 1e9, "GB/s", "c = a + b over 3 x 64 MiB"});
            results.push_back({"roof.multiply_adds", machine.multiplyAdds / 1e9, "GFLOP/s", "16 chains of 512 bits"});
        }
        bool found = false;
        for (const auto& [name, make] : twinMakers()) {
            if (options_.kernel.empty() || options_.kernel == name) {
                found = true;
                measureTwin(results, make({options_.checkOnly}), machine);
            }
        }
        if (!found) {
            throw std::runtime_error("--kernel: there is no kernel " + options_.kernel);
        }
        return results;
    }

private:
    static Machine measureMachine() {
        const size_t count = 16u << 20;
        Twin twin = {};
        twin.buffers = {Words(count), Words(count), Words(count)};
        double bandwidth = 0;
        const std::unique_ptr<Side> triad = makeHostSide(
            twin, [&](const Memory& m) { bandwidth = measureBandwidth(m.floats(0), m.floats(1), m.floats(2), count); });
        triad->run();
        return {bandwidth, measureMultiplyAdds()};
    }

    std::vector<Runner> makeRunners(const Twin& twin) {
        std::vector<Runner> runners;
        runners.push_back({"halyard", makeHalyardSide(device_, stream_, twin), 1, {}});
        if (opencl_ != nullptr) {
            runners.push_back({"pocl", opencl_->makeSide(twin), 1, {}});
        }
        for (const auto& [name, table] : {std::pair{"openmp", &plain_}, std::pair{"openmp_fast", &fast_}}) {
            const auto loop = [&twin, table = table](const Memory& memory) { twin.openmp(*table, memory); };
            runners.push_back({name, makeHostSide(twin, loop), 1, {}});
        }
        if (twin.wide && haveWide()) {
            runners.push_back({"wide", makeHostSide(twin, twin.wide), 1, {}});
        }
        return runners;
    }

    void measureTwin(Results& results, const Twin& twin, const Machine& machine) {
        const std::vector<double> expected = expectations(twin);
        std::vector<Runner> runners = makeRunners(twin);
        checkAll(twin, runners, expected);
        if (options_.checkOnly) {
            results.push_back({twin.name + ".right", static_cast<double>(runners.size()), "sides", twin.sizes});
            return;
        }
        for (Runner& runner : runners) {
            for (unsigned i = 0; i < kWarmUps; ++i) {
                runner.side->run();
            }
        }
        // Ours compiles for the workgroup size behind our back after the first launches: that code is measured, and
        // checked like the first.
        std::this_thread::sleep_for(kSpecialisation);
        checkAll(twin, runners, expected);
        for (Runner& runner : runners) {
            runner.launches = 1 + static_cast<unsigned>(kShortest / sample(runner));
        }
        for (unsigned i = 0; i < options_.repetitions; ++i) {
            for (Runner& runner : runners) {
                runner.samples.push_back(sample(runner));
            }
        }
        const double roof = std::max(twin.bytes / machine.bandwidth, twin.operations / machine.multiplyAdds) * 1e9;
        addTimes(results, twin, runners, roof);
        fmt::print(stderr, "{}: {:.3f} ms\n", twin.name, median(runners.front().samples) / 1e6);
    }

    Options options_;
    Instance instance_;
    Device device_;
    Stream stream_;
    OpenMp plain_ = {};
    OpenMp fast_ = {};
    std::string noOpenCl_;
    std::unique_ptr<OpenCl> opencl_;
};

} // namespace
} // namespace cpu

Results measureCpu(const Options& options) {
    if (options.checkOnly) {
        // The code for the workgroup size is looked at in the first launch: nothing is waited for.
        setenv("HALYARD_CPU_SPECIALISE", "sync", 1);
    }
    return cpu::Bench(options).measure();
}

} // namespace halyard::bench
