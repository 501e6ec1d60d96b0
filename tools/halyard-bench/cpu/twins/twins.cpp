#include <algorithm>
#include <random>

#include "cpu/twin.h"

namespace halyard::bench::cpu {

const std::vector<std::pair<std::string, Maker>>& twinMakers() {
    static const std::vector<std::pair<std::string, Maker>> makers = {
        {"vecadd", makeVecadd},
        {"saxpy", makeSaxpy},
        {"stencil", makeStencil},
        {"reduction", makeReduction},
        {"scan", makeScan},
        {"sgemm_naive", makeSgemmNaive},
        {"sgemm_tiled", makeSgemmTiled},
        {"softmax", makeSoftmax},
        {"nbody", makeNbody},
        {"mandelbrot", makeMandelbrot},
        {"blackscholes", makeBlackscholes},
        {"histogram", makeHistogram},
        {"transpose", makeTranspose},
        {"spmv", makeSpmv},
        {"stencil3d", makeStencil3d},
        {"convolution", makeConvolution},
        {"fft", makeFft},
        {"bitonic", makeBitonic},
        {"kmeans", makeKmeans},
        {"sha256", makeSha256},
        {"raymarch", makeRaymarch},
        {"gemm_int8", makeGemmInt8},
        {"attention", makeAttention},
    };
    return makers;
}

Words randomFloats(size_t count, float from, float to, uint32_t seed) {
    std::minstd_rand engine(seed);
    Words words(count);
    for (uint32_t& word : words) {
        word = asWord(from + (to - from) * (static_cast<float>(engine() >> 7) * 0x1p-24f));
    }
    return words;
}

Words randomWords(size_t count, uint32_t seed) {
    std::mt19937 engine(seed);
    Words words(count);
    std::generate(words.begin(), words.end(), engine);
    return words;
}

} // namespace halyard::bench::cpu
