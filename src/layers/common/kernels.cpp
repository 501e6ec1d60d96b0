#include "layers/common/kernels.h"

#include "base/struct_size.h"

#include <fmt/format.h>

namespace halyard::layers {
namespace {

std::string keyOf(const KernelDescription& kernel) {
    std::string key = kernel.name;
    for (const KernelParameter& parameter : kernel.parameters)
        key += fmt::format("|{},{},{},{},{}", parameter.kind, parameter.bytes, parameter.offset, parameter.readOnly,
                           parameter.name);
    return key;
}

} // namespace

void KernelTable::add(const HyLayerLink* next, HyKernel kernel) {
    HyKernelInfo info{};
    info.structSize = sizeof info;
    if (next->table->hyKernelGetInfo(next, kernel, &info) != HY_SUCCESS)
        return;
    auto description = std::make_unique<KernelDescription>();
    description->name = info.name;
    for (uint32_t i = 0; i < info.parameterCount; ++i) {
        HyParameterInfo parameter{};
        parameter.structSize = sizeof parameter;
        if (next->table->hyKernelGetParameter(next, kernel, i, &parameter) != HY_SUCCESS)
            return;
        description->parameters.push_back({parameter.kind, parameter.bytes, parameter.offset,
                                           (parameter.flags & HY_PARAMETER_READ_ONLY) != 0, parameter.name});
    }
    const std::unique_lock lock(mutex_);
    auto& known = known_[keyOf(*description)];
    if (known == nullptr)
        known = std::move(description);
    live_[kernel] = known.get();
}

void KernelTable::remove(HyKernel kernel) {
    const std::unique_lock lock(mutex_);
    live_.erase(kernel);
}

const KernelDescription* KernelTable::find(HyKernel kernel) const {
    const std::shared_lock lock(mutex_);
    const auto entry = live_.find(kernel);
    return entry != live_.end() ? entry->second : nullptr;
}

const void* LaunchView::argument(const KernelDescription& description, size_t index) const {
    const KernelParameter& parameter = description.parameters[index];
    if (packedArgs != nullptr)
        return parameter.offset + uint64_t{parameter.bytes} <= argCount
                   ? static_cast<const std::byte*>(packedArgs) + parameter.offset
                   : nullptr;
    return args != nullptr && index < argCount ? args[index] : nullptr;
}

bool readLaunch(const HyLaunchDesc* desc, LaunchView& out) {
    HyLaunchDesc full{};
    if (desc == nullptr || readStruct(desc, full, kLaunchDescV1) != StructFault::None)
        return false;
    out = {full.stream,
           full.kernel,
           full.workgroups,
           full.workgroupSize,
           full.args,
           full.packedArgs,
           full.packedArgs != nullptr ? full.packedArgBytes : full.argCount};
    return true;
}

} // namespace halyard::layers
