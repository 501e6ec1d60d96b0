#include "kernel.h"

#include "versions.h"

#include <algorithm>

namespace halyard::cuda {

Kernel::Kernel(std::shared_ptr<Image> image, const HyBackendKernelDesc& desc)
    : image_(std::move(image)), device_(image_->device()), cu_(device_.cu()),
      parameters_(desc.parameters, desc.parameters + desc.parameterCount), lengthCount_(desc.lengthCount),
      requiredSize_(desc.requiredWorkgroupSize), name_(image_->device().intern(desc.name)) {}

HyResult Kernel::compile(Module& module, const HyBackendKernelDesc& desc, ArtifactHeader& header,
                         std::shared_ptr<Image>& out) {
    Device& device = module.device();
    const std::string cpu = processorOf(device.info().computeCapability);
    const std::string features = ptxFeature(device.driverVersion());
    HyJitRequest request{};
    request.structSize = sizeof request;
    request.flags = (module.desc().flags & HY_MODULE_FAST_MATH) != 0 ? HY_JIT_FAST_MATH : 0;
    request.spirv = module.desc().data;
    request.spirvBytes = module.desc().dataBytes;
    request.spirvDigest = module.desc().spirvDigest;
    request.kernel = desc.name;
    request.target = "nvptx";
    request.cpu = cpu.c_str();
    request.features = features.c_str();
    request.workgroupSize[0] = desc.requiredWorkgroupSize.x;
    request.workgroupSize[1] = desc.requiredWorkgroupSize.y;
    request.workgroupSize[2] = desc.requiredWorkgroupSize.z;
    request.subgroupSize = desc.requiredSubgroupSize;
    HyJitArtifact artifact{};
    artifact.structSize = sizeof artifact;
    if (const HyResult result = device.host().jitCompile(request, artifact); result != HY_SUCCESS)
        return result;
    const std::string text(static_cast<const char*>(artifact.data), artifact.bytes);
    device.host().jitRelease(artifact);
    if (const std::string fault = parseArtifact(text, header); !fault.empty())
        return device.host().fail(
            {HY_ERROR_INCOMPATIBLE_ABI, fault, "", "install the backend and Halyard from the same release"});
    return Image::load(module.sharedDevice(), text.c_str(), std::string("kernel '") + desc.name + "'", out);
}

HyResult Kernel::create(const std::shared_ptr<Module>& module, const HyBackendKernelDesc& desc,
                        std::shared_ptr<Kernel>& out) {
    ArtifactHeader header;
    std::shared_ptr<Image> image = module->image();
    if (image == nullptr) {
        if (const HyResult result = compile(*module, desc, header, image); result != HY_SUCCESS)
            return result;
    } else {
        header.entry = desc.name;
    }
    std::shared_ptr<Kernel> kernel(new Kernel(std::move(image), desc));
    if (const HyResult result = kernel->prepare(*module, header); result != HY_SUCCESS)
        return result;
    out = std::move(kernel);
    return HY_SUCCESS;
}

HyResult Kernel::prepare(Module& module, const ArtifactHeader& header) {
    Device& device = image_->device();
    const Symbols& cu = device.cu();
    const Current current = enterContext(device);
    const CUresult found = cu.cuModuleGetFunction(&function_, image_->handle(), header.entry.c_str());
    if (found != CUDA_SUCCESS)
        return device.fail(found, ("find kernel '" + header.entry + "'").c_str());
    hidden_ = header.hidden;
    multiple_ = header.multiple;
    movedLocalBytes_ = header.dynamicBytes;
    for (const Hidden hidden : hidden_) {
        needsPrint_ |= hidden == Hidden::Print;
        needsGrid_ |= hidden == Hidden::Grid;
        if (hidden != Hidden::Program)
            continue;
        if (const HyResult result = module.shareProgram(image_, program_); result != HY_SUCCESS)
            return result;
        size_t bytes = 0;
        if (!program_->find("hyProgramData", programData_, bytes))
            return device.host().fail({HY_ERROR_INTERNAL, "the compiled code has no hyProgramData"});
    }
    if (needsPrint_) {
        if (const HyResult result = image_->readFormats(); result != HY_SUCCESS)
            return result;
    }
    const bool hasLocal = std::any_of(parameters_.begin(), parameters_.end(), [](const HyBackendParameter& parameter) {
        return parameter.kind == HY_PARAMETER_LOCAL_POINTER;
    });
    const bool sizesLocal = hasLocal || movedLocalBytes_ != 0;
    plain_ = hiddenCount() == 0 && !sizesLocal;
    if (plain_ && multiple_ == 1)
        usualContext_ = device.context();
    const uint32_t most = device.info().properties.maxLocalBytes;
    if ((!sizesLocal && module.image() == nullptr) || most <= device.info().defaultLocalBytes)
        return HY_SUCCESS;
    int fixed = 0;
    if (const HyResult result =
            device.check(cu.cuFuncGetAttribute(&fixed, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function_),
                         "tell how much workgroup memory a kernel has");
        result != HY_SUCCESS)
        return result;
    return device.check(cu.cuFuncSetAttribute(function_, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                              static_cast<int>(most) - fixed),
                        "give a kernel more workgroup memory");
}

HyResult Kernel::info(HyBackendKernelInfo& out) const {
    constexpr uint32_t kSuggested = 256;
    Device& device = image_->device();
    const Current current = enterContext(device);
    int most = 0;
    if (const HyResult result =
            device.check(device.cu().cuFuncGetAttribute(&most, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function_),
                         "tell how large a kernel's workgroups may be");
        result != HY_SUCCESS)
        return result;
    out.structSize = sizeof out;
    out.maxWorkgroupInvocations = static_cast<uint32_t>(most);
    out.subgroupSize = device.info().properties.subgroupSizeMax;
    out.suggestedWorkgroupSize =
        requiredSize_.x != 0 ? requiredSize_ : HyDim3{std::min(kSuggested, out.maxWorkgroupInvocations), 1, 1};
    return HY_SUCCESS;
}

// The driver says how many, not why: the first resource that would not take one more.
HyResult Kernel::findLimit(HyDim3 size, uint64_t localBytes, HyOccupancy& out) const {
    constexpr uint64_t kReserved = 1024; // bytes of a workgroup that the driver takes for itself from sm_80 on
    Device& device = image_->device();
    int items = 0, groups = 0, local = 0;
    const auto ask = [&](int* value, CUdevice_attribute attribute) {
        return device.cu().cuDeviceGetAttribute(value, attribute, device.handle());
    };
    if (ask(&items, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR) != CUDA_SUCCESS ||
        ask(&local, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR) != CUDA_SUCCESS) {
        out.limit = HY_OCCUPANCY_LIMIT_UNKNOWN;
        return HY_SUCCESS;
    }
    const uint64_t more = uint64_t{out.workgroupsPerUnit} + 1;
    const uint64_t warps = (uint64_t{size.x} * size.y * size.z + 31) / 32;
    if (more * warps * 32 > static_cast<uint64_t>(items))
        out.limit = HY_OCCUPANCY_LIMIT_THREADS;
    else if (ask(&groups, CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR) == CUDA_SUCCESS &&
             more > static_cast<uint64_t>(groups))
        out.limit = HY_OCCUPANCY_LIMIT_WORKGROUPS;
    else if (more * (localBytes + kReserved) > static_cast<uint64_t>(local))
        out.limit = HY_OCCUPANCY_LIMIT_LOCAL_MEMORY;
    else
        out.limit = HY_OCCUPANCY_LIMIT_REGISTERS;
    return HY_SUCCESS;
}

HyResult Kernel::occupancy(HyDim3 size, uint64_t localBytes, HyOccupancy& out) const {
    Device& device = image_->device();
    const Symbols& cu = device.cu();
    const Current current = enterContext(device);
    int fixed = 0;
    int blocks = 0;
    CUresult code = cu.cuFuncGetAttribute(&fixed, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function_);
    // The driver counts what the kernel declares itself.
    const uint64_t dynamic = localBytes > static_cast<uint64_t>(fixed) ? localBytes - static_cast<uint64_t>(fixed) : 0;
    const auto invocations = static_cast<int>(size.x * size.y * size.z);
    if (code == CUDA_SUCCESS)
        code = cu.cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function_, invocations, dynamic);
    if (code != CUDA_SUCCESS)
        return device.fail(code, "tell how many workgroups are active at once");
    if (blocks == 0)
        return device.host().fail({HY_ERROR_INVALID_LAUNCH_SIZE,
                                   std::string("not one workgroup of ") + std::to_string(invocations) +
                                       " invocations and " + std::to_string(localBytes) +
                                       " bytes of workgroup memory fits for kernel '" + name_ + "'",
                                   "workgroupSize", "use a smaller workgroup"});
    out.structSize = sizeof out;
    out.workgroupsPerUnit = static_cast<uint32_t>(blocks);
    out.activeWorkgroups = uint64_t{out.workgroupsPerUnit} * device.info().properties.computeUnits;
    return findLimit(size, static_cast<uint64_t>(fixed) + dynamic, out);
}

} // namespace halyard::cuda
