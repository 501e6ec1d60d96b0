// The matrix product of `halyard-bench cuda` as SPIR-V: no front end here writes cooperative matrices.
#pragma once

#include <cstdint>
#include <vector>

namespace halyard::bench::cuda {

// C = A * B in tiles of kGemmTile x kGemmTile, one a workgroup of kGemmGroup invocations; sizes are multiples of it.
inline constexpr uint32_t kGemmTile = 128;
inline constexpr uint32_t kGemmGroup = 128;
inline constexpr uint32_t kGemmDepth = 32; // of the part of A and B that a workgroup holds at a time
inline constexpr uint32_t kGemmFragment = 16;

// The module with the kernel "gemm" (a, b: bfloat16; c: float; n): n x n, row-major, sums in 32 bits.
std::vector<uint32_t> gemmModule();

} // namespace halyard::bench::cuda
