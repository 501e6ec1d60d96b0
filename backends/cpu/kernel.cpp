#include "kernel.h"

#include "stream.h"

#include <algorithm>
#include <cstring>

namespace halyard::cpu {

namespace {

constexpr uint64_t kLocalAlignment = 128; // jit/host_kernel_abi.h
constexpr uint64_t kScratchItems = 64;    // jit/host_kernel_abi.h
constexpr uint32_t kLaunchesBeforeVariant = 2;
constexpr uint32_t kSuggestedInvocations = 256;

// Sizes are at most kMaxWorkgroupInvocations in each dimension, so 16 bits hold one. Never 0.
uint64_t sizeKey(HyDim3 size) {
    return size.x | static_cast<uint64_t>(size.y) << 16 | static_cast<uint64_t>(size.z) << 32;
}

HyDim3 sizeOfKey(uint64_t key) {
    return {static_cast<uint32_t>(key & 0xffff), static_cast<uint32_t>(key >> 16 & 0xffff),
            static_cast<uint32_t>(key >> 32)};
}

// Saturates: such a size is beyond every limit.
uint64_t alignLocal(uint64_t bytes) {
    return bytes > UINT64_MAX - kLocalAlignment ? UINT64_MAX
                                                : (bytes + kLocalAlignment - 1) / kLocalAlignment * kLocalAlignment;
}

uint64_t addSaturating(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

// False when the number of invocations leaves 63 bits.
bool countGroups(const HyBackendLaunch& launch, uint64_t& outGroups, uint64_t& outInvocationsPerGroup) {
    const HyDim3 size = launch.workgroupSize;
    const uint64_t perGroup = static_cast<uint64_t>(size.x) * size.y; // each at most 2^32 - 1, so this fits
    uint64_t total = 0;
    return !__builtin_mul_overflow(perGroup, size.z, &outInvocationsPerGroup) &&
           !__builtin_mul_overflow(static_cast<uint64_t>(launch.workgroups.x) * launch.workgroups.y,
                                   launch.workgroups.z, &outGroups) &&
           !__builtin_mul_overflow(outGroups, outInvocationsPerGroup, &total) && total <= INT64_MAX && total > 0;
}

} // namespace

Kernel::Kernel(Ref<Module> module, const HyBackendKernelDesc& desc)
    : module_(std::move(module)), name_(desc.name), parameters_(desc.parameters, desc.parameters + desc.parameterCount),
      lengthOffsets_(desc.lengthOffsets, desc.lengthOffsets + desc.lengthCount), argumentBytes_(desc.argumentBytes),
      requiredSize_(desc.requiredWorkgroupSize), requiredSubgroupSize_(desc.requiredSubgroupSize) {}

Kernel::~Kernel() {
    for (Variant& variant : variants_) {
        if (CodeObject* code = variant.code.load(std::memory_order_acquire)) {
            code->release();
        }
    }
}

HyResult Kernel::prepare() {
    if (argumentBytes_ > kMaxArgumentBytes) {
        return host().fail({HY_ERROR_UNSUPPORTED,
                            format("kernel %s takes %u bytes of arguments; the cpu device takes %u (maxArgumentBytes)",
                                   name_.c_str(), argumentBytes_, kMaxArgumentBytes)});
    }
    return compile(module_->source(), requiredSize_, code_);
}

HyResult Kernel::compile(const Source& source, HyDim3 size, Ref<CodeObject>& outCode) const {
    HyJitRequest request{};
    request.structSize = sizeof request;
    request.flags = source.jitFlags | HY_JIT_LANES(module_->device().settings().lanes);
    request.spirv = source.spirv;
    request.spirvBytes = source.bytes;
    request.spirvDigest = source.digest;
    request.kernel = name_.c_str();
    request.target = "host";
    request.cpu = module_->device().settings().isa.c_str();
    request.features = "";
    request.workgroupSize[0] = size.x;
    request.workgroupSize[1] = size.y;
    request.workgroupSize[2] = size.z;
    request.subgroupSize =
        requiredSubgroupSize_ != 0 ? requiredSubgroupSize_ : module_->device().settings().subgroupSize;
    HyJitArtifact artifact{};
    artifact.structSize = sizeof artifact;
    if (const HyResult result = host().jitCompile(request, artifact); result != HY_SUCCESS) {
        return result;
    }
    if (module_->device().specialiser().abandoned()) {
        return HY_ERROR_TIMEOUT; // the artifact is lost with the runtime that made it
    }
    const HyResult result = guarded(host(), [&] {
        Ref<CodeObject> code;
        HyResult loaded = CodeObject::load(host(), name_, artifact.data, artifact.bytes, argumentBytes_, size, code);
        if (loaded == HY_SUCCESS) {
            loaded = module_->shareProgram(code);
        }
        if (loaded == HY_SUCCESS) {
            outCode = std::move(code);
        }
        return loaded;
    });
    host().jitRelease(artifact);
    return result;
}

CodeObject& Kernel::select(HyDim3 size) noexcept {
    const Specialise mode = module_->device().settings().specialise;
    if (mode == Specialise::Off || requiredSize_.x != 0) {
        return *code_;
    }
    const uint64_t key = sizeKey(size);
    for (size_t i = 0; i < kMaxVariants; ++i) {
        Variant& variant = variants_[i];
        uint64_t found = variant.key.load(std::memory_order_relaxed);
        if (found == 0 && variant.key.compare_exchange_strong(found, key, std::memory_order_relaxed)) {
            found = key;
        }
        if (found != key) {
            continue;
        }
        if (CodeObject* code = variant.code.load(std::memory_order_acquire)) {
            return *code;
        }
        if (variant.launches.load(std::memory_order_relaxed) < kLaunchesBeforeVariant) {
            const uint32_t launches = variant.launches.fetch_add(1, std::memory_order_relaxed) + 1;
            if (mode == Specialise::AtLaunch && launches == 1) {
                specialise(i);
                CodeObject* code = variant.code.load(std::memory_order_acquire);
                return code != nullptr ? *code : *code_;
            }
            if (mode == Specialise::Background && launches == kLaunchesBeforeVariant) {
                requestVariant(i);
            }
        }
        return *code_;
    }
    return *code_;
}

void Kernel::requestVariant(size_t variant) noexcept {
    try {
        // The module's words may go before the compiler has read them.
        std::call_once(ownedSourceOnce_, [&] { ownedSource_ = module_->ownedSource(); });
        module_->device().specialiser().request(Ref<Kernel>::share(this), variant);
    } catch (...) {
        host().log(HY_LOG_WARNING, "no memory to make faster code for a workgroup size: the general code stays in use");
    }
}

void Kernel::specialise(size_t variant) noexcept {
    guarded(host(), [&] {
        const HyDim3 size = sizeOfKey(variants_[variant].key.load(std::memory_order_relaxed));
        const Source source = ownedSource_ ? ownedSource_->source() : module_->source();
        Ref<CodeObject> code;
        const HyResult result = compile(source, size, code);
        if (module_->device().specialiser().abandoned()) {
            return result;
        }
        if (result != HY_SUCCESS) {
            host().log(HY_LOG_WARNING,
                       format("kernel %s has no code of its own for workgroups of %u x %u x %u (error %d): the general "
                              "code stays in use",
                              name_.c_str(), size.x, size.y, size.z, result));
            return result;
        }
        variants_[variant].code.store(code.leak(), std::memory_order_release);
        return HY_SUCCESS;
    });
}

uint64_t Kernel::localBytes(const HyBackendLaunch& launch, const CodeObject& code) const {
    uint64_t bytes = addSaturating(alignLocal(code.info().staticLocalBytes), launch.dynamicLocalBytes);
    for (size_t i = 0; i < parameters_.size(); ++i) {
        if (parameters_[i].kind == HY_PARAMETER_LOCAL_POINTER) {
            uint64_t count = 0;
            std::memcpy(&count,
                        launch.args != nullptr ? launch.args[i]
                                               : static_cast<const uint8_t*>(launch.packedArgs) + parameters_[i].offset,
                        sizeof count);
            bytes = addSaturating(bytes, alignLocal(count));
        }
    }
    return bytes;
}

void Kernel::packArguments(const HyBackendLaunch& launch, uint8_t* out) const {
    for (size_t i = 0; i < parameters_.size(); ++i) {
        const HyBackendParameter& parameter = parameters_[i];
        const void* from =
            launch.args != nullptr ? launch.args[i] : static_cast<const uint8_t*>(launch.packedArgs) + parameter.offset;
        uint8_t* to = out + parameter.offset;
        // Sizes that the compiler knows become single moves; these are nearly all there are.
        if (parameter.bytes == 8) {
            std::memcpy(to, from, 8);
        } else if (parameter.bytes == 4) {
            std::memcpy(to, from, 4);
        } else {
            std::memcpy(to, from, parameter.bytes);
        }
    }
    for (size_t i = 0; i < lengthOffsets_.size(); ++i) {
        std::memcpy(out + lengthOffsets_[i], &launch.bufferLengths[i], sizeof(uint64_t));
    }
}

HyResult Kernel::checkSubgroups(const CodeObject& code, uint64_t invocations) const {
    if ((code.info().flags & HY_HOST_KERNEL_WHOLE_SUBGROUPS) == 0 || invocations % code.info().subgroupSize == 0) {
        return HY_SUCCESS;
    }
    return guarded(host(), [&] {
        return host().fail(
            {HY_ERROR_INVALID_LAUNCH_SIZE,
             format("kernel %s has cooperative matrices, which need whole subgroups: workgroups of %llu invocations "
                    "are no multiple of %u",
                    name_.c_str(), static_cast<unsigned long long>(invocations), code.info().subgroupSize),
             "workgroupSize", "choose another workgroup size"});
    });
}

HyResult Kernel::checkTogether(const HyBackendLaunch& launch, uint64_t groups) const {
    if ((launch.flags & HY_LAUNCH_COOPERATIVE) == 0) {
        return HY_SUCCESS;
    }
    Executor& executor = module_->device().executor();
    if (const HyResult result = executor.start(host()); result != HY_SUCCESS || groups <= executor.threads()) {
        return result;
    }
    return host().fail({HY_ERROR_INVALID_LAUNCH_SIZE,
                        format("kernel %s: a cooperative launch of %llu workgroups; %u are active at once, one on each "
                               "thread",
                               name_.c_str(), static_cast<unsigned long long>(groups), executor.threads()),
                        "workgroups", "launch at most what hyKernelGetOccupancy gives"});
}

HyResult Kernel::prepareLaunch(const HyBackendLaunch& launch, Prepared& out) {
    uint64_t groups = 0;
    uint64_t invocations = 0;
    if (!countGroups(launch, groups, invocations) || invocations > kMaxWorkgroupInvocations) {
        return guarded(host(), [&] {
            return host().fail({HY_ERROR_INVALID_LAUNCH_SIZE,
                                format("kernel %s: %u x %u x %u workgroups of %u x %u x %u invocations; the cpu device "
                                       "takes workgroups of 1 to %u and below 2^63 invocations in all",
                                       name_.c_str(), launch.workgroups.x, launch.workgroups.y, launch.workgroups.z,
                                       launch.workgroupSize.x, launch.workgroupSize.y, launch.workgroupSize.z,
                                       kMaxWorkgroupInvocations)});
        });
    }
    if (launch.flags != 0) {
        const HyResult result = guarded(host(), [&] { return checkTogether(launch, groups); });
        if (result != HY_SUCCESS) {
            return result;
        }
    }
    CodeObject& code = select(launch.workgroupSize);
    if (const HyResult result = checkSubgroups(code, invocations); result != HY_SUCCESS) {
        return result;
    }
    const uint64_t local = localBytes(launch, code);
    const uint64_t items = (invocations + kScratchItems - 1) / kScratchItems * kScratchItems;
    uint64_t scratch = 0;
    if (local > kMaxLocalBytes || __builtin_mul_overflow(items, code.info().scratchBytesPerItem, &scratch)) {
        return guarded(host(), [&] {
            return host().fail(
                {HY_ERROR_INVALID_LAUNCH_SIZE,
                 format("kernel %s needs %llu bytes of workgroup memory, its variables and arguments together; the cpu "
                        "device has %u (maxLocalBytes)",
                        name_.c_str(), static_cast<unsigned long long>(local), kMaxLocalBytes)});
        });
    }
    out = {&code, groups, local, scratch};
    return HY_SUCCESS;
}

void Kernel::fillCommand(const HyBackendLaunch& launch, const Prepared& prepared, const volatile uint32_t* cancel,
                         uint8_t* args, LaunchCommand& out) const {
    out.code = prepared.code;
    out.groups = prepared.groups;
    out.localBytes = prepared.localBytes;
    out.scratchBytes = prepared.scratchBytes;
    out.cooperative = (launch.flags & HY_LAUNCH_COOPERATIVE) != 0;
    packArguments(launch, args);
    out.launch = {{launch.workgroups.x, launch.workgroups.y, launch.workgroups.z},
                  {launch.workgroupSize.x, launch.workgroupSize.y, launch.workgroupSize.z},
                  args,
                  cancel,
                  &GridBarrier::awaitFromKernel,
                  out.cooperative && out.groups > 1 ? &module_->device().executor().gridBarrier() : nullptr};
}

bool Kernel::changeCode(LaunchCommand& command, CodeObject& code) const {
    const uint32_t* size = command.launch.workgroupSize;
    const uint64_t invocations = uint64_t{size[0]} * size[1] * size[2];
    const uint64_t items = (invocations + kScratchItems - 1) / kScratchItems * kScratchItems;
    const uint64_t local = command.localBytes - alignLocal(command.code->info().staticLocalBytes) +
                           alignLocal(code.info().staticLocalBytes);
    uint64_t scratch = 0;
    if (local > kMaxLocalBytes || __builtin_mul_overflow(items, code.info().scratchBytesPerItem, &scratch)) {
        return false;
    }
    command.code = &code;
    command.localBytes = local;
    command.scratchBytes = scratch;
    return true;
}

HyResult Kernel::launch(Stream& stream, const HyBackendLaunch& launch) {
    Prepared prepared;
    if (const HyResult result = prepareLaunch(launch, prepared); result != HY_SUCCESS) {
        return result;
    }
    return stream.submit<LaunchCommand>(CommandKind::Launch, argumentBytes_,
                                        [&](LaunchCommand& command, uint64_t /*value*/) {
                                            prepared.code->acquire();
                                            fillCommand(launch, prepared, stream.device().cancelFlag(),
                                                        reinterpret_cast<uint8_t*>(&command) + sizeof command, command);
                                        });
}

bool Kernel::isFinal(const CodeObject& code) const {
    return &code != code_.get() || module_->device().settings().specialise == Specialise::Off || requiredSize_.x != 0;
}

HyResult Kernel::occupancy(HyDim3 size, HyOccupancy& out) const {
    if (const HyResult result = checkSubgroups(*code_, uint64_t{size.x} * size.y * size.z); result != HY_SUCCESS) {
        return result;
    }
    Executor& executor = module_->device().executor();
    if (const HyResult result = executor.start(host()); result != HY_SUCCESS) {
        return result;
    }
    out.limit = HY_OCCUPANCY_LIMIT_THREADS;
    out.activeWorkgroups = executor.threads();
    out.workgroupsPerUnit = 1;
    return HY_SUCCESS;
}

HyBackendKernelInfo Kernel::info() const {
    HyBackendKernelInfo info{};
    info.structSize = sizeof info;
    info.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    info.subgroupSize = code_->info().subgroupSize;
    info.suggestedWorkgroupSize = requiredSize_.x != 0 ? requiredSize_ : HyDim3{kSuggestedInvocations, 1, 1};
    return info;
}

} // namespace halyard::cpu
