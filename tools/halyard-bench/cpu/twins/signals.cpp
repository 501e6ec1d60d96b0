// Kernels on signals and images: the stencil in three dimensions, the convolution, Fourier transforms.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "convolution_cl.spv.h"
#include "convolution_cl.txt.h"
#include "cpu/twin.h"
#include "fft_cl.spv.h"
#include "fft_cl.txt.h"
#include "stencil3d_cl.spv.h"
#include "stencil3d_cl.txt.h"

namespace halyard::bench::cpu {

Twin makeStencil3d(const Sizes& sizes) {
    const uint32_t width = sizes.small ? 64 : 256;
    const uint32_t height = sizes.small ? 8 : 256;
    const uint32_t depth = sizes.small ? 6 : 256;
    Twin twin = {};
    twin.name = "stencil3d";
    twin.sizes = fmt::format("{} x {} x {}, 7 points, groups of 32 x 4 x 2", width, height, depth);
    twin.code = {stencil3d_cl_txt, stencil3d_cl_spv, stencil3d_cl_spv_size};
    twin.groups = {width / 32, height / 4, depth / 2};
    twin.groupSize = {32, 4, 2};
    const size_t count = size_t{width} * height * depth;
    twin.buffers = {randomFloats(count, -1, 1), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, width, height, depth};
    twin.output = 1;
    twin.expected = [in = twin.buffers[0], width, height, depth](size_t i) {
        const size_t x = i % width;
        const size_t y = i / width % height;
        const size_t z = i / width / height;
        if (x == 0 || y == 0 || z == 0 || x == width - 1 || y == height - 1 || z == depth - 1) {
            return 0.0;
        }
        const size_t plane = size_t{width} * height;
        const double around = double{at(in, i - 1)} + at(in, i + 1) + at(in, i - width) + at(in, i + width) +
                              at(in, i - plane) + at(in, i + plane);
        return 0.4 * at(in, i) + 0.1 * around;
    };
    twin.stride = 1;
    twin.tolerance = 10 * kFloatRounding; // ten roundings, of values of at most 1; the weights' own included
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [width, height, depth](const OpenMp& omp, const Memory& m) {
        omp.stencil3d(m.floats(0), m.floats(1), width, height, depth);
    };
    return twin;
}

Twin makeConvolution(const Sizes& sizes) {
    const uint32_t side = sizes.small ? 48 : 2048;
    const uint32_t padded = side + 6;
    constexpr float kLargest = 1.0f / 49;
    Twin twin = {};
    twin.name = "convolution";
    twin.sizes = fmt::format("{0} x {0}, 7 x 7 weights, groups of 16 x 16", side);
    twin.code = {convolution_cl_txt, convolution_cl_spv, convolution_cl_spv_size};
    twin.groups = {side / 16, side / 16, 1};
    twin.groupSize = {16, 16, 1};
    const size_t count = size_t{side} * side;
    twin.buffers = {randomFloats(size_t{padded} * padded, -1, 1), randomFloats(49, -kLargest, kLargest, 8),
                    Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, side};
    twin.output = 2;
    twin.expected = [in = twin.buffers[0], weights = twin.buffers[1], side, padded](size_t i) {
        double sum = 0;
        for (size_t j = 0; j < 49; ++j) {
            sum += double{at(in, (i / side + j / 7) * padded + i % side + j % 7)} * at(weights, j);
        }
        return sum;
    };
    twin.stride = count > 100000 ? 7 : 1;
    twin.tolerance = 49 * kFloatRounding; // a rounding a term, of sums of at most 1
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.operations = 2.0 * 49 * static_cast<double>(count);
    twin.openmp = [side](const OpenMp& omp, const Memory& m) {
        omp.convolution(m.floats(0), m.floats(1), m.floats(2), side, side);
    };
    return twin;
}

Twin makeFft(const Sizes& sizes) {
    const uint32_t transforms = sizes.small ? 3 : 2048;
    constexpr size_t kPoints = 1024;
    Twin twin = {};
    twin.name = "fft";
    twin.sizes = fmt::format("{} transforms of {}, a group of 256 each", transforms, kPoints);
    twin.code = {fft_cl_txt, fft_cl_spv, fft_cl_spv_size};
    twin.groups = {transforms, 1, 1};
    twin.groupSize = {256, 1, 1};
    std::array<double, kPoints> cosines{};
    std::array<double, kPoints> sines{};
    Words roots;
    for (size_t t = 0; t < kPoints; ++t) {
        const double angle = -2.0 * 3.14159265358979323846 * static_cast<double>(t) / kPoints;
        cosines[t] = std::cos(angle);
        sines[t] = std::sin(angle);
        for (const double part : {cosines[t], sines[t]}) {
            roots.push_back(asWord(static_cast<float>(part)));
        }
    }
    const size_t count = transforms * kPoints * 2;
    twin.buffers = {randomFloats(count, -1, 1), std::move(roots), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}};
    twin.output = 2;
    twin.expected = [in = twin.buffers[0], cosines, sines](size_t i) {
        const size_t first = i / (2 * kPoints) * (2 * kPoints);
        const size_t bin = i % (2 * kPoints) / 2;
        double sum = 0;
        for (size_t j = 0; j < kPoints; ++j) {
            const size_t turn = j * bin % kPoints;
            const double re = at(in, first + 2 * j);
            const double im = at(in, first + 2 * j + 1);
            sum += i % 2 == 0 ? re * cosines[turn] - im * sines[turn] : re * sines[turn] + im * cosines[turn];
        }
        return sum;
    };
    twin.stride = transforms > 100 ? 1009 : 7;
    // Of the result's norm, log2(n) times 7 roundings at most (Higham, Accuracy and Stability, 24.1); that norm is
    // n sqrt(2 / 3) for such numbers, and at worst all of the error is in one of them.
    twin.tolerance = 10 * 7 * kFloatRounding * 1024 * 0.82;
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.operations = transforms * 5.0 * kPoints * 10; // 5 n log2(n), as is usual
    twin.openmp = [transforms](const OpenMp& omp, const Memory& m) {
        omp.fft(m.floats(0), m.floats(1), m.floats(2), transforms);
    };
    return twin;
}

} // namespace halyard::bench::cpu
