// The few functions of cuBLAS that the matrix product is compared with, opened at run time.
#pragma once

#include <cstdint>
#include <string>

namespace halyard::bench::cuda {

class Cublas {
public:
    // Opens the library and makes it work on `stream` (a CUstream) of the current context.
    explicit Cublas(void* stream);
    ~Cublas();
    Cublas(const Cublas&) = delete;
    Cublas& operator=(const Cublas&) = delete;

    // Empty, or why it cannot be used.
    const std::string& problem() const { return problem_; }
    // C = A * B, n x n, row-major, bfloat16 to float with sums in 32 bits. REQUIRES: no problem. Throws when it fails.
    void multiply(uint64_t a, uint64_t b, uint64_t c, uint32_t n);

private:
    struct Functions;
    Functions* functions_ = nullptr;
    void* handle_ = nullptr;
    std::string problem_;
};

} // namespace halyard::bench::cuda
