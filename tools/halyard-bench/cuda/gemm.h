// The cooperative-matrix product beside cuBLAS.
#pragma once

#include "bench.h"

namespace halyard::bench::cuda {

// n: a multiple of kGemmTile. nativeStream: the CUstream of `stream`, whose context is current. Both results are
// compared with the host's. Without `withCublas` Halyard's side alone. Throws when a result is wrong.
void measureGemm(const Device& device, const Stream& stream, void* nativeStream, uint32_t n, bool withCublas,
                 unsigned repetitions, Results& results);

} // namespace halyard::bench::cuda
