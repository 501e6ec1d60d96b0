// The work of the kernels as plain loops under OpenMP, compiled twice for this machine's processor: as clang -O3
// -march=native -ffast-math makes them, and with full-width vectors and glibc's vector functions as well.
#pragma once

#include <cstdint>

namespace halyard::bench::cpu {

struct OpenMp {
    void (*vecadd)(const float* a, const float* b, float* c, uint32_t n);
    void (*saxpy)(float a, const float* x, float* y, uint32_t n);
    void (*stencil)(const float* in, float* out, uint32_t side);
    void (*reduction)(const float* in, float* sums, uint32_t n, uint32_t groups);
    void (*scan)(const float* in, float* out, uint32_t blocks);
    void (*sgemm)(const float* a, const float* b, float* c, uint32_t n);
    void (*sgemmTiled)(const float* a, const float* b, float* c, uint32_t n);
    void (*softmax)(const float* in, float* out, uint32_t rows, uint32_t columns);
    void (*nbody)(const float* bodies, float* accelerations, uint32_t n, float softening);
    void (*mandelbrot)(uint32_t* steps, uint32_t side, uint32_t limit);
    void (*blackscholes)(const float* price, const float* strike, const float* years, float* call, float* put,
                         uint32_t n);
    void (*histogram)(const uint32_t* in, uint32_t* bins, uint32_t n);
    void (*transpose)(const float* in, float* out, uint32_t n);
    void (*spmv)(const uint32_t* starts, const uint32_t* columns, const float* values, const float* x, float* y,
                 uint32_t rows);
    void (*stencil3d)(const float* in, float* out, uint32_t width, uint32_t height, uint32_t depth);
    void (*convolution)(const float* in, const float* weights, float* out, uint32_t width, uint32_t height);
    void (*fft)(const float* in, const float* roots, float* out, uint32_t transforms);
    void (*bitonic)(const uint32_t* in, uint32_t* out, uint32_t blocks);
    void (*kmeans)(const float* points, const float* centres, uint32_t* nearest, uint32_t count, uint32_t centreCount);
    void (*sha256)(const uint32_t* messages, uint32_t* digests, uint32_t count);
    void (*raymarch)(float* depths, uint32_t width, uint32_t height, float farEnd);
    void (*gemmInt8)(const int8_t* a, const int8_t* b, int32_t* c, uint32_t n);
    void (*attention)(const float* q, const float* k, const float* v, float* o, uint32_t heads, uint32_t length,
                      float scale);
};

// A namespace a way of compiling, a function a file.
namespace plain {
void fillClassics(OpenMp& table);
void fillMore(OpenMp& table);
} // namespace plain
namespace fast {
void fillClassics(OpenMp& table);
void fillMore(OpenMp& table);
} // namespace fast

} // namespace halyard::bench::cpu
