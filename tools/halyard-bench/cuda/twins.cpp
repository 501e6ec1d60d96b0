#include "cuda/twins.h"

namespace halyard::bench::cuda {

std::vector<Twin> makeTwins(bool small) {
    const uint32_t elements = small ? 5000 : 64u << 20;
    const uint32_t side = small ? 64 : 8192;     // transpose
    const uint32_t n = small ? 64 : 4096;        // sgemm
    const uint32_t rows = small ? 3 : 8192;      // softmax
    const uint32_t columns = small ? 300 : 4096; // softmax
    const uint32_t bodies = small ? 256 : 65536; // nbody
    const uint32_t heads = small ? 1 : 32;       // attention
    const uint32_t length = small ? 64 : 4096;   // attention
    const uint32_t sums = small ? 4 : 1056;      // reduction: 8 groups for each multiprocessor of a large GPU
    const auto size = [](auto value) { return static_cast<size_t>(value); };
    const auto real = [](auto value) { return static_cast<double>(value); };
    const size_t matrix = size(n) * n;
    const size_t tokens = size(heads) * length * 64;
    using Buffer = BufferArgument;
    return {
        {"saxpy",
         {(elements + 255) / 256, 1, 1},
         {256, 1, 1},
         {elements, elements},
         1,
         {0.25f, Buffer{0}, Buffer{1}, elements},
         12.0 * elements,
         "GB/s"},
        {"reduction",
         {sums, 1, 1},
         {256, 1, 1},
         {elements, sums},
         1,
         {Buffer{0}, Buffer{1}, elements},
         4.0 * elements,
         "GB/s"},
        {"transpose",
         {side / 32, side / 32, 1},
         {32, 8, 1},
         {size(side) * side, size(side) * side},
         1,
         {Buffer{0}, Buffer{1}, side},
         8.0 * side * side,
         "GB/s"},
        {"sgemm",
         {n / 64, n / 64, 1},
         {16, 16, 1},
         {matrix, matrix, matrix},
         2,
         {Buffer{0}, Buffer{1}, Buffer{2}, n},
         2.0 * n * n * n,
         "GFLOP/s"},
        {"softmax",
         {rows, 1, 1},
         {256, 1, 1},
         {size(rows) * columns, size(rows) * columns},
         1,
         {Buffer{0}, Buffer{1}, columns},
         8.0 * rows * columns,
         "GB/s"},
        {"nbody",
         {bodies / 256, 1, 1},
         {256, 1, 1},
         {size(bodies) * 4, size(bodies) * 4},
         1,
         {Buffer{0}, Buffer{1}, bodies, 0.01f},
         20.0 * bodies * bodies,
         "GFLOP/s"},
        {"attention",
         {length / 64, heads, 1},
         {64, 1, 1},
         {tokens, tokens, tokens, tokens},
         3,
         {Buffer{0}, Buffer{1}, Buffer{2}, Buffer{3}, length, 0.125f},
         4.0 * real(heads) * length * length * 64,
         "GFLOP/s"},
    };
}

} // namespace halyard::bench::cuda
