// Writes the matrix product of `halyard-bench cuda` to a file, for the compiler's command line.
#include "cuda/gemm_module.h"

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    const std::vector<uint32_t> words = halyard::bench::cuda::gemmModule();
    std::ofstream file(argv[1], std::ios::binary);
    file.write(reinterpret_cast<const char*>(words.data()),
               static_cast<std::streamsize>(words.size() * sizeof words[0]));
    return file.flush() ? 0 : 1;
}
