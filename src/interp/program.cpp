#include "interp/program.h"

#include "interp/decoder.h"
#include "interp/library.h"
#include "interp/run.h"

#include <bit>
#include <new>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

constexpr uint32_t kMaxSubgroupSize = 128;

spv::Error outOfMemory(const std::string& kernel) {
    return {HY_ERROR_OUT_OF_HOST_MEMORY,
            fmt::format("kernel '{}': the host has not the memory to interpret it", kernel),
            {}};
}

// Of what the kernel asks for, or else of the settings. 0 when a number of subgroups that it asks for cannot be had.
uint32_t chooseSubgroupSize(const spv::KernelInfo& kernel, const Settings& settings) {
    if (kernel.requiredSubgroupSize != 0 || kernel.requiredSubgroups == 0)
        return kernel.requiredSubgroupSize != 0 ? kernel.requiredSubgroupSize : settings.subgroupSize;
    const auto& workgroup = kernel.requiredWorkgroupSize;
    const uint64_t invocations = uint64_t{workgroup[0]} * workgroup[1] * workgroup[2];
    for (uint32_t size = kMaxSubgroupSize; size != 0; size /= 2)
        if ((invocations + size - 1) / size == kernel.requiredSubgroups)
            return size;
    return 0;
}

} // namespace

class Program::Impl {
public:
    std::unique_ptr<Prepared> prepared;
    Settings settings;
};

Program::Program(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Program::~Program() = default;

spv::Result<std::unique_ptr<Program>> Program::prepare(std::shared_ptr<const spv::Module> module,
                                                       const spv::KernelInfo& kernel, const Settings& settings) {
    if (kernel.refusal)
        return *kernel.refusal;
    const uint32_t size = chooseSubgroupSize(kernel, settings);
    if (size == 0 && kernel.requiredSubgroups != 0)
        return spv::Error{
            HY_ERROR_UNSUPPORTED_SPIRV,
            fmt::format("kernel '{}': no subgroup size gives the {} subgroups that it requires of its workgroup",
                        kernel.name, kernel.requiredSubgroups),
            {}};
    if (!std::has_single_bit(size) || size > kMaxSubgroupSize)
        return spv::Error{
            HY_ERROR_UNSUPPORTED_SPIRV,
            fmt::format("kernel '{}': subgroups of {} are not supported; they are a power of two up to {}", kernel.name,
                        size, kMaxSubgroupSize),
            {}};
    try {
        auto impl = std::make_unique<Impl>();
        impl->settings = settings;
        spv::Result<std::shared_ptr<const spv::Module>> whole = replaceLibraryCalls(std::move(module));
        if (!whole)
            return whole.error();
        impl->prepared = Decoder(std::move(*whole), kernel, size).run();
        return std::unique_ptr<Program>(new Program(std::move(impl)));
    } catch (const Refusal& refusal) {
        return spv::Error{refusal.error.code, fmt::format("kernel '{}': {}", kernel.name, refusal.error.message),
                          refusal.error.hint};
    } catch (const std::bad_alloc&) {
        return outOfMemory(kernel.name);
    }
}

spv::Status Program::run(DeviceMemory& memory, const Launch& launch) const {
    try {
        return Run(*impl_->prepared, impl_->settings, memory.impl(), launch).run();
    } catch (const std::bad_alloc&) {
        return outOfMemory(impl_->prepared->kernel.name);
    }
}

bool Program::needsWholeSubgroups() const {
    return impl_->prepared->wholeSubgroups;
}

uint32_t Program::residentWorkgroups(uint64_t invocations, uint64_t localBytes) const {
    return residentLimit(*impl_->prepared, invocations, localBytes);
}

uint32_t Program::subgroupSize() const {
    return impl_->prepared->subgroupSize;
}

} // namespace halyard::interp
