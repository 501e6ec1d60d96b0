#include "openmp_saxpy.h"

#include <omp.h>

namespace halyard::bench {

void openmpFill(float* values, float value, std::size_t n) {
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = value;
    }
}

void openmpSaxpy(float a, const float* __restrict x, float* __restrict y, std::size_t n) {
#pragma omp parallel for simd schedule(static)
    for (std::size_t i = 0; i < n; ++i) {
        y[i] = a * x[i] + y[i];
    }
}

int openmpThreads() {
    return omp_get_max_threads();
}

} // namespace halyard::bench
