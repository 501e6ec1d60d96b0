#include "kernel.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard::reference {
namespace {

constexpr uint32_t kSuggestedInvocations = 64;

std::array<uint32_t, 3> toArray(const HyDim3& size) {
    return {size.x, size.y, size.z};
}

uint64_t addSaturating(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

} // namespace

spv::Result<std::shared_ptr<Kernel>> Kernel::create(std::shared_ptr<Module> module, const spv::KernelInfo& info,
                                                    uint32_t subgroupSize) {
    const Settings& chosen = module->device().settings();
    interp::Settings settings;
    settings.subgroupSize = subgroupSize != 0 ? subgroupSize : chosen.subgroupSize;
    settings.stepLimit = chosen.stepLimit;
    settings.detectRaces = chosen.detectRaces;
    settings.detectUninitialised = chosen.detectUninitialised;
    settings.print = [host = module->device().host()](std::string_view text) { host.print(text); };
    auto program = interp::Program::prepare(module->parsed(), info, settings);
    if (!program)
        return program.error();
    return std::shared_ptr<Kernel>(new Kernel(std::move(module), info, std::move(*program)));
}

std::vector<uint8_t> Kernel::packArguments(const HyBackendLaunch& launch) const {
    std::vector<uint8_t> block(info_.argumentBytes);
    size_t lengths = 0;
    for (size_t i = 0; i < info_.parameters.size(); ++i) {
        const spv::Parameter& parameter = info_.parameters[i];
        const void* from =
            launch.args != nullptr ? launch.args[i] : static_cast<const uint8_t*>(launch.packedArgs) + parameter.offset;
        std::memcpy(block.data() + parameter.offset, from, parameter.size);
        if (parameter.needsLength)
            std::memcpy(block.data() + parameter.lengthOffset, &launch.bufferLengths[lengths++], sizeof(uint64_t));
    }
    return block;
}

Status Kernel::checkSubgroups(uint64_t invocations) const {
    if (!program_->needsWholeSubgroups() || invocations % program_->subgroupSize() == 0)
        return spv::Unit{};
    return Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                   fmt::format("kernel {} has cooperative matrices, which need whole subgroups: workgroups of {} "
                               "invocations are no multiple of {}",
                               info_.name, invocations, program_->subgroupSize()),
                   "choose another workgroup size"};
}

Status Kernel::checkSize(const HyBackendLaunch& launch, const std::vector<uint8_t>& arguments) const {
    uint64_t invocations = 1;
    uint64_t groups = 1;
    bool fits = true;
    for (int i = 0; i < 3; ++i) {
        fits = fits && !__builtin_mul_overflow(invocations, toArray(launch.workgroupSize)[i], &invocations) &&
               !__builtin_mul_overflow(groups, toArray(launch.workgroups)[i], &groups);
    }
    if (!fits || invocations == 0 || invocations > kMaxWorkgroupInvocations)
        return Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                       fmt::format("kernel {}: {} x {} x {} workgroups of {} x {} x {} invocations; the reference "
                                   "device takes workgroups of 1 to {} and below 2^64 of them",
                                   info_.name, launch.workgroups.x, launch.workgroups.y, launch.workgroups.z,
                                   launch.workgroupSize.x, launch.workgroupSize.y, launch.workgroupSize.z,
                                   kMaxWorkgroupInvocations),
                       "make the workgroups smaller"};
    if (const Status status = checkSubgroups(invocations); !status)
        return status;
    uint64_t local = addSaturating(info_.staticLocalBytes, launch.dynamicLocalBytes);
    for (const spv::Parameter& parameter : info_.parameters) {
        uint64_t bytes = 0;
        if (parameter.kind == spv::ParameterKind::LocalPointer) {
            std::memcpy(&bytes, arguments.data() + parameter.offset, sizeof bytes);
            local = addSaturating(local, bytes);
        }
    }
    if (local > kMaxLocalBytes)
        return Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                       fmt::format("kernel {} needs {} bytes of workgroup memory, its variables and arguments "
                                   "together; the reference device has {} (maxLocalBytes)",
                                   info_.name, local, kMaxLocalBytes),
                       "use less workgroup memory"};
    return checkTogether(launch, groups, invocations, local);
}

Status Kernel::checkTogether(const HyBackendLaunch& launch, uint64_t groups, uint64_t invocations,
                             uint64_t localBytes) const {
    const uint64_t most = program_->residentWorkgroups(invocations, localBytes);
    if ((launch.flags & HY_LAUNCH_COOPERATIVE) == 0 || groups <= most)
        return spv::Unit{};
    return Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                   fmt::format("kernel {}: a cooperative launch of {} workgroups; {} of this size are active at once",
                               info_.name, groups, most),
                   "launch at most what hyKernelGetOccupancy gives"};
}

HyResult Kernel::launch(Stream& stream, const HyBackendLaunch& launch) {
    const Host& host = stream.device().host();
    std::vector<uint8_t> arguments = packArguments(launch);
    if (const Status status = checkSize(launch, arguments); !status)
        return host.fail(status.error(), "workgroups");
    const bool together = (launch.flags & HY_LAUNCH_COOPERATIVE) != 0;
    return stream.submit(
        [kernel = shared_from_this(), arguments = std::move(arguments), device = &stream.device(),
         workgroups = toArray(launch.workgroups), size = toArray(launch.workgroupSize), together] {
            const interp::Launch run{workgroups,        size,
                                     arguments.data(),  arguments.size(),
                                     &device->cancel(), &kernel->module_->programData(),
                                     together};
            return kernel->program_->run(device->memory(), run);
        },
        {HY_ACTIVITY_KERNEL, 0, info_.name.c_str()});
}

// The device has one compute unit, whose workgroups take turns.
spv::Result<HyOccupancy> Kernel::occupancy(HyDim3 size, uint64_t localBytes) const {
    const uint64_t invocations = uint64_t{size.x} * size.y * size.z;
    if (const Status status = checkSubgroups(invocations); !status)
        return status.error();
    HyOccupancy out{};
    out.workgroupsPerUnit = program_->residentWorkgroups(invocations, localBytes);
    out.activeWorkgroups = out.workgroupsPerUnit;
    out.limit =
        out.workgroupsPerUnit == interp::kMaxResident ? HY_OCCUPANCY_LIMIT_WORKGROUPS : HY_OCCUPANCY_LIMIT_REGISTERS;
    return out;
}

HyBackendKernelInfo Kernel::info() const {
    HyBackendKernelInfo info{};
    info.structSize = sizeof info;
    info.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    info.subgroupSize = program_->subgroupSize();
    const std::array<uint32_t, 3>& required = info_.requiredWorkgroupSize;
    info.suggestedWorkgroupSize =
        required[0] != 0 ? HyDim3{required[0], required[1], required[2]} : HyDim3{kSuggestedInvocations, 1, 1};
    return info;
}

} // namespace halyard::reference
