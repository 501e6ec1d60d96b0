#include "cuda/cublas.h"

#include <stdexcept>

#include <dlfcn.h>
#include <fmt/format.h>

namespace halyard::bench::cuda {
namespace {

// cublas_api.h and library_types.h.
constexpr int kNotTransposed = 0, kBfloat16 = 14, kFloat32 = 0, kSumsInFloat32 = 68, kItsOwnChoice = -1;

} // namespace

struct Cublas::Functions {
    int (*create)(void** handle) = nullptr;
    int (*destroy)(void* handle) = nullptr;
    int (*setStream)(void* handle, void* stream) = nullptr;
    int (*gemm)(void* handle, int transposedA, int transposedB, int m, int n, int k, const void* alpha, const void* a,
                int typeA, int lineA, const void* b, int typeB, int lineB, const void* beta, void* c, int typeC,
                int lineC, int computeType, int algorithm) = nullptr;
};

Cublas::Cublas(void* stream) {
    void* library = nullptr;
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so.11", "libcublas.so"}) {
        library = library != nullptr ? library : dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
    if (library == nullptr) {
        problem_ = fmt::format("cuBLAS is not on this machine ({})", dlerror());
        return;
    }
    static Functions functions;
    const auto find = [&](auto& function, const char* name) {
        function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
        if (function == nullptr) {
            problem_ = fmt::format("this cuBLAS lacks {}", name);
        }
    };
    find(functions.create, "cublasCreate_v2");
    find(functions.destroy, "cublasDestroy_v2");
    find(functions.setStream, "cublasSetStream_v2");
    find(functions.gemm, "cublasGemmEx");
    if (!problem_.empty()) {
        return;
    }
    functions_ = &functions;
    int status = functions.create(&handle_);
    if (status != 0) {
        handle_ = nullptr;
        problem_ = fmt::format("cublasCreate failed with status {}", status);
        return;
    }
    status = functions.setStream(handle_, stream);
    if (status != 0) {
        problem_ = fmt::format("cublasSetStream failed with status {}", status);
    }
}

Cublas::~Cublas() {
    if (handle_ != nullptr) {
        functions_->destroy(handle_);
    }
}

void Cublas::multiply(uint64_t a, uint64_t b, uint64_t c, uint32_t n) {
    const float one = 1.0f;
    const float zero = 0.0f;
    const int size = static_cast<int>(n);
    const auto pointer = [](uint64_t address) { return reinterpret_cast<void*>(static_cast<uintptr_t>(address)); };
    // It counts by columns: what it takes for B transposed times A transposed is our A times B, transposed.
    const int status =
        functions_->gemm(handle_, kNotTransposed, kNotTransposed, size, size, size, &one, pointer(b), kBfloat16, size,
                         pointer(a), kBfloat16, size, &zero, pointer(c), kFloat32, size, kSumsInFloat32, kItsOwnChoice);
    if (status != 0) {
        throw std::runtime_error(fmt::format("cublasGemmEx failed with status {}", status));
    }
}

} // namespace halyard::bench::cuda
