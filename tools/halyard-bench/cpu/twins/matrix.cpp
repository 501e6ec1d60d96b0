// Matrix products: naive and tiled, dense and sparse.
#include <fmt/format.h>

#include "cpu/native/native.h"
#include "cpu/twin.h"
#include "sgemm_naive_cl.spv.h"
#include "sgemm_naive_cl.txt.h"
#include "sgemm_tiled_cl.spv.h"
#include "sgemm_tiled_cl.txt.h"
#include "spmv_cl.spv.h"
#include "spmv_cl.txt.h"

namespace halyard::bench::cpu {
namespace {

Twin makeSgemm(const char* name, const Code& code, uint32_t n) {
    Twin twin = {};
    twin.name = name;
    twin.sizes = fmt::format("{0} x {0} x {0}, groups of 16 x 16", n);
    twin.code = code;
    twin.groups = {n / 16, n / 16, 1};
    twin.groupSize = {16, 16, 1};
    const size_t count = size_t{n} * n;
    twin.buffers = {randomFloats(count, -1, 1), randomFloats(count, -1, 1, 8), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, n};
    twin.output = 2;
    twin.expected = [a = twin.buffers[0], b = twin.buffers[1], n](size_t i) {
        double sum = 0;
        for (size_t k = 0; k < n; ++k) {
            sum += double{at(a, i / n * n + k)} * at(b, k * n + i % n);
        }
        return sum;
    };
    twin.stride = count > 100000 ? 37 : 1;
    twin.tolerance = 1e-4;
    twin.bytes = 12.0 * static_cast<double>(count);
    twin.operations = 2.0 * static_cast<double>(count) * n;
    return twin;
}

} // namespace

Twin makeSgemmNaive(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 64 : 512;
    Twin twin = makeSgemm("sgemm_naive", {sgemm_naive_cl_txt, sgemm_naive_cl_spv, sgemm_naive_cl_spv_size}, n);
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.sgemm(m.floats(0), m.floats(1), m.floats(2), n); };
    twin.wide = [n](const Memory& m) { wideSgemm(m.floats(0), m.floats(1), m.floats(2), n); };
    return twin;
}

Twin makeSgemmTiled(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 64 : 1024;
    Twin twin = makeSgemm("sgemm_tiled", {sgemm_tiled_cl_txt, sgemm_tiled_cl_spv, sgemm_tiled_cl_spv_size}, n);
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.sgemmTiled(m.floats(0), m.floats(1), m.floats(2), n); };
    twin.wide = [n](const Memory& m) { wideSgemm(m.floats(0), m.floats(1), m.floats(2), n); };
    return twin;
}

Twin makeSpmv(const Sizes& sizes) {
    const uint32_t rows = sizes.small ? 500 : 1u << 18;
    Twin twin = {};
    twin.name = "spmv";
    twin.sizes = fmt::format("{} rows of 0 to 31 values, groups of 64", rows);
    twin.code = {spmv_cl_txt, spmv_cl_spv, spmv_cl_spv_size};
    twin.groups = {(rows + 63) / 64, 1, 1};
    twin.groupSize = {64, 1, 1};
    Words starts = {0};
    for (uint32_t row = 0; row < rows; ++row) {
        starts.push_back(starts.back() + row * 2654435761u % 32);
    }
    const uint32_t count = starts.back();
    Words columns;
    for (uint32_t i = 0; i < count; ++i) {
        columns.push_back((i * 40503u + i / 7) % rows);
    }
    twin.buffers = {starts, columns, randomFloats(count, -1, 1), randomFloats(rows, -1, 1, 8), Words(rows)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, Slot{3}, Slot{4}, rows};
    twin.output = 4;
    twin.expected = [starts, columns, values = twin.buffers[2], x = twin.buffers[3]](size_t row) {
        double sum = 0;
        for (uint32_t i = starts[row]; i < starts[row + 1]; ++i) {
            sum += double{at(values, i)} * at(x, columns[i]);
        }
        return sum;
    };
    twin.stride = 1;
    twin.tolerance = 1e-5;
    twin.bytes = 8.0 * count + 12.0 * rows;
    twin.operations = 2.0 * count;
    twin.openmp = [rows](const OpenMp& omp, const Memory& m) {
        omp.spmv(m.words(0), m.words(1), m.floats(2), m.floats(3), m.floats(4), rows);
    };
    return twin;
}

} // namespace halyard::bench::cpu
