// The yardsticks of `halyard-bench cpu` beside the loops of openmp.h: what the machine can do, and the kernels with
// AVX-512 by hand (wide*), compiled by clang at -O3 for this machine's processor, hence in files of their own. Plain
// pointers and sizes only: no inline function of a shared header may be compiled for more than the program's other
// files are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halyard::bench::cpu {

// False: this processor lacks AVX-512, and no wide function may be called.
bool haveWide();
int nativeThreads();
// Threads that wait for OpenMP work spin this long, on cores that another side would use.
void setNativeSpin(int milliseconds);

// Bytes a second of c = a + b over `count` floats, and multiply-adds a second times two, best of some tries.
double measureBandwidth(const float* a, const float* b, float* c, size_t count);
double measureMultiplyAdds();

void wideVecadd(const float* a, const float* b, float* c, uint32_t n);
void wideSgemm(const float* a, const float* b, float* c, uint32_t n);
void wideReduction(const float* in, float* sums, uint32_t n, uint32_t groups);
void wideSoftmax(const float* in, float* out, uint32_t rows, uint32_t columns);
void wideNbody(const float* bodies, float* accelerations, uint32_t n, float softening);
void wideMandelbrot(uint32_t* steps, uint32_t side, uint32_t limit);
void wideBlackscholes(const float* price, const float* strike, const float* years, float* call, float* put, uint32_t n);

void wideSaxpy(float a, const float* x, float* y, uint32_t n);
void wideStencil(const float* in, float* out, uint32_t side);
void wideTranspose(const float* in, float* out, uint32_t n);
void wideScan(const float* in, float* out, uint32_t blocks);
void wideHistogram(const uint32_t* in, uint32_t* bins, uint32_t n, uint32_t groups);

} // namespace halyard::bench::cpu
