#include "calls/direct.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "../../backends/cuda/symbols.h"

namespace halyard::bench {
namespace {

using namespace halyard::cuda;

struct State {
    Symbols cu;
    CUstream stream;
    CUstream waiting;
    CUevent event;
    CUfunction function;
    CUgraphExec graph;
    CUdeviceptr out;
    CUdeviceptr other;
};
State state;

[[noreturn, gnu::cold, gnu::noinline]] void refuse(CUresult code, const char* call) {
    throw std::runtime_error(fmt::format("the driver's {} failed with {}", call, static_cast<int>(code)));
}

inline void require(CUresult code, const char* call) {
    if (code != CUDA_SUCCESS) [[unlikely]] {
        refuse(code, call);
    }
}

template <typename Native> Native nativeOf(const void* object) {
    HyNativeHandle handle{};
    handle.structSize = sizeof handle;
    check(hyGetNativeHandle(object, &handle));
    return reinterpret_cast<Native>(handle.value);
}

inline void launch() {
    float value = 1.0f;
    uint32_t n = 1;
    void* args[] = {&state.out, &value, &n};
    require(state.cu.cuLaunchKernel(state.function, 1, 1, 1, 1, 1, 1, 0, state.stream, args, nullptr),
            "cuLaunchKernel");
}

inline void record() {
    require(state.cu.cuEventRecord(state.event, state.stream), "cuEventRecord");
}

CUgraphExec makeGraph() {
    float value = 1.0f;
    uint32_t n = 1;
    void* args[] = {&state.out, &value, &n};
    CUgraph graph = nullptr;
    CUgraphNode node = nullptr;
    CUgraphExec exec = nullptr;
    CUDA_KERNEL_NODE_PARAMS_v1 params{};
    params.func = state.function;
    params.gridDimX = params.gridDimY = params.gridDimZ = 1;
    params.blockDimX = params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = args;
    require(state.cu.cuGraphCreate(&graph, 0), "cuGraphCreate");
    require(state.cu.cuGraphAddKernelNode(&node, graph, nullptr, 0, &params), "cuGraphAddKernelNode");
    require(state.cu.cuGraphInstantiateWithFlags(&exec, graph, 0), "cuGraphInstantiateWithFlags");
    return exec;
}

} // namespace

extern "C" {

[[gnu::noinline]] void halyardBenchStepDirectLaunch() {
    launch();
}
[[gnu::noinline]] void halyardBenchStepDirectLaunchRecord() {
    launch();
    record();
}
[[gnu::noinline]] void halyardBenchStepDirectRecord() {
    record();
}
[[gnu::noinline]] void halyardBenchStepDirectWait() {
    require(state.cu.cuStreamWaitEvent(state.waiting, state.event, 0), "cuStreamWaitEvent");
}
[[gnu::noinline]] void halyardBenchStepDirectGraph() {
    require(state.cu.cuGraphLaunch(state.graph, state.stream), "cuGraphLaunch");
}
[[gnu::noinline]] void halyardBenchStepDirectCopy() {
    require(state.cu.cuMemcpyDtoDAsync_v2(state.out, state.other, sizeof(float), state.stream), "cuMemcpyDtoDAsync_v2");
}

} // extern "C"

DirectSteps openDirect(const DirectObjects& objects) {
    void* library = dlopen(kDriverLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        throw std::runtime_error(fmt::format("NVIDIA's driver cannot be opened: {}", dlerror()));
    }
    const auto resolve = [&](auto& function, const char* name) {
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
        if (function == nullptr) {
            throw std::runtime_error(fmt::format("the driver lacks {}", name));
        }
    };
    resolve(state.cu.cuEventRecord, "cuEventRecord");
    resolve(state.cu.cuGraphAddKernelNode, "cuGraphAddKernelNode");
    resolve(state.cu.cuGraphCreate, "cuGraphCreate");
    resolve(state.cu.cuGraphInstantiateWithFlags, "cuGraphInstantiateWithFlags");
    resolve(state.cu.cuGraphLaunch, "cuGraphLaunch");
    resolve(state.cu.cuLaunchKernel, "cuLaunchKernel");
    resolve(state.cu.cuMemcpyDtoDAsync_v2, "cuMemcpyDtoDAsync_v2");
    resolve(state.cu.cuStreamWaitEvent, "cuStreamWaitEvent");
    state.stream = nativeOf<CUstream>(objects.stream->get());
    state.waiting = nativeOf<CUstream>(objects.waiting->get());
    state.event = nativeOf<CUevent>(objects.event);
    state.function = nativeOf<CUfunction>(objects.kernel->get());
    state.out = objects.out;
    state.other = objects.other;
    state.graph = makeGraph();
    return {halyardBenchStepDirectLaunch, halyardBenchStepDirectLaunchRecord, halyardBenchStepDirectRecord,
            halyardBenchStepDirectWait,   halyardBenchStepDirectGraph,        halyardBenchStepDirectCopy};
}

std::vector<std::string> driverFunctions() {
    std::vector<std::string> names;
#define HALYARD_BENCH_NAME(presence, version, result, name, parameters) names.emplace_back(#name);
    HALYARD_CUDA_SYMBOLS(HALYARD_BENCH_NAME)
#undef HALYARD_BENCH_NAME
    return names;
}

} // namespace halyard::bench
