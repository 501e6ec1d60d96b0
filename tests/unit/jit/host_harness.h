// Runs kernels written as KIR text the way the cpu backend does: compile to an artifact, load it, launch workgroups.
#pragma once

#include "jit/host_kernel_abi.h"
#include "jit/targets/target.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace halyard::jit::test {

using Dim3 = std::array<uint32_t, 3>;

// One argument and, with it, the parameter's kind.
struct Arg {
    spv::ParameterKind kind = spv::ParameterKind::Value;
    std::vector<std::byte> bytes;

    static Arg buffer(const void* address);
    static Arg local(uint64_t bytes);
    template <typename T> static Arg value(const T& value) {
        const auto* first = reinterpret_cast<const std::byte*>(&value);
        return {spv::ParameterKind::Value, {first, first + sizeof(T)}};
    }
};

// Wraps a kernel body in the declarations that KIR kernels use. `kernel` defines @k with attributes #0.
std::string kirModule(const std::string& kernel);

// Compiles KIR text for the host. The interface is read off `args`.
spv::Result<std::string> compileKir(const std::string& kir, const std::vector<Arg>& args, const Dim3& workgroupSize,
                                    Emit emit = Emit::Artifact, uint32_t subgroupSize = 0);

// A loaded artifact.
class HostKernel {
public:
    explicit HostKernel(const std::string& artifact);
    ~HostKernel();
    HostKernel(const HostKernel&) = delete;
    HostKernel& operator=(const HostKernel&) = delete;

    const HyHostKernelInfo& info() const { return *info_; }
    // Runs the groups in `ranges` pieces of the linear range; local memory and scratch start out as garbage.
    void run(const Dim3& groups, const Dim3& size, const std::vector<Arg>& args, unsigned ranges = 1) const;
    void run(const HyHostLaunch& launch, uint64_t first, uint64_t end, void* local, void* scratch) const {
        run_(&launch, first, end, local, scratch);
    }

private:
    void* library_ = nullptr;
    const HyHostKernelInfo* info_ = nullptr;
    HyHostKernelRun run_ = nullptr;
};

// The packed argument block for `args`.
std::vector<std::byte> packArguments(const std::vector<Arg>& args);

// Compiles for `size` (specialised) or for any size, runs, and leaves the results in the arguments' buffers.
void compileAndRun(const std::string& kir, const Dim3& groups, const Dim3& size, const std::vector<Arg>& args,
                   bool specialised);

} // namespace halyard::jit::test
