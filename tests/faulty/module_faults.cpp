// Kernels that get wrong arguments, run on too few workgroups, or tell wrong limits.
#include "books.h"
#include "target.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace halyard::faulty {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

template <auto change>
HyResult changedLaunch(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    HyBackendLaunch own = *launch;
    change(own);
    return real().stream.launch(stream, kernel, &own);
}

void lastWorkgroupMissing(Tables& tables) {
    tables.stream.launch = changedLaunch<[](HyBackendLaunch& l) { l.workgroups.x -= (l.workgroups.x > 1) ? 1 : 0; }>;
}

void lastInvocationMissing(Tables& tables) {
    tables.stream.launch =
        changedLaunch<[](HyBackendLaunch& l) { l.workgroupSize.x -= (l.workgroupSize.x > 1) ? 1 : 0; }>;
}

void dimensionsSwapped(Tables& tables) {
    tables.stream.launch = changedLaunch<[](HyBackendLaunch& l) { std::swap(l.workgroups.y, l.workgroups.z); }>;
}

void launchMissing(Tables& tables) {
    tables.stream.launch = [](HyBackendStream stream, HyBackendKernel, const HyBackendLaunch*) {
        const HyResult result = real().stream.query(stream);
        return result == HY_NOT_READY ? HY_SUCCESS : result;
    };
}

void bufferLengthsWrong(Tables& tables) {
    tables.stream.launch = [](HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
        std::vector<uint64_t> lengths(64, 4096);
        HyBackendLaunch own = *launch;
        if (own.bufferLengths != nullptr)
            own.bufferLengths = lengths.data();
        return real().stream.launch(stream, kernel, &own);
    };
}

// Creates a kernel of other parameters than those of its code.
template <auto change>
HyResult changedKernel(HyBackendModule module, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    HyBackendKernelDesc own = *desc;
    std::vector<HyBackendParameter> parameters(desc->parameters, desc->parameters + desc->parameterCount);
    change(own, parameters);
    own.parameters = parameters.data();
    return real().module.createKernel(module, &own, outKernel);
}

using Parameters = std::vector<HyBackendParameter>;

void swapValues(HyBackendKernelDesc&, Parameters& parameters) {
    for (size_t i = 0; i < parameters.size(); ++i) {
        for (size_t j = i + 1; j < parameters.size(); ++j) {
            if (parameters[i].kind == HY_PARAMETER_VALUE && parameters[j].kind == HY_PARAMETER_VALUE &&
                parameters[i].bytes == parameters[j].bytes) {
                std::swap(parameters[i].offset, parameters[j].offset);
                return;
            }
        }
    }
}

void truncateValues(HyBackendKernelDesc&, Parameters& parameters) {
    for (HyBackendParameter& parameter : parameters) {
        if (parameter.kind == HY_PARAMETER_VALUE)
            parameter.bytes = std::min(parameter.bytes, 4u);
    }
}

void argumentsSwapped(Tables& tables) {
    tables.module.createKernel = changedKernel<swapValues>;
}

void argumentsTruncated(Tables& tables) {
    tables.module.createKernel = changedKernel<truncateValues>;
}

void subgroupSizeIgnored(Tables& tables) {
    tables.module.createKernel =
        changedKernel<[](HyBackendKernelDesc& desc, Parameters&) { desc.requiredSubgroupSize = 0; }>;
}

struct LocalParameters;

// Blocks of workgroup memory are given half of what their arguments ask for, so the second begins within the first.
void localSizesHalved(Tables& tables) {
    tables.module.createKernel = [](HyBackendModule module, const HyBackendKernelDesc* desc,
                                    HyBackendKernel* outKernel) {
        const HyResult result = real().module.createKernel(module, desc, outKernel);
        if (result == HY_SUCCESS) {
            books<LocalParameters, HyBackendKernel, Parameters>().put(
                *outKernel, Parameters(desc->parameters, desc->parameters + desc->parameterCount));
        }
        return result;
    };
    tables.stream.launch = [](HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
        const auto parameters = books<LocalParameters, HyBackendKernel, Parameters>().find(kernel);
        if (!parameters || launch->args == nullptr)
            return real().stream.launch(stream, kernel, launch);
        std::vector<uint64_t> halves(parameters->size());
        std::vector<const void*> args(launch->args, launch->args + parameters->size());
        for (size_t i = 0; i < args.size(); ++i) {
            if ((*parameters)[i].kind == HY_PARAMETER_LOCAL_POINTER) {
                std::memcpy(&halves[i], args[i], sizeof halves[i]);
                halves[i] /= 2;
                args[i] = &halves[i];
            }
        }
        HyBackendLaunch own = *launch;
        own.args = args.data();
        return real().stream.launch(stream, kernel, &own);
    };
}

struct ModuleDevices;

// As a driver does that frees code which still runs.
void unloadDropsWork(Tables& tables) {
    tables.module.load = [](HyBackendDevice device, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
        const HyResult result = real().module.load(device, desc, outModule);
        if (result == HY_SUCCESS)
            books<ModuleDevices, HyBackendModule, HyBackendDevice>().put(*outModule, device);
        return result;
    };
    tables.module.unload = [](HyBackendModule module) {
        if (const auto device = books<ModuleDevices, HyBackendModule, HyBackendDevice>().take(module); device)
            real().device.reset(*device, kSecond);
        return real().module.unload(module);
    };
}

template <auto change> HyResult changedInfo(HyBackendKernel kernel, HyBackendKernelInfo* outInfo) {
    const HyResult result = real().module.getKernelInfo(kernel, outInfo);
    change(*outInfo);
    return result;
}

void suggestsTooLarge(Tables& tables) {
    tables.module.getKernelInfo =
        changedInfo<[](HyBackendKernelInfo& i) { i.suggestedWorkgroupSize.x = i.maxWorkgroupInvocations * 2; }>;
}

void subgroupSizeWrong(Tables& tables) {
    tables.module.getKernelInfo = changedInfo<[](HyBackendKernelInfo& i) { i.subgroupSize *= 2; }>;
}

template <auto change>
HyResult changedOccupancy(HyBackendKernel kernel, HyDim3 size, uint64_t localBytes, HyOccupancy* outOccupancy) {
    const HyResult result = real().module.getOccupancy(kernel, size, localBytes, outOccupancy);
    change(*outOccupancy);
    return result;
}

void occupancyTooHigh(Tables& tables) {
    tables.module.getOccupancy = changedOccupancy<[](HyOccupancy& o) { o.activeWorkgroups *= 4; }>;
}

void occupancyZero(Tables& tables) {
    tables.module.getOccupancy = changedOccupancy<[](HyOccupancy& o) { o.activeWorkgroups = 0; }>;
}

void printLost(Tables& tables) {
    tables.print = [](void*, const char*, uint64_t) {};
}

constexpr Fault kFaults[] = {
    {"launch-last-workgroup-missing", "the last workgroup does not run", "Kernels.*", lastWorkgroupMissing},
    {"launch-last-invocation-missing", "the last invocation of each workgroup does not run", "Kernels.*",
     lastInvocationMissing},
    {"launch-dimensions-swapped", "y and z of the grid are swapped", "Kernels.*", dimensionsSwapped},
    {"launch-does-nothing", "a launch is a success and runs nothing", "Kernels.*", launchMissing},
    {"launch-buffer-lengths-wrong", "every buffer has 4096 bytes", "Kernels.*", bufferLengthsWrong},
    {"launch-local-sizes-halved", "workgroup memory of arguments overlaps", "Invocations.Blocks*", localSizesHalved},
    {"kernel-arguments-swapped", "two arguments have each other's offset", "Kernels.*", argumentsSwapped},
    {"kernel-arguments-truncated", "values of more than 4 bytes lose the rest", "Kernels.Pass*", argumentsTruncated},
    {"kernel-subgroup-size-ignored", "a required subgroup size is ignored", "SubgroupSize.*", subgroupSizeIgnored},
    {"kernel-suggests-too-much", "a workgroup is suggested that cannot be launched", "Kernels.LaunchRefuses*",
     suggestsTooLarge},
    {"kernel-subgroup-size-wrong", "kernels tell twice their subgroup size", "Kernels.Sub*", subgroupSizeWrong},
    {"module-unload-drops-work", "unloading a module drops what runs", "Order.Des*", unloadDropsWork},
    {"occupancy-too-high", "more workgroups are active than can be", "Occupancy.*:Cooperative.*", occupancyTooHigh},
    {"occupancy-zero", "no workgroup is active", "Occupancy.*", occupancyZero},
    {"print-lost", "what kernels print does not arrive", "Print.*", printLost},
};

} // namespace

std::span<const Fault> moduleFaults() {
    return kFaults;
}

} // namespace halyard::faulty
