#include <cmath>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "bench.h"
#include "openmp_saxpy.h"
#include "saxpy_cl.spv.h"

namespace halyard::bench {
namespace {

constexpr uint32_t kCount = 16u << 20; // 64 MiB of floats
constexpr uint32_t kWorkgroup = 256;
constexpr float kA = 0x1p-4f;

// The idle threads of either side wait actively for a while, on the cores that the other would use.
void letThreadsSettle() {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

// All values are powers of two small enough for exact sums, so both sides must end with exactly this.
float expected(unsigned steps) {
    return 1.0f + static_cast<float>(steps) * kA;
}

void requireAll(const char* side, const float* values, float want) {
    for (size_t i = 0; i < kCount; ++i) {
        if (values[i] != want) {
            throw std::runtime_error(
                fmt::format("{} computed a wrong result: y[{}] is {} and should be {}", side, i, values[i], want));
        }
    }
}

// Where the host reaches a buffer, or null: then the loop cannot run on the device's own memory.
float* hostAddress(const Instance& instance, const Buffer<float>& buffer) {
    HyPointerInfo info = {};
    info.structSize = sizeof info;
    check(hyPointerGetInfo(instance.get(), buffer.address(), &info));
    return static_cast<float*>(info.hostAddress);
}

} // namespace

Results measureSaxpy(const Options& options) {
    const Instance instance;
    const Device device = chooseDevice(instance, options);
    const std::unique_ptr<float[]> x(new float[kCount]);
    const std::unique_ptr<float[]> y(new float[kCount]);
    openmpFill(x.get(), 1.0f, kCount);
    openmpFill(y.get(), 1.0f, kCount);

    const Kernel kernel(Module(device, saxpy_cl_spv, saxpy_cl_spv_size), "saxpy");
    const Stream stream(device);
    Buffer<float> deviceX(device, kCount);
    Buffer<float> deviceY(device, kCount);
    deviceX.fill(stream, 1.0f);
    deviceY.fill(stream, 1.0f);
    stream.synchronize();

    float* const sharedX = hostAddress(instance, deviceX);
    float* const sharedY = hostAddress(instance, deviceY);

    std::vector<double> ours;
    std::vector<double> openmp;
    std::vector<double> openmpShared;
    constexpr unsigned kWarmUps = 3;
    const unsigned steps = kWarmUps + options.repetitions;
    for (unsigned i = 0; i < steps; ++i) {
        letThreadsSettle();
        const double oursTime = nanoseconds([&] {
            kernel.launch(stream, groups(kCount, kWorkgroup), {kWorkgroup, 1, 1}, kA, deviceX, deviceY, kCount);
            stream.synchronize();
        });
        letThreadsSettle();
        const double openmpTime = nanoseconds([&] { openmpSaxpy(kA, x.get(), y.get(), kCount); });
        letThreadsSettle();
        const double sharedTime =
            sharedY != nullptr ? nanoseconds([&] { openmpSaxpy(kA, sharedX, sharedY, kCount); }) : 0;
        if (i >= kWarmUps) {
            ours.push_back(oursTime);
            openmp.push_back(openmpTime);
            openmpShared.push_back(sharedTime);
        }
    }
    requireAll("OpenMP", y.get(), expected(steps));
    deviceY.download(stream, y.get(), kCount);
    stream.synchronize();
    requireAll("Halyard", y.get(), expected(sharedY != nullptr ? 2 * steps : steps));

    const double bytes = 3.0 * kCount * sizeof(float);
    Results results = {
        {"saxpy.halyard", bytes / median(ours), "GB/s", "64 MiB arrays, launch and wait"},
        {"saxpy.openmp", bytes / median(openmp), "GB/s",
         fmt::format("the same loop on malloc memory, {} threads, the host's compiler for this processor",
                     openmpThreads())},
        {"saxpy.ratio", median(openmp) / median(ours), "x", "Halyard's speed in terms of OpenMP's; above 1 is faster"}};
    if (sharedY != nullptr) {
        results.push_back(
            {"saxpy.openmp.shared", bytes / median(openmpShared), "GB/s", "the same loop on Halyard's device memory"});
        results.push_back(
            {"saxpy.ratio.shared", median(openmpShared) / median(ours), "x", "the ratio on the same memory"});
    }
    return results;
}

} // namespace halyard::bench
