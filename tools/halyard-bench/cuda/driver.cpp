#include "cuda/driver.h"

#include <stdexcept>

#include <dlfcn.h>
#include <fmt/format.h>

namespace halyard::bench::cuda {

Driver::Driver() {
    void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        throw std::runtime_error(fmt::format("NVIDIA's driver cannot be opened: {}", dlerror()));
    }
#define HALYARD_BENCH_CUDA_RESOLVE(name, parameters)                                                                   \
    name = reinterpret_cast<Status(*) parameters>(dlsym(library, #name));                                              \
    if (name == nullptr) {                                                                                             \
        throw std::runtime_error("the driver lacks " #name);                                                           \
    }
    HALYARD_BENCH_CUDA_FUNCTIONS(HALYARD_BENCH_CUDA_RESOLVE)
#undef HALYARD_BENCH_CUDA_RESOLVE
}

void Driver::check(Status status, const std::string& call) const {
    if (status != 0) {
        const char* name = nullptr;
        cuGetErrorName(status, &name);
        throw std::runtime_error(fmt::format("{} failed: {} ({})", call, name != nullptr ? name : "?", status));
    }
}

} // namespace halyard::bench::cuda
