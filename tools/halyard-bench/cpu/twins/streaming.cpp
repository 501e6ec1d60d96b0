// Kernels that memory bounds: vector add, saxpy, stencil, transpose.
#include <cmath>

#include <fmt/format.h>

#include "cpu/native/native.h"
#include "cpu/twin.h"
#include "stencil_cl.spv.h"
#include "stencil_cl.txt.h"
#include "twins_cl.spv.h"
#include "twins_cl.txt.h"
#include "vecadd_cl.spv.h"
#include "vecadd_cl.txt.h"

namespace halyard::bench::cpu {

Twin makeVecadd(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 5000 : 16u << 20;
    Twin twin = {};
    twin.name = "vecadd";
    twin.sizes = fmt::format("{} floats, groups of 256", n);
    twin.code = {vecadd_cl_txt, vecadd_cl_spv, vecadd_cl_spv_size};
    twin.groups = {(n + 255) / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomFloats(n, -1, 1), randomFloats(n, -1, 1, 8), Words(n)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, n};
    twin.output = 2;
    twin.expected = [a = twin.buffers[0], b = twin.buffers[1]](size_t i) { return double{at(a, i)} + at(b, i); };
    twin.stride = 1;
    twin.tolerance = 1e-6;
    twin.bytes = 12.0 * n;
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.vecadd(m.floats(0), m.floats(1), m.floats(2), n); };
    twin.wide = [n](const Memory& m) { wideVecadd(m.floats(0), m.floats(1), m.floats(2), n); };
    return twin;
}

Twin makeSaxpy(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 5000 : 16u << 20;
    Twin twin = {};
    twin.name = "saxpy";
    twin.sizes = fmt::format("{} floats, groups of 256", n);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {(n + 255) / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomFloats(n, -1, 1), randomFloats(n, -1, 1, 8)};
    twin.arguments = {0.25f, Slot{0}, Slot{1}, n};
    twin.output = 1;
    twin.expected = [x = twin.buffers[0], y = twin.buffers[1]](size_t i) { return 0.25 * at(x, i) + at(y, i); };
    twin.stride = 1;
    twin.tolerance = 1e-6;
    twin.bytes = 12.0 * n;
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.saxpy(0.25f, m.floats(0), m.floats(1), n); };
    twin.wide = [n](const Memory& m) { wideSaxpy(0.25f, m.floats(0), m.floats(1), n); };
    return twin;
}

Twin makeStencil(const Sizes& sizes) {
    const uint32_t side = sizes.small ? 64 : 4096;
    Twin twin = {};
    twin.name = "stencil";
    twin.sizes = fmt::format("{0} x {0}, 5 points, groups of 16 x 16", side);
    twin.code = {stencil_cl_txt, stencil_cl_spv, stencil_cl_spv_size};
    twin.groups = {side / 16, side / 16, 1};
    twin.groupSize = {16, 16, 1};
    const size_t count = size_t{side} * side;
    twin.buffers = {randomFloats(count, -1, 1), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, side};
    twin.output = 1;
    twin.expected = [in = twin.buffers[0], side](size_t i) {
        const size_t x = i % side;
        const size_t y = i / side;
        if (x == 0 || y == 0 || x == side - 1 || y == side - 1) {
            return 0.0;
        }
        return 0.2 * (double{at(in, i)} + at(in, i - 1) + at(in, i + 1) + at(in, i - side) + at(in, i + side));
    };
    twin.stride = 1;
    twin.tolerance = 1e-5;
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [side](const OpenMp& omp, const Memory& m) { omp.stencil(m.floats(0), m.floats(1), side); };
    twin.wide = [side](const Memory& m) { wideStencil(m.floats(0), m.floats(1), side); };
    return twin;
}

Twin makeTranspose(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 64 : 4096;
    Twin twin = {};
    twin.name = "transpose";
    twin.sizes = fmt::format("{0} x {0}, tiles of 32 x 32, groups of 32 x 8", n);
    twin.code = {twins_cl_txt, twins_cl_spv, twins_cl_spv_size};
    twin.groups = {n / 32, n / 32, 1};
    twin.groupSize = {32, 8, 1};
    const size_t count = size_t{n} * n;
    twin.buffers = {randomFloats(count, -1, 1), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, n};
    twin.output = 1;
    twin.expected = [in = twin.buffers[0], n](size_t i) { return double{at(in, i % n * n + i / n)}; };
    twin.stride = 1;
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.transpose(m.floats(0), m.floats(1), n); };
    twin.wide = [n](const Memory& m) { wideTranspose(m.floats(0), m.floats(1), n); };
    return twin;
}

} // namespace halyard::bench::cpu
