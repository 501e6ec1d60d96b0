// Kernels of learning: the nearest centres of k-means, attention.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cpu/twin.h"
#include "kmeans_cl.spv.h"
#include "kmeans_cl.txt.h"
#include "twins_cl.spv.h"
#include "twins_cl.txt.h"

namespace halyard::bench::cpu {
namespace {

// Whole numbers from -64 to 63, so that the squares of distances are exact and equally near centres are no matter of
// rounding.
Words wholeFloats(size_t count, uint32_t seed) {
    Words words = randomWords(count, seed);
    for (uint32_t& word : words) {
        word = asWord(static_cast<float>(static_cast<int32_t>(word >> 25) - 64));
    }
    return words;
}

} // namespace

Twin makeKmeans(const Sizes& sizes) {
    const uint32_t count = sizes.small ? 5000 : 1u << 20;
    constexpr uint32_t kCentres = 32;
    constexpr uint32_t kDimensions = 8;
    Twin twin = {};
    twin.name = "kmeans";
    twin.sizes = fmt::format("{} points, {} centres, {} dimensions, groups of 256", count, kCentres, kDimensions);
    twin.code = {kmeans_cl_txt, kmeans_cl_spv, kmeans_cl_spv_size};
    twin.groups = {(count + 255) / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {wholeFloats(size_t{count} * kDimensions, 7), wholeFloats(size_t{kCentres} * kDimensions, 8),
                    Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, count, kCentres};
    twin.output = 2;
    twin.integers = true;
    twin.expected = [points = twin.buffers[0], centres = twin.buffers[1], count](size_t i) {
        double least = INFINITY;
        double best = 0;
        for (uint32_t c = 0; c < kCentres; ++c) {
            double square = 0;
            for (uint32_t d = 0; d < kDimensions; ++d) {
                const double away = double{at(points, size_t{d} * count + i)} - at(centres, c * kDimensions + d);
                square += away * away;
            }
            if (square < least) {
                least = square;
                best = c;
            }
        }
        return best;
    };
    twin.stride = count > 100000 ? 7 : 1;
    twin.bytes = 4.0 * (kDimensions + 1) * count;
    twin.operations = 3.0 * kDimensions * kCentres * count;
    twin.openmp = [count](const OpenMp& omp, const Memory& m) {
        omp.kmeans(m.floats(0), m.floats(1), m.words(2), count, kCentres);
    };
    return twin;
}

Twin makeAttention(const Sizes& sizes) {
    const uint32_t heads = sizes.small ? 2 : 4;
    const uint32_t length = sizes.small ? 64 : 1024;
    constexpr size_t kSize = 64; // of a row, as the kernel has it
    constexpr float kScale = 0.125f;
    Twin twin = {};
    twin.name = "attention";
    twin.sizes = fmt::format("{} heads, {} queries and keys of {}, groups of 64", heads, length, kSize);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {length / 64, heads, 1};
    twin.groupSize = {64, 1, 1};
    const size_t count = size_t{heads} * length * kSize;
    twin.buffers = {randomFloats(count, -1, 1), randomFloats(count, -1, 1, 8), randomFloats(count, -1, 1, 9),
                    Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, Slot{3}, length, kScale};
    twin.output = 3;
    // Many elements of a row are asked in turn.
    struct Row {
        size_t index = SIZE_MAX;
        std::vector<double> weights; // their sum is 1
    };
    twin.expected = [q = twin.buffers[0], k = twin.buffers[1], v = twin.buffers[2], length,
                     row = Row{}](size_t i) mutable {
        const size_t head = i / (length * kSize) * (length * kSize);
        if (row.index != i / kSize) {
            row.index = i / kSize;
            row.weights.assign(length, 0.0);
            double sum = 0;
            for (size_t key = 0; key < length; ++key) {
                for (size_t d = 0; d < kSize; ++d) {
                    row.weights[key] += double{at(q, row.index * kSize + d)} * at(k, head + key * kSize + d);
                }
                row.weights[key] = std::exp(row.weights[key] * kScale); // scores are at most 8: no overflow
                sum += row.weights[key];
            }
            std::for_each(row.weights.begin(), row.weights.end(), [&](double& weight) { weight /= sum; });
        }
        double result = 0;
        for (size_t key = 0; key < length; ++key) {
            result += row.weights[key] * at(v, head + key * kSize + i % kSize);
        }
        return result;
    };
    twin.stride = length > 100 ? 7 : 1;
    // Means of values of at most 1. A score's error, 64 products of at most 1/8 each, is one of its weight, to which
    // exp adds 6 half-units and each new maximum 8, of which random scores have far fewer than 32; numerator and
    // denominator both have it.
    twin.tolerance = 2 * (64 * 8 + 6 + 32 * 8) * kFloatRounding;
    twin.bytes = 16.0 * static_cast<double>(count);
    twin.operations = 4.0 * static_cast<double>(count) * length;
    twin.openmp = [heads, length](const OpenMp& omp, const Memory& m) {
        omp.attention(m.floats(0), m.floats(1), m.floats(2), m.floats(3), heads, length, kScale);
    };
    return twin;
}

} // namespace halyard::bench::cpu
