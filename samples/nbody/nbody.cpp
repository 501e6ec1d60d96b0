// Bodies under their own gravity: all pairs, tiles in workgroup memory. The first step is compared with the host body
// by body; after all steps the total momentum must still be what it was.
#include <algorithm>
#include <array>
#include <utility>

#include "../common/sample.h"
#include "nbody_cl.spv.h"

namespace {

struct Float4 {
    float x, y, z, w;
};

constexpr std::uint32_t kWorkgroup = 128;
constexpr float kTimeStep = 0.01f;
constexpr float kSoftening2 = 0.01f;

std::vector<Float4> randomBodies(std::size_t count, float low, float high, std::uint32_t seed, float w) {
    const std::vector<float> values = sample::randomFloats(count * 3, low, high, seed);
    std::vector<Float4> bodies(count);
    for (std::size_t i = 0; i < count; ++i) {
        bodies[i] = {values[3 * i], values[3 * i + 1], values[3 * i + 2], w};
    }
    return bodies;
}

// The new velocities after one step, and how far a float computation may be from them: each of the n terms is rounded
// about ten times (rsqrt counts four), and adding them rounds n times, relative to the sum of their magnitudes.
struct Expected {
    std::vector<double> velocity, tolerance; // x, y, z of each body
};

Expected hostStep(const std::vector<Float4>& positions, const std::vector<Float4>& velocities) {
    const std::size_t n = positions.size();
    Expected expected{std::vector<double>(3 * n), std::vector<double>(3 * n)};
    for (std::size_t i = 0; i < n; ++i) {
        std::array<double, 3> sum{};
        std::array<double, 3> magnitude{};
        for (const Float4& other : positions) {
            const std::array<double, 3> r = {static_cast<double>(other.x) - positions[i].x,
                                             static_cast<double>(other.y) - positions[i].y,
                                             static_cast<double>(other.z) - positions[i].z};
            const double distance2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2] + kSoftening2;
            const double factor = other.w / (distance2 * std::sqrt(distance2));
            for (std::size_t axis = 0; axis < 3; ++axis) {
                sum[axis] += r[axis] * factor;
                magnitude[axis] += std::fabs(r[axis] * factor);
            }
        }
        const std::array<double, 3> before = {velocities[i].x, velocities[i].y, velocities[i].z};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            expected.velocity[3 * i + axis] = before[axis] + sum[axis] * kTimeStep;
            expected.tolerance[3 * i + axis] =
                (static_cast<double>(n + 24) * magnitude[axis] * kTimeStep + 2) * sample::kFloatRounding;
        }
    }
    return expected;
}

std::array<double, 3> momentum(const std::vector<Float4>& velocities, float mass) {
    std::array<double, 3> sum{};
    for (const Float4& velocity : velocities) {
        sum[0] += mass * static_cast<double>(velocity.x);
        sum[1] += mass * static_cast<double>(velocity.y);
        sum[2] += mass * static_cast<double>(velocity.z);
    }
    return sum;
}

bool body(const sample::Run& run) {
    const auto n = static_cast<std::uint32_t>(run.size);
    const float mass = 1.0f / static_cast<float>(n);
    const std::vector<Float4> hostPositions = randomBodies(n, -1, 1, 1, mass);
    const std::vector<Float4> hostVelocities = randomBodies(n, -0.1f, 0.1f, 2, 0);

    halyard::Kernel kernel(halyard::Module(run.device, nbody_cl_spv, nbody_cl_spv_size), "stepBodies");
    halyard::Stream stream(run.device);
    halyard::Buffer<Float4> positions(run.device, n);
    halyard::Buffer<Float4> newPositions(run.device, n);
    halyard::Buffer<Float4> velocities(run.device, n);
    positions.upload(stream, hostPositions);
    velocities.upload(stream, hostVelocities);

    const halyard::LocalMemory tile{kWorkgroup * sizeof(Float4)};
    unsigned steps = 0;
    const auto step = [&] {
        kernel.launch(stream, halyard::groups(n, kWorkgroup), {kWorkgroup, 1, 1}, positions, newPositions, velocities,
                      tile, n, kTimeStep, kSoftening2);
        std::swap(positions, newPositions);
        ++steps;
    };

    step();
    std::vector<Float4> result(n);
    velocities.download(stream, result);
    stream.synchronize();
    const Expected expected = hostStep(hostPositions, hostVelocities);
    const auto axisOf = [](const Float4& value, std::size_t axis) {
        return axis == 0 ? value.x : axis == 1 ? value.y : value.z;
    };
    bool right = sample::matches(
        "velocity after one step", expected.velocity.size(),
        [&](std::size_t i) { return axisOf(result[i / 3], i % 3); },
        [&](std::size_t i) { return expected.velocity[i]; }, [&](std::size_t i) { return expected.tolerance[i]; });

    const double time = sample::medianSeconds(run, stream, step);
    velocities.download(stream, result);
    stream.synchronize();
    const std::array<double, 3> before = momentum(hostVelocities, mass);
    const std::array<double, 3> after = momentum(result, mass);
    // Each step may move the mean velocity by what it may move one, in the worst case.
    const double drift = steps * *std::max_element(expected.tolerance.begin(), expected.tolerance.end());
    right = sample::matches(
                "momentum after " + std::to_string(steps) + " steps", 3, [&](std::size_t i) { return after[i]; },
                [&](std::size_t i) { return before[i]; }, [&](std::size_t) { return drift; }) &&
            right;
    // 20 operations a pair is how n-body programs count.
    sample::report("step", time, 20.0 * n * n / time / 1e9, "GFLOP/s", right);
    return right;
}

} // namespace

int main(int argc, char** argv) {
    sample::Config config;
    config.name = "nbody";
    config.description = "Bodies under their own gravity, all pairs.";
    config.sizeMeaning = "bodies";
    config.size = 4096;
    config.quickSize = 300; // not a multiple of the workgroup
    config.maxSize = 1000000;
    return sample::Program(config).run(argc, argv, body);
}
