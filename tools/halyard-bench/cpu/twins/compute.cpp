// Kernels that arithmetic bounds: n-body, Mandelbrot, Black-Scholes, ray marching.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "blackscholes_cl.spv.h"
#include "blackscholes_cl.txt.h"
#include "cpu/native/native.h"
#include "cpu/twin.h"
#include "mandelbrot_cl.spv.h"
#include "mandelbrot_cl.txt.h"
#include "raymarch_cl.spv.h"
#include "raymarch_cl.txt.h"
#include "twins_cl.spv.h"
#include "twins_cl.txt.h"

namespace halyard::bench::cpu {
namespace {

double cumulative(double d) {
    return 0.5 * std::erfc(-d * std::sqrt(0.5));
}

double sceneDistance(double x, double y, double z) {
    const double sx = x - 4 * std::floor(x / 4) - 2;
    const double sz = z - 4 * std::floor(z / 4) - 2;
    return std::min(std::sqrt(sx * sx + y * y + sz * sz) - 1, 0.7 * (y + 1.5 + 0.1 * (sx * sx + sz * sz)));
}

struct Ray {
    double depth;
    uint32_t steps;
};

Ray marched(double px, double py, double width, double height, double farEnd) {
    const double u = (px - 0.5 * width) / height;
    const double v = (0.5 * height - py) / height;
    const double length = std::sqrt(u * u + v * v + 1);
    Ray ray = {0, 0};
    for (; ray.steps < 128; ++ray.steps) {
        const double distance =
            sceneDistance(0.3 + ray.depth * u / length, 0.8 + ray.depth * v / length, ray.depth / length);
        if (distance < 0.001 || ray.depth > farEnd) {
            break;
        }
        ray.depth += distance;
    }
    return {std::min(ray.depth, farEnd), ray.steps};
}

} // namespace

Twin makeNbody(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 256 : 16384;
    constexpr float kSoftening = 0.01f;
    Twin twin = {};
    twin.name = "nbody";
    twin.sizes = fmt::format("{} bodies, groups of 256, tiles in local memory", n);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {n / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomFloats(size_t{n} * 4, -1, 1), Words(size_t{n} * 4)};
    twin.arguments = {Slot{0}, Slot{1}, n, kSoftening};
    twin.output = 1;
    twin.expected = [bodies = twin.buffers[0], n](size_t i) {
        const size_t own = i / 4 * 4;
        double sum = 0;
        for (size_t j = 0; i % 4 != 3 && j < size_t{n} * 4; j += 4) {
            const double rx = double{at(bodies, j)} - at(bodies, own);
            const double ry = double{at(bodies, j + 1)} - at(bodies, own + 1);
            const double rz = double{at(bodies, j + 2)} - at(bodies, own + 2);
            const double inverse = 1.0 / std::sqrt(rx * rx + ry * ry + rz * rz + kSoftening);
            sum += (i % 4 == 0 ? rx : i % 4 == 1 ? ry : rz) * at(bodies, j + 3) * inverse * inverse * inverse;
        }
        return sum;
    };
    twin.stride = n > 1000 ? 37 : 1;
    twin.tolerance = 2e-3; // single precision over forces that cancel
    twin.bytes = 32.0 * n;
    twin.operations = 20.0 * n * n;
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.nbody(m.floats(0), m.floats(1), n, kSoftening); };
    twin.wide = [n](const Memory& m) { wideNbody(m.floats(0), m.floats(1), n, kSoftening); };
    return twin;
}

Twin makeMandelbrot(const Sizes& sizes) {
    const uint32_t side = sizes.small ? 64 : 2048;
    constexpr uint32_t kLimit = 256;
    Twin twin = {};
    twin.name = "mandelbrot";
    twin.sizes = fmt::format("{0} x {0}, at most {1} steps, groups of 16 x 16", side, kLimit);
    twin.code = {mandelbrot_cl_txt, mandelbrot_cl_spv, mandelbrot_cl_spv_size};
    twin.groups = {side / 16, side / 16, 1};
    twin.groupSize = {16, 16, 1};
    twin.buffers = {Words(size_t{side} * side)};
    twin.arguments = {Slot{0}, side, kLimit};
    twin.output = 0;
    twin.integers = true;
    twin.expected = [side](size_t i) {
        const float cx = -2.0f + 3.0f * static_cast<float>(i % side) / static_cast<float>(side);
        const float cy = -1.5f + 3.0f * static_cast<float>(i / side) / static_cast<float>(side);
        float x = 0.0f;
        float y = 0.0f;
        uint32_t n = 0;
        while (n < kLimit && x * x + y * y <= 4.0f) {
            const float next = x * x - y * y + cx;
            y = 2.0f * x * y + cy;
            x = next;
            ++n;
        }
        return double{static_cast<double>(n)};
    };
    twin.stride = side > 1000 ? 7 : 1;
    twin.mismatches = 0.02; // compilers may contract, and the set's edge is chaotic
    twin.bytes = 4.0 * side * side;
    double steps = 0;
    for (size_t i = 0; i < twin.buffers[0].size(); i += twin.stride) {
        steps += twin.expected(i) * static_cast<double>(twin.stride);
    }
    twin.operations = 8.0 * steps;
    twin.openmp = [side](const OpenMp& omp, const Memory& m) { omp.mandelbrot(m.words(0), side, kLimit); };
    twin.wide = [side](const Memory& m) { wideMandelbrot(m.words(0), side, kLimit); };
    return twin;
}

Twin makeBlackscholes(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 5000 : 4u << 20;
    Twin twin = {};
    twin.name = "blackscholes";
    twin.sizes = fmt::format("{} options, groups of 256", n);
    twin.code = {blackscholes_cl_txt, blackscholes_cl_spv, blackscholes_cl_spv_size};
    twin.groups = {(n + 255) / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomFloats(n, 5, 30), randomFloats(n, 1, 100, 8), randomFloats(n, 0.25f, 10, 9), Words(n),
                    Words(n)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, Slot{3}, Slot{4}, n};
    twin.output = 3;
    twin.expected = [price = twin.buffers[0], strike = twin.buffers[1], years = twin.buffers[2]](size_t i) {
        const double root = std::sqrt(at(years, i));
        const double d1 = (std::log(double{at(price, i)} / at(strike, i)) + (0.02 + 0.5 * 0.30 * 0.30) * at(years, i)) /
                          (0.30 * root);
        return at(price, i) * cumulative(d1) -
               at(strike, i) * std::exp(-0.02 * at(years, i)) * cumulative(d1 - 0.30 * root);
    };
    twin.stride = 1;
    twin.tolerance = 2e-4; // the polynomial's own error, times a strike of up to 100
    twin.bytes = 20.0 * n;
    twin.openmp = [n](const OpenMp& omp, const Memory& m) {
        omp.blackscholes(m.floats(0), m.floats(1), m.floats(2), m.floats(3), m.floats(4), n);
    };
    twin.wide = [n](const Memory& m) {
        wideBlackscholes(m.floats(0), m.floats(1), m.floats(2), m.floats(3), m.floats(4), n);
    };
    return twin;
}

Twin makeRaymarch(const Sizes& sizes) {
    const uint32_t width = sizes.small ? 64 : 1024;
    const uint32_t height = sizes.small ? 32 : 1024;
    constexpr float kFarEnd = 40.0f;
    Twin twin = {};
    twin.name = "raymarch";
    twin.sizes = fmt::format("{} x {} rays, at most 128 steps, groups of 16 x 16", width, height);
    twin.code = {raymarch_cl_txt, raymarch_cl_spv, raymarch_cl_spv_size};
    twin.groups = {width / 16, height / 16, 1};
    twin.groupSize = {16, 16, 1};
    twin.buffers = {Words(size_t{width} * height)};
    twin.arguments = {Slot{0}, width, height, kFarEnd};
    twin.output = 0;
    const auto ray = [width, height](size_t i) {
        return marched(static_cast<double>(i % width), static_cast<double>(i / width), width, height, kFarEnd);
    };
    twin.expected = [ray](size_t i) { return ray(i).depth; };
    twin.stride = width > 1000 ? 7 : 1;
    twin.tolerance = 0.002; // a march ends within 0.001 of the surface, where a rounding decides on one more step
    twin.mismatches = 0.02; // rays that graze a sphere
    twin.bytes = 4.0 * width * height;
    double steps = 0;
    for (size_t i = 0; i < twin.buffers[0].size(); i += twin.stride) {
        steps += static_cast<double>(ray(i).steps) * static_cast<double>(twin.stride);
    }
    twin.operations = 29.0 * steps;
    twin.openmp = [width, height](const OpenMp& omp, const Memory& m) {
        omp.raymarch(m.floats(0), width, height, kFarEnd);
    };
    return twin;
}

} // namespace halyard::bench::cpu
