// What the samples share: options, the choice of devices, timing, checking and printing. Nothing here is about
// Halyard's interface: read the samples themselves for that.
#ifndef HALYARD_SAMPLES_COMMON_SAMPLE_H
#define HALYARD_SAMPLES_COMMON_SAMPLE_H

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "halyard/halyard.hpp"

namespace CLI {
class App;
}

namespace sample {

// One run of a sample on one device.
struct Run {
    halyard::Device device;
    HyDeviceProperties properties;
    std::uint64_t size;
    unsigned runs; // timed repetitions
};

struct Config {
    std::string name;
    std::string description;
    std::string sizeMeaning; // "elements of each array"
    std::uint64_t size;
    std::uint64_t quickSize;
    std::uint64_t maxSize = 1u << 30;
    HyCapabilities needs = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL;
};

// A sample's main: parses the options, then calls the body for each chosen device that has what the sample needs.
class Program {
public:
    explicit Program(Config config);
    ~Program();

    // For options of the sample's own; add them before run().
    CLI::App& options();

    // The body returns whether the results were right; what it throws counts as a failure. The answer is main's exit
    // status: 0 when it ran on at least one device, on every required one, and every result was right; 1 otherwise; 2
    // for a wrong option.
    int run(int argc, char** argv, const std::function<bool(const Run&)>& body);

private:
    struct Options;
    Config config_;
    std::unique_ptr<Options> options_;
};

// The median of run.runs times of `submit` plus the wait for `stream`, after a warm-up of at least two calls and 20 ms,
// in seconds. The clock is the host's, so the time of the launch and of the wait is in it.
double medianSeconds(const Run& run, const halyard::Stream& stream, const std::function<void()>& submit);

// The seconds that `work` takes, once.
double seconds(const std::function<void()>& work);

// Middle value; the mean of the middle two of an even number. Not for an empty list.
double median(std::vector<double> values);

// One line of results: what ran, its time, a rate with its unit, and whether the results were right.
void report(const std::string& variant, double seconds, double rate, const std::string& unit, bool right);
// One line for a variant that this device cannot run, with the reason.
void reportNotRun(const std::string& variant, const std::string& reason);
// One line of anything else.
void note(const std::string& text);

// Uniform in [low, high), the same on every machine for the same seed.
std::vector<float> randomFloats(std::size_t count, float low, float high, std::uint32_t seed);

// Says where the results are wrong: at most one line a call, the first element and the number of wrong ones.
void reportMismatch(const std::string& what, std::size_t index, double got, double want, double tolerance,
                    std::size_t wrong, std::size_t count);

// Compares `count` values with what they should be; |got(i) - want(i)| may be at most tolerance(i). A NaN is never
// right.
template <typename Got, typename Want, typename Tolerance>
bool matches(const std::string& what, std::size_t count, Got got, Want want, Tolerance tolerance) {
    std::size_t wrong = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double difference = std::fabs(static_cast<double>(got(i)) - static_cast<double>(want(i)));
        if (!(difference <= tolerance(i))) {
            first = wrong == 0 ? i : first;
            ++wrong;
        }
    }
    if (wrong > 0) {
        reportMismatch(what, first, static_cast<double>(got(first)), static_cast<double>(want(first)), tolerance(first),
                       wrong, count);
    }
    return wrong == 0;
}

// Half a unit in the last place of 1.0f: the relative error of one rounded float operation.
constexpr double kFloatRounding = 0x1p-24;

} // namespace sample

#endif // HALYARD_SAMPLES_COMMON_SAMPLE_H
