// What a good compiler could make of the same kernels: 16 invocations of the first dimension in a vector, everything
// else as the kernel has it.
#include "native.h"

#include <immintrin.h>

namespace halyard::bench::cpu {
namespace {

// exp for arguments of at most 0, about 2 ulp; below -87 the result is 0.
inline __m512 exponential(__m512 x) {
    const __mmask16 normal = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.0f), _CMP_GE_OQ);
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 p = _mm512_set1_ps(1.9875691500e-4f);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
    return _mm512_maskz_scalef_ps(normal, p, n);
}

// a / b and the square root of a for ordinary numbers, each an approximation that is corrected twice, about 1 ulp.
inline __m512 quotient(__m512 a, __m512 b) {
    const __m512 rough = _mm512_rcp14_ps(b);
    const __m512 inverse = _mm512_fmadd_ps(rough, _mm512_fnmadd_ps(b, rough, _mm512_set1_ps(1.0f)), rough);
    const __m512 result = _mm512_mul_ps(a, inverse);
    return _mm512_fmadd_ps(inverse, _mm512_fnmadd_ps(b, result, a), result);
}
inline __m512 root(__m512 a) {
    const __m512 rough = _mm512_rsqrt14_ps(a);
    const __m512 result = _mm512_mul_ps(a, rough);
    const __m512 half = _mm512_mul_ps(rough, _mm512_set1_ps(0.5f));
    const __m512 better = _mm512_fmadd_ps(half, _mm512_fnmadd_ps(result, result, a), result);
    return _mm512_fmadd_ps(half, _mm512_fnmadd_ps(better, better, a), better);
}

// log for positive, ordinary numbers: x = m * 2^n with m near 1, and log(m) = 2 atanh((m - 1) / (m + 1)), whose series
// is short.
inline __m512 logarithm(__m512 x) {
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src);
    const __mmask16 halved = _mm512_cmp_ps_mask(m, one, _CMP_LT_OQ);
    const __m512 exponent = _mm512_getexp_ps(x);
    const __m512 n = _mm512_mask_add_ps(exponent, halved, exponent, one);
    const __m512 s = quotient(_mm512_sub_ps(m, one), _mm512_add_ps(m, one));
    const __m512 z = _mm512_mul_ps(s, s);
    __m512 p = _mm512_fmadd_ps(z, _mm512_set1_ps(2.0f / 9), _mm512_set1_ps(2.0f / 7));
    p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(2.0f / 5));
    p = _mm512_fmadd_ps(p, z, _mm512_set1_ps(2.0f / 3));
    p = _mm512_fmadd_ps(_mm512_mul_ps(p, z), s, _mm512_add_ps(s, s));
    return _mm512_fmadd_ps(n, _mm512_set1_ps(0.693147181f), p);
}

inline __m512 cumulative(__m512 d) {
    const __m512 one = _mm512_set1_ps(1.0f);
    const __m512 k = quotient(one, _mm512_fmadd_ps(_mm512_set1_ps(0.2316419f), _mm512_abs_ps(d), one));
    __m512 p = _mm512_fmadd_ps(k, _mm512_set1_ps(1.330274429f), _mm512_set1_ps(-1.821255978f));
    p = _mm512_fmadd_ps(p, k, _mm512_set1_ps(1.781477937f));
    p = _mm512_fmadd_ps(p, k, _mm512_set1_ps(-0.356563782f));
    p = _mm512_mul_ps(_mm512_fmadd_ps(p, k, _mm512_set1_ps(0.31938153f)), k);
    const __m512 density = exponential(_mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(-0.5f), d), d));
    const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(0.39894228f), density), p);
    const __mmask16 right = _mm512_cmp_ps_mask(d, _mm512_setzero_ps(), _CMP_GT_OQ);
    return _mm512_mask_sub_ps(tail, right, one, tail);
}

} // namespace

void wideVecadd(const float* a, const float* b, float* c, uint32_t n) {
#pragma omp parallel for schedule(static)
    for (uint32_t i = 0; i < n; i += 16) {
        const __mmask16 mask = n - i < 16 ? static_cast<__mmask16>((1u << (n - i)) - 1) : 0xffff;
        _mm512_mask_storeu_ps(c + i, mask,
                              _mm512_add_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i)));
    }
}

// A group's 256 sums are 16 vectors, which stay in registers over k.
void wideSgemm(const float* a, const float* b, float* c, uint32_t n) {
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t row = 0; row < n; row += 16) {
        for (uint32_t column = 0; column < n; column += 16) {
            __m512 sums[16];
#pragma clang loop unroll(full)
            for (int i = 0; i < 16; ++i) {
                sums[i] = _mm512_setzero_ps();
            }
            for (uint32_t k = 0; k < n; ++k) {
                const __m512 values = _mm512_loadu_ps(b + size_t{k} * n + column);
#pragma clang loop unroll(full)
                for (int i = 0; i < 16; ++i) {
                    sums[i] = _mm512_fmadd_ps(_mm512_set1_ps(a[(size_t{row} + i) * n + k]), values, sums[i]);
                }
            }
#pragma clang loop unroll(full)
            for (int i = 0; i < 16; ++i) {
                _mm512_storeu_ps(c + (size_t{row} + i) * n + column, sums[i]);
            }
        }
    }
}

void wideReduction(const float* in, float* sums, uint32_t n, uint32_t groups) {
#pragma omp parallel for schedule(static)
    for (uint32_t group = 0; group < groups; ++group) {
        __m512 partial[16];
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; ++i) {
            partial[i] = _mm512_setzero_ps();
        }
        uint32_t base = group * 256;
        for (; base + 256 <= n; base += groups * 256) {
#pragma clang loop unroll(full)
            for (int i = 0; i < 16; ++i) {
                partial[i] = _mm512_add_ps(partial[i], _mm512_loadu_ps(in + base + i * 16));
            }
        }
        __m512 total = partial[0];
#pragma clang loop unroll(full)
        for (int i = 1; i < 16; ++i) {
            total = _mm512_add_ps(total, partial[i]);
        }
        float sum = _mm512_reduce_add_ps(total);
        for (; base < n; ++base) { // the last, partial row, whose next is beyond the end
            if (base % 256 == 0 && base / 256 % groups != group) {
                break;
            }
            sum += in[base];
        }
        sums[group] = sum;
    }
}

void wideSoftmax(const float* in, float* out, uint32_t rows, uint32_t columns) {
#pragma omp parallel for schedule(static)
    for (uint32_t row = 0; row < rows; ++row) {
        const float* from = in + size_t{row} * columns;
        float* to = out + size_t{row} * columns;
        const auto maskAt = [columns](uint32_t i) {
            return columns - i < 16 ? static_cast<__mmask16>((1u << (columns - i)) - 1)
                                    : static_cast<__mmask16>(0xffff);
        };
        __m512 largest = _mm512_set1_ps(-__builtin_inff());
        for (uint32_t i = 0; i < columns; i += 16) {
            largest = _mm512_mask_max_ps(largest, maskAt(i), largest, _mm512_maskz_loadu_ps(maskAt(i), from + i));
        }
        const __m512 shift = _mm512_set1_ps(_mm512_reduce_max_ps(largest));
        __m512 sum = _mm512_setzero_ps();
        for (uint32_t i = 0; i < columns; i += 16) {
            const __m512 weight = exponential(_mm512_sub_ps(_mm512_maskz_loadu_ps(maskAt(i), from + i), shift));
            _mm512_mask_storeu_ps(to + i, maskAt(i), weight);
            sum = _mm512_mask_add_ps(sum, maskAt(i), sum, weight);
        }
        const __m512 scale = _mm512_set1_ps(1.0f / _mm512_reduce_add_ps(sum));
        for (uint32_t i = 0; i < columns; i += 16) {
            _mm512_mask_storeu_ps(to + i, maskAt(i), _mm512_mul_ps(_mm512_maskz_loadu_ps(maskAt(i), to + i), scale));
        }
    }
}

// Two vectors of bodies at once; the approximate root and one step of Newton's, about 1 ulp.
void wideNbody(const float* bodies, float* accelerations, uint32_t n, float softening) {
    const __m512i fields = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                              _mm512_set1_epi32(4));
#pragma omp parallel for schedule(static)
    for (uint32_t first = 0; first < n; first += 32) {
        __m512 own[2][3];
        __m512 sums[2][3];
        for (int v = 0; v < 2; ++v) {
            for (int d = 0; d < 3; ++d) {
                own[v][d] = _mm512_i32gather_ps(fields, bodies + (size_t{first} + v * 16) * 4 + d, 4);
                sums[v][d] = _mm512_setzero_ps();
            }
        }
        for (uint32_t j = 0; j < n; ++j) {
            const float* other = bodies + size_t{j} * 4;
#pragma clang loop unroll(full)
            for (int v = 0; v < 2; ++v) {
                const __m512 x = _mm512_sub_ps(_mm512_set1_ps(other[0]), own[v][0]);
                const __m512 y = _mm512_sub_ps(_mm512_set1_ps(other[1]), own[v][1]);
                const __m512 z = _mm512_sub_ps(_mm512_set1_ps(other[2]), own[v][2]);
                const __m512 square =
                    _mm512_fmadd_ps(x, x, _mm512_fmadd_ps(y, y, _mm512_fmadd_ps(z, z, _mm512_set1_ps(softening))));
                const __m512 rough = _mm512_rsqrt14_ps(square);
                const __m512 error = _mm512_fnmadd_ps(_mm512_mul_ps(square, rough), rough, _mm512_set1_ps(1.0f));
                const __m512 inverse = _mm512_fmadd_ps(_mm512_mul_ps(rough, _mm512_set1_ps(0.5f)), error, rough);
                const __m512 pull =
                    _mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(other[3]), inverse), _mm512_mul_ps(inverse, inverse));
                sums[v][0] = _mm512_fmadd_ps(x, pull, sums[v][0]);
                sums[v][1] = _mm512_fmadd_ps(y, pull, sums[v][1]);
                sums[v][2] = _mm512_fmadd_ps(z, pull, sums[v][2]);
            }
        }
        for (int v = 0; v < 2; ++v) {
            float* to = accelerations + (size_t{first} + v * 16) * 4;
            for (int d = 0; d < 3; ++d) {
                _mm512_i32scatter_ps(to + d, fields, sums[v][d], 4);
            }
            _mm512_i32scatter_ps(to + 3, fields, _mm512_setzero_ps(), 4);
        }
    }
}

void wideMandelbrot(uint32_t* steps, uint32_t side, uint32_t limit) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512 scale = _mm512_set1_ps(static_cast<float>(side));
#pragma omp parallel for schedule(dynamic, 16)
    for (uint32_t py = 0; py < side; ++py) {
        const __m512 cy = _mm512_set1_ps(-1.5f + 3.0f * static_cast<float>(py) / static_cast<float>(side));
        for (uint32_t px = 0; px < side; px += 32) { // two vectors, for the latency of one
            __m512 cx[2];
            __m512 x[2];
            __m512 y[2];
            __m512i n[2];
            __mmask16 inside[2];
            for (int v = 0; v < 2; ++v) {
                const __m512 place =
                    _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(px) + v * 16), lanes));
                cx[v] = _mm512_add_ps(_mm512_set1_ps(-2.0f),
                                      _mm512_div_ps(_mm512_mul_ps(_mm512_set1_ps(3.0f), place), scale));
                x[v] = y[v] = _mm512_setzero_ps();
                n[v] = _mm512_setzero_si512();
                inside[v] = 0xffff;
            }
            for (uint32_t step = 0; step < limit && (inside[0] | inside[1]) != 0; ++step) {
#pragma clang loop unroll(full)
                for (int v = 0; v < 2; ++v) {
                    const __m512 xx = _mm512_mul_ps(x[v], x[v]);
                    const __m512 yy = _mm512_mul_ps(y[v], y[v]);
                    inside[v] =
                        _mm512_mask_cmp_ps_mask(inside[v], _mm512_add_ps(xx, yy), _mm512_set1_ps(4.0f), _CMP_LE_OQ);
                    n[v] = _mm512_mask_add_epi32(n[v], inside[v], n[v], _mm512_set1_epi32(1));
                    y[v] = _mm512_fmadd_ps(_mm512_add_ps(x[v], x[v]), y[v], cy);
                    x[v] = _mm512_add_ps(_mm512_sub_ps(xx, yy), cx[v]);
                }
            }
            for (int v = 0; v < 2; ++v) {
                _mm512_storeu_si512(steps + size_t{py} * side + px + v * 16, n[v]);
            }
        }
    }
}

void wideBlackscholes(const float* price, const float* strike, const float* years, float* call, float* put,
                      uint32_t n) {
#pragma omp parallel for schedule(static)
    for (uint32_t i = 0; i < n; i += 16) {
        const __mmask16 mask = n - i < 16 ? static_cast<__mmask16>((1u << (n - i)) - 1) : 0xffff;
        const __m512 one = _mm512_set1_ps(1.0f);
        const __m512 p = _mm512_mask_loadu_ps(one, mask, price + i);
        const __m512 s = _mm512_mask_loadu_ps(one, mask, strike + i);
        const __m512 t = _mm512_mask_loadu_ps(one, mask, years + i);
        const __m512 spread = _mm512_mul_ps(_mm512_set1_ps(0.30f), root(t));
        const __m512 drift =
            _mm512_fmadd_ps(_mm512_set1_ps(0.02f + 0.5f * 0.30f * 0.30f), t, logarithm(quotient(p, s)));
        const __m512 d1 = quotient(drift, spread);
        const __m512 c1 = cumulative(d1);
        const __m512 c2 = cumulative(_mm512_sub_ps(d1, spread));
        const __m512 discounted = _mm512_mul_ps(s, exponential(_mm512_mul_ps(_mm512_set1_ps(-0.02f), t)));
        _mm512_mask_storeu_ps(call + i, mask, _mm512_fmsub_ps(p, c1, _mm512_mul_ps(discounted, c2)));
        _mm512_mask_storeu_ps(
            put + i, mask,
            _mm512_fmsub_ps(discounted, _mm512_sub_ps(one, c2), _mm512_mul_ps(p, _mm512_sub_ps(one, c1))));
    }
}

} // namespace halyard::bench::cpu
