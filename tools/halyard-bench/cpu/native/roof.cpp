#include "native.h"
#include "openmp.h"

#include <omp.h>

namespace halyard::bench::cpu {
namespace {

constexpr int kTries = 7;

// Sixteen chains of vectors, so that neither the latency of one nor memory is in the way.
using Vector __attribute__((vector_size(64))) = float;

float chains(uint32_t rounds) {
    Vector sums[16];
    for (int i = 0; i < 16; ++i) {
        sums[i] = Vector{} + static_cast<float>(i);
    }
    Vector factor = Vector{} + 0.999f;
    Vector term = Vector{} + 0.001f;
    for (uint32_t round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; ++i) {
            sums[i] = sums[i] * factor + term;
        }
    }
    float total = 0.0f;
    for (int i = 0; i < 16; ++i) {
        total += sums[i][0];
    }
    return total;
}

} // namespace

bool haveWide() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
           __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}

int nativeThreads() {
    return omp_get_max_threads();
}

void setNativeSpin(int milliseconds) {
    kmp_set_blocktime(milliseconds);
}

double measureBandwidth(const float* a, const float* b, float* c, size_t count) {
    OpenMp openmp = {};
    fast::fillClassics(openmp);
    double best = 1e30;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        const double start = omp_get_wtime();
        openmp.vecadd(a, b, c, static_cast<uint32_t>(count));
        const double took = omp_get_wtime() - start;
        best = took < best ? took : best;
    }
    return 12.0 * static_cast<double>(count) / best;
}

double measureMultiplyAdds() {
    constexpr uint32_t kRounds = 2000000;
    double best = 1e30;
    int threads = 1;
    for (int attempt = 0; attempt < kTries; ++attempt) {
        float sink = 0.0f;
        const double start = omp_get_wtime();
#pragma omp parallel reduction(+ : sink)
        {
            sink += chains(kRounds);
#pragma omp single
            threads = omp_get_num_threads();
        }
        const double took = omp_get_wtime() - start;
        if (sink != 0.0f && took < best) { // never zero: the sum must not be dropped
            best = took;
        }
    }
    return 2.0 * 16 * 16 * kRounds * threads / best;
}

} // namespace halyard::bench::cpu
