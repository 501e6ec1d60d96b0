// As wide.cpp, for the kernels that move data: saxpy, stencil, transpose, scan, histogram.
#include "native.h"

#include <immintrin.h>

namespace halyard::bench::cpu {
namespace {

__mmask16 lanesBelow(uint32_t count) {
    return count < 16 ? static_cast<__mmask16>((1u << count) - 1) : static_cast<__mmask16>(0xffff);
}

// sums[i] += the element `distance` before it, of 256 in 16 vectors; the first ones have none.
template <int distance> void addEarlier(__m512 (&sums)[16]) {
    constexpr auto kHaveOne = static_cast<__mmask16>(0xffff << distance);
#pragma clang loop unroll(full)
    for (int i = 15; i >= 0; --i) {
        const __m512i before = i > 0 ? _mm512_castps_si512(sums[i - 1]) : _mm512_setzero_si512();
        const __m512i earlier = _mm512_alignr_epi32(_mm512_castps_si512(sums[i]), before, 16 - distance);
        sums[i] = _mm512_mask_add_ps(sums[i], i > 0 ? static_cast<__mmask16>(0xffff) : kHaveOne, sums[i],
                                     _mm512_castsi512_ps(earlier));
    }
}

// 16 rows of 16 floats, a vector each, become its columns: pairs, fours, and then quarters of vectors change places.
void transposeSixteen(__m512 (&rows)[16]) {
    __m512 pairs[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    __m512 fours[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
#pragma clang loop unroll(full)
        for (int j = 0; j < 2; ++j) {
            const __m512d low = _mm512_castps_pd(pairs[i + j]);
            const __m512d high = _mm512_castps_pd(pairs[i + 2 + j]);
            fours[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            fours[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j) {
        const __m512 even = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0x88);
        const __m512 odd = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0xdd);
        const __m512 laterEven = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0x88);
        const __m512 laterOdd = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0xdd);
        rows[j] = _mm512_shuffle_f32x4(even, laterEven, 0x88);
        rows[4 + j] = _mm512_shuffle_f32x4(odd, laterOdd, 0x88);
        rows[8 + j] = _mm512_shuffle_f32x4(even, laterEven, 0xdd);
        rows[12 + j] = _mm512_shuffle_f32x4(odd, laterOdd, 0xdd);
    }
}

} // namespace

void wideSaxpy(float a, const float* x, float* y, uint32_t n) {
#pragma omp parallel for schedule(static)
    for (uint32_t i = 0; i < n; i += 16) {
        const __mmask16 mask = lanesBelow(n - i);
        _mm512_mask_storeu_ps(
            y + i, mask,
            _mm512_fmadd_ps(_mm512_set1_ps(a), _mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i)));
    }
}

// Group by group, a vector a row of the group; masks leave out the edges.
void wideStencil(const float* in, float* out, uint32_t side) {
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t top = 0; top < side; top += 16) {
        for (uint32_t left = 0; left < side; left += 16) {
            const auto mask =
                static_cast<__mmask16>((left == 0 ? 0xfffe : 0xffff) & (left + 16 == side ? 0x7fff : 0xffff));
            for (uint32_t y = top == 0 ? 1 : top; y < top + 16 && y < side - 1; ++y) {
                const float* at = in + size_t{y} * side + left;
                __m512 sum = _mm512_add_ps(_mm512_loadu_ps(at), _mm512_maskz_loadu_ps(mask, at - 1));
                sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, at + 1));
                sum = _mm512_add_ps(sum, _mm512_loadu_ps(at - side));
                sum = _mm512_add_ps(sum, _mm512_loadu_ps(at + side));
                _mm512_mask_storeu_ps(out + size_t{y} * side + left, mask, _mm512_mul_ps(_mm512_set1_ps(0.2f), sum));
            }
        }
    }
}

// A group's tile of 32 x 32 is four of 16 x 16, each of which stays in registers.
void wideTranspose(const float* in, float* out, uint32_t n) {
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t top = 0; top < n; top += 32) {
        for (uint32_t left = 0; left < n; left += 32) {
            for (uint32_t part = 0; part < 4; ++part) {
                const uint32_t y = top + part / 2 * 16;
                const uint32_t x = left + part % 2 * 16;
                __m512 rows[16];
#pragma clang loop unroll(full)
                for (int i = 0; i < 16; ++i) {
                    rows[i] = _mm512_loadu_ps(in + (size_t{y} + i) * n + x);
                }
                transposeSixteen(rows);
#pragma clang loop unroll(full)
                for (int i = 0; i < 16; ++i) {
                    _mm512_storeu_ps(out + (size_t{x} + i) * n + y, rows[i]);
                }
            }
        }
    }
}

// The kernel's eight steps in the kernel's order, with a group's 256 sums in 16 registers.
void wideScan(const float* in, float* out, uint32_t blocks) {
#pragma omp parallel for schedule(static)
    for (uint32_t block = 0; block < blocks; ++block) {
        __m512 sums[16];
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; ++i) {
            sums[i] = _mm512_loadu_ps(in + size_t{block} * 256 + i * 16);
        }
        addEarlier<1>(sums);
        addEarlier<2>(sums);
        addEarlier<4>(sums);
        addEarlier<8>(sums);
#pragma clang loop unroll(full)
        for (int vectors = 1; vectors < 16; vectors *= 2) {
#pragma clang loop unroll(full)
            for (int i = 15; i >= vectors; --i) {
                sums[i] = _mm512_add_ps(sums[i], sums[i - vectors]);
            }
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; ++i) {
            _mm512_storeu_ps(out + size_t{block} * 256 + i * 16, sums[i]);
        }
    }
}

// A group is one thread, so that its counts need no atomic operation; the bins of all groups do.
void wideHistogram(const uint32_t* in, uint32_t* bins, uint32_t n, uint32_t groups) {
#pragma omp parallel for schedule(static)
    for (uint32_t group = 0; group < groups; ++group) {
        uint32_t counts[256] = {};
        for (uint32_t base = group * 256; base < n; base += groups * 256) {
            const uint32_t count = n - base < 256 ? n - base : 256;
            for (uint32_t i = 0; i < count; ++i) {
                ++counts[in[base + i] & 255];
            }
        }
        for (uint32_t i = 0; i < 256; ++i) {
            __atomic_fetch_add(&bins[i], counts[i], __ATOMIC_RELAXED);
        }
    }
}

} // namespace halyard::bench::cpu
