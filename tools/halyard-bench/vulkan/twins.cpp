#include "vulkan/twins.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "saxpy_comp.spv.h"
#include "sgemm_comp.spv.h"
#include "softmax_comp.spv.h"
#include "transpose_comp.spv.h"

namespace halyard::bench::vulkan {
namespace {

constexpr float kFactor = 0.25f;

template <size_t Size> std::span<const uint32_t> wordsOf(const uint32_t (&words)[Size]) {
    return {words, Size};
}

std::vector<float> saxpy(const Twin::Contents& in) {
    std::vector<float> out = in[1];
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = kFactor * in[0][i] + out[i];
    }
    return out;
}

std::vector<float> transpose(const Twin::Contents& in, uint32_t side) {
    std::vector<float> out(in[1].size());
    for (size_t y = 0; y < side; ++y) {
        for (size_t x = 0; x < side; ++x) {
            out[x * side + y] = in[0][y * side + x];
        }
    }
    return out;
}

std::vector<float> sgemm(const Twin::Contents& in, uint32_t n) {
    std::vector<float> out(in[2].size());
    for (size_t y = 0; y < n; ++y) {
        for (size_t k = 0; k < n; ++k) {
            for (size_t x = 0; x < n; ++x) {
                out[y * n + x] += in[0][y * n + k] * in[1][k * n + x];
            }
        }
    }
    return out;
}

std::vector<float> softmax(const Twin::Contents& in, uint32_t columns) {
    std::vector<float> out(in[1].size());
    for (size_t row = 0; row < out.size(); row += columns) {
        const auto begin = in[0].begin() + static_cast<ptrdiff_t>(row);
        const float largest = *std::max_element(begin, begin + columns);
        double sum = 0;
        for (size_t i = row; i < row + columns; ++i) {
            sum += std::exp(static_cast<double>(in[0][i] - largest));
        }
        for (size_t i = row; i < row + columns; ++i) {
            out[i] = static_cast<float>(std::exp(static_cast<double>(in[0][i] - largest)) / sum);
        }
    }
    return out;
}

} // namespace

std::vector<Twin> makeTwins(bool small) {
    const uint32_t elements = small ? 5000 : 8u << 20;
    const uint32_t side = small ? 64 : 2048;     // transpose
    const uint32_t n = small ? 32 : 256;         // sgemm
    const uint32_t rows = small ? 3 : 1024;      // softmax
    const uint32_t columns = small ? 300 : 2048; // softmax
    const size_t square = size_t{side} * side;
    const size_t matrix = size_t{n} * n;
    const size_t table = size_t{rows} * columns;
    std::vector<Twin> twins;
    twins.push_back({"saxpy",
                     wordsOf(saxpy_comp_spv),
                     {(elements + 255) / 256, 1, 1},
                     {256, 1, 1},
                     {elements, elements},
                     {std::bit_cast<uint32_t>(kFactor), elements},
                     12.0 * elements,
                     "GB/s",
                     saxpy});
    twins.push_back({"transpose",
                     wordsOf(transpose_comp_spv),
                     {side / 16, side / 16, 1},
                     {16, 16, 1},
                     {square, square},
                     {side},
                     8.0 * side * side,
                     "GB/s",
                     [side](const Twin::Contents& in) { return transpose(in, side); }});
    twins.push_back({"sgemm",
                     wordsOf(sgemm_comp_spv),
                     {n / 16, n / 16, 1},
                     {16, 16, 1},
                     {matrix, matrix, matrix},
                     {n},
                     2.0 * n * n * n,
                     "GFLOP/s",
                     [n](const Twin::Contents& in) { return sgemm(in, n); }});
    twins.push_back({"softmax",
                     wordsOf(softmax_comp_spv),
                     {rows, 1, 1},
                     {256, 1, 1},
                     {table, table},
                     {columns},
                     8.0 * rows * columns,
                     "GB/s",
                     [columns](const Twin::Contents& in) { return softmax(in, columns); }});
    return twins;
}

} // namespace halyard::bench::vulkan
