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
    };
    return makers;
}

Words randomFloats(size_t count, float from, float to, uint32_t seed) {
    std::minstd_rand engine(seed);
    Words words(count);
    for (uint32_t& word : words) {
        const float value = from + (to - from) * (static_cast<float>(engine() >> 7) * 0x1p-24f);
        std::memcpy(&word, &value, sizeof word);
    }
    return words;
}

} // namespace halyard::bench::cpu
