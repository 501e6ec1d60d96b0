// Kernels whose invocations work together: reduction, scan, softmax, histogram.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cpu/native/native.h"
#include "cpu/twin.h"
#include "histogram_cl.spv.h"
#include "histogram_cl.txt.h"
#include "scan_cl.spv.h"
#include "scan_cl.txt.h"
#include "twins_cl.spv.h"
#include "twins_cl.txt.h"

namespace halyard::bench::cpu {

Twin makeReduction(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 5000 : 16u << 20;
    const uint32_t groups = sizes.small ? 4 : 1024;
    Twin twin = {};
    twin.name = "reduction";
    twin.sizes = fmt::format("{} floats, {} groups of 256", n, groups);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {groups, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomFloats(n, -1, 1), Words(groups)};
    twin.arguments = {Slot{0}, Slot{1}, n};
    twin.output = 1;
    twin.expected = [in = twin.buffers[0], n, groups](size_t group) {
        double sum = 0;
        for (size_t base = group * 256; base < n; base += size_t{groups} * 256) {
            for (size_t i = base; i < std::min<size_t>(base + 256, n); ++i) {
                sum += at(in, i);
            }
        }
        return sum;
    };
    twin.stride = 1;
    twin.tolerance = 1e-4;
    twin.bytes = 4.0 * n;
    twin.openmp = [n, groups](const OpenMp& omp, const Memory& m) {
        omp.reduction(m.floats(0), m.floats(1), n, groups);
    };
    twin.wide = [n, groups](const Memory& m) { wideReduction(m.floats(0), m.floats(1), n, groups); };
    return twin;
}

Twin makeScan(const Sizes& sizes) {
    const uint32_t blocks = sizes.small ? 5 : 16384;
    Twin twin = {};
    twin.name = "scan";
    twin.sizes = fmt::format("{} blocks of 256 floats, a group a block", blocks);
    twin.code = {scan_cl_txt, scan_cl_spv, scan_cl_spv_size};
    twin.groups = {blocks, 1, 1};
    twin.groupSize = {256, 1, 1};
    const size_t count = size_t{blocks} * 256;
    twin.buffers = {randomFloats(count, -1, 1), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}};
    twin.output = 1;
    twin.expected = [in = twin.buffers[0]](size_t i) {
        double sum = 0;
        for (size_t j = i / 256 * 256; j <= i; ++j) {
            sum += at(in, j);
        }
        return sum;
    };
    twin.stride = count > 100000 ? 3 : 1;
    // sqrt(n) u sum|x|, what sums of n = 256 rarely exceed in any order (Higham and Mary, SIAM J. Sci. Comput. 41,
    // 2019)
    twin.tolerance = 16 * 6e-8 * 128;
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [blocks](const OpenMp& omp, const Memory& m) { omp.scan(m.floats(0), m.floats(1), blocks); };
    twin.wide = [blocks](const Memory& m) { wideScan(m.floats(0), m.floats(1), blocks); };
    return twin;
}

Twin makeSoftmax(const Sizes& sizes) {
    const uint32_t rows = sizes.small ? 3 : 4096;
    const uint32_t columns = sizes.small ? 300 : 1024;
    Twin twin = {};
    twin.name = "softmax";
    twin.sizes = fmt::format("{} rows of {}, a group of 256 a row", rows, columns);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {rows, 1, 1};
    twin.groupSize = {256, 1, 1};
    const size_t count = size_t{rows} * columns;
    twin.buffers = {randomFloats(count, -4, 4), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, columns};
    twin.output = 1;
    // Many elements of a row are asked in turn.
    struct Row {
        size_t index = SIZE_MAX;
        double largest = 0, sum = 0;
    };
    twin.expected = [in = twin.buffers[0], columns, row = Row{}](size_t i) mutable {
        const size_t first = i / columns * columns;
        if (row.index != first) {
            row = {first, at(in, first), 0};
            for (size_t j = first; j < first + columns; ++j) {
                row.largest = std::max(row.largest, double{at(in, j)});
            }
            for (size_t j = first; j < first + columns; ++j) {
                row.sum += std::exp(at(in, j) - row.largest);
            }
        }
        return std::exp(at(in, i) - row.largest) / row.sum;
    };
    twin.stride = 1;
    twin.tolerance = 1e-6; // the values are about 1/columns
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [rows, columns](const OpenMp& omp, const Memory& m) {
        omp.softmax(m.floats(0), m.floats(1), rows, columns);
    };
    twin.wide = [rows, columns](const Memory& m) { wideSoftmax(m.floats(0), m.floats(1), rows, columns); };
    return twin;
}

Twin makeHistogram(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 5000 : 16u << 20;
    const uint32_t groups = sizes.small ? 2 : 64;
    Twin twin = {};
    twin.name = "histogram";
    twin.sizes = fmt::format("{} values, 256 bins in local memory, {} groups of 256", n, groups);
    twin.code = {histogram_cl_txt, histogram_cl_spv, histogram_cl_spv_size};
    twin.groups = {groups, 1, 1};
    twin.groupSize = {256, 1, 1};
    Words values(n);
    for (uint32_t i = 0; i < n; ++i) {
        values[i] = i * 2654435761u >> 13;
    }
    Words counts(256);
    for (const uint32_t value : values) {
        ++counts[value & 255];
    }
    twin.buffers = {std::move(values), Words(256)};
    twin.arguments = {Slot{0}, Slot{1}, n};
    twin.output = 1;
    twin.integers = true;
    twin.expected = [counts](size_t i) { return double{static_cast<double>(counts[i])}; };
    twin.stride = 1;
    twin.bytes = 4.0 * n;
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.histogram(m.words(0), m.words(1), n); };
    twin.wide = [n, groups](const Memory& m) { wideHistogram(m.words(0), m.words(1), n, groups); };
    return twin;
}

} // namespace halyard::bench::cpu
