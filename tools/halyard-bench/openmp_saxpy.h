// The yardstick: what the host's compiler makes of the same loop, on all cores. In a file of its own, because it is
// compiled for this machine's processor.
#ifndef HALYARD_TOOLS_BENCH_OPENMP_SAXPY_H
#define HALYARD_TOOLS_BENCH_OPENMP_SAXPY_H

#include <cstddef>

namespace halyard::bench {

// Writes the values in parallel, so that each thread first touches the pages that it will use.
void openmpFill(float* values, float value, std::size_t n);
// y = a * x + y.
void openmpSaxpy(float a, const float* x, float* y, std::size_t n);
int openmpThreads();

} // namespace halyard::bench

#endif // HALYARD_TOOLS_BENCH_OPENMP_SAXPY_H
