// The loops of openmp.h that have long been what compilers are compared by.
#include "openmp.h"

#include <cmath>
#include <cstddef>

namespace halyard::bench::cpu::HALYARD_OPENMP {
namespace {

void vecadd(const float* __restrict a, const float* __restrict b, float* __restrict c, uint32_t n) {
#pragma omp parallel for simd schedule(static)
    for (uint32_t i = 0; i < n; ++i) {
        c[i] = a[i] + b[i];
    }
}

void saxpy(float a, const float* __restrict x, float* __restrict y, uint32_t n) {
#pragma omp parallel for simd schedule(static)
    for (uint32_t i = 0; i < n; ++i) {
        y[i] = std::fma(a, x[i], y[i]);
    }
}

void stencil(const float* __restrict in, float* __restrict out, uint32_t side) {
#pragma omp parallel for schedule(static)
    for (uint32_t y = 1; y < side - 1; ++y) {
        const float* row = in + size_t{y} * side;
        float* to = out + size_t{y} * side;
#pragma omp simd
        for (uint32_t x = 1; x < side - 1; ++x) {
            to[x] = 0.2f * (row[x] + row[x - 1] + row[x + 1] + *(row + x - side) + row[x + side]);
        }
    }
}

// The kernel's groups take elements in turns of the grid's size; a range each gives other sums of the same elements, so
// the loop keeps the kernel's assignment.
void reduction(const float* __restrict in, float* __restrict sums, uint32_t n, uint32_t groups) {
#pragma omp parallel for schedule(static)
    for (uint32_t group = 0; group < groups; ++group) {
        float sum = 0.0f;
        for (uint32_t base = group * 256; base < n; base += groups * 256) {
            const uint32_t end = n - base < 256 ? n - base : 256;
#pragma omp simd reduction(+ : sum)
            for (uint32_t i = 0; i < end; ++i) {
                sum += in[base + i];
            }
        }
        sums[group] = sum;
    }
}

// The kernel's result, type and traffic: each block is read once and written once. Where 256 invocations need eight
// additions each, one thread needs a single one, but waits for it before the next: that is what a loop here is.
void scan(const float* __restrict in, float* __restrict out, uint32_t blocks) {
#pragma omp parallel for schedule(static)
    for (uint32_t block = 0; block < blocks; ++block) {
        float sum = 0.0f;
        for (uint32_t i = 0; i < 256; ++i) {
            sum += in[size_t{block} * 256 + i];
            out[size_t{block} * 256 + i] = sum;
        }
    }
}

// The rows of C stay in cache over k, so no element is held in a register as the kernel holds it.
void sgemm(const float* __restrict a, const float* __restrict b, float* __restrict c, uint32_t n) {
#pragma omp parallel for schedule(static)
    for (uint32_t row = 0; row < n; ++row) {
        float* to = c + size_t{row} * n;
        for (uint32_t column = 0; column < n; ++column) {
            to[column] = 0.0f;
        }
        for (uint32_t k = 0; k < n; ++k) {
            const float factor = a[size_t{row} * n + k];
            const float* from = b + size_t{k} * n;
#pragma omp simd
            for (uint32_t column = 0; column < n; ++column) {
                to[column] = std::fma(factor, from[column], to[column]);
            }
        }
    }
}

// Sums of a tile of C are held over k as the kernel's group holds them, but of half its tile: 16 x 16 sums are more
// than AVX2 has registers for, and were nine times slower there. There is no use in copies of A and B beside those in
// cache.
void sgemmTiled(const float* __restrict a, const float* __restrict b, float* __restrict c, uint32_t n) {
    constexpr uint32_t kRows = 8;
    constexpr uint32_t kColumns = 16;
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t row = 0; row < n; row += kRows) {
        for (uint32_t column = 0; column < n; column += kColumns) {
            float sums[kRows][kColumns] = {};
            for (uint32_t k = 0; k < n; ++k) {
#pragma clang loop unroll(full)
                for (uint32_t i = 0; i < kRows; ++i) {
                    const float factor = a[size_t{row + i} * n + k];
#pragma omp simd
                    for (uint32_t j = 0; j < kColumns; ++j) {
                        sums[i][j] = std::fma(factor, b[size_t{k} * n + column + j], sums[i][j]);
                    }
                }
            }
            for (uint32_t i = 0; i < kRows; ++i) {
                for (uint32_t j = 0; j < kColumns; ++j) {
                    c[size_t{row + i} * n + column + j] = sums[i][j];
                }
            }
        }
    }
}

// The three passes of the kernel over each row, weights stored between the second and the third.
void softmax(const float* __restrict in, float* __restrict out, uint32_t rows, uint32_t columns) {
#pragma omp parallel for schedule(static)
    for (uint32_t row = 0; row < rows; ++row) {
        const float* from = in + size_t{row} * columns;
        float* to = out + size_t{row} * columns;
        float largest = from[0];
#pragma omp simd reduction(max : largest)
        for (uint32_t i = 0; i < columns; ++i) {
            largest = from[i] > largest ? from[i] : largest;
        }
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (uint32_t i = 0; i < columns; ++i) {
            to[i] = std::exp(from[i] - largest);
            sum += to[i];
        }
        const float scale = 1.0f / sum;
#pragma omp simd
        for (uint32_t i = 0; i < columns; ++i) {
            to[i] *= scale;
        }
    }
}

// Every body pulls, as in the kernel, but no tile is copied: all bodies are in the second level of cache.
void nbody(const float* __restrict bodies, float* __restrict accelerations, uint32_t n, float softening) {
#pragma omp parallel for schedule(static)
    for (uint32_t i = 0; i < n; ++i) {
        float x = 0.0f;
        float y = 0.0f;
        float z = 0.0f;
#pragma omp simd reduction(+ : x, y, z)
        for (uint32_t j = 0; j < n; ++j) {
            const float rx = bodies[j * 4] - bodies[i * 4];
            const float ry = bodies[j * 4 + 1] - bodies[i * 4 + 1];
            const float rz = bodies[j * 4 + 2] - bodies[i * 4 + 2];
            const float inverse = 1.0f / std::sqrt(rx * rx + ry * ry + rz * rz + softening);
            const float pull = bodies[j * 4 + 3] * inverse * inverse * inverse;
            x += rx * pull;
            y += ry * pull;
            z += rz * pull;
        }
        accelerations[i * 4] = x;
        accelerations[i * 4 + 1] = y;
        accelerations[i * 4 + 2] = z;
        accelerations[i * 4 + 3] = 0.0f;
    }
}

// Rows take turns, for they differ in length.
void mandelbrot(uint32_t* __restrict steps, uint32_t side, uint32_t limit) {
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t py = 0; py < side; ++py) {
        const float cy = -1.5f + 3.0f * static_cast<float>(py) / static_cast<float>(side);
        for (uint32_t px = 0; px < side; ++px) {
            const float cx = -2.0f + 3.0f * static_cast<float>(px) / static_cast<float>(side);
            float x = 0.0f;
            float y = 0.0f;
            uint32_t n = 0;
            while (n < limit && x * x + y * y <= 4.0f) {
                const float next = x * x - y * y + cx;
                y = 2.0f * x * y + cy;
                x = next;
                ++n;
            }
            steps[size_t{py} * side + px] = n;
        }
    }
}

float cumulative(float d) {
    const float k = 1.0f / (1.0f + 0.2316419f * std::fabs(d));
    const float tail =
        0.39894228f * std::exp(-0.5f * d * d) *
        (k * (0.31938153f + k * (-0.356563782f + k * (1.781477937f + k * (-1.821255978f + k * 1.330274429f)))));
    return d > 0.0f ? 1.0f - tail : tail;
}

void blackscholes(const float* __restrict price, const float* __restrict strike, const float* __restrict years,
                  float* __restrict call, float* __restrict put, uint32_t n) {
#pragma omp parallel for simd schedule(static)
    for (uint32_t i = 0; i < n; ++i) {
        const float root = std::sqrt(years[i]);
        const float d1 = (std::log(price[i] / strike[i]) + (0.02f + 0.5f * 0.30f * 0.30f) * years[i]) / (0.30f * root);
        const float d2 = d1 - 0.30f * root;
        const float c1 = cumulative(d1);
        const float c2 = cumulative(d2);
        const float discounted = strike[i] * std::exp(-0.02f * years[i]);
        call[i] = price[i] * c1 - discounted * c2;
        put[i] = discounted * (1.0f - c2) - price[i] * (1.0f - c1);
    }
}

// The kernel's result, bins that grow with each launch. A thread counts in bins of its own and adds them at the end, as
// each of the kernel's groups does; no count needs to be atomic, of which a group on one thread has no need either.
void histogram(const uint32_t* __restrict in, uint32_t* __restrict bins, uint32_t n) {
#pragma omp parallel
    {
        uint32_t counts[256] = {};
#pragma omp for schedule(static) nowait
        for (uint32_t i = 0; i < n; ++i) {
            ++counts[in[i] & 255];
        }
        for (uint32_t i = 0; i < 256; ++i) {
#pragma omp atomic
            bins[i] += counts[i];
        }
    }
}

// The kernel's tiles of 32 x 32, without the copy in between.
void transpose(const float* __restrict in, float* __restrict out, uint32_t n) {
    constexpr uint32_t kTile = 32;
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t y = 0; y < n; y += kTile) {
        for (uint32_t x = 0; x < n; x += kTile) {
            for (uint32_t j = x; j < x + kTile; ++j) {
#pragma omp simd
                for (uint32_t i = y; i < y + kTile; ++i) {
                    out[size_t{j} * n + i] = in[size_t{i} * n + j];
                }
            }
        }
    }
}

void spmv(const uint32_t* __restrict starts, const uint32_t* __restrict columns, const float* __restrict values,
          const float* __restrict x, float* __restrict y, uint32_t rows) {
#pragma omp parallel for schedule(static)
    for (uint32_t row = 0; row < rows; ++row) {
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (uint32_t i = starts[row]; i < starts[row + 1]; ++i) {
            sum = std::fma(values[i], x[columns[i]], sum);
        }
        y[row] = sum;
    }
}

} // namespace

void fillClassics(OpenMp& table) {
    table.vecadd = vecadd;
    table.saxpy = saxpy;
    table.stencil = stencil;
    table.reduction = reduction;
    table.scan = scan;
    table.sgemm = sgemm;
    table.sgemmTiled = sgemmTiled;
    table.softmax = softmax;
    table.nbody = nbody;
    table.mandelbrot = mandelbrot;
    table.blackscholes = blackscholes;
    table.histogram = histogram;
    table.transpose = transpose;
    table.spmv = spmv;
}

} // namespace halyard::bench::cpu::HALYARD_OPENMP
