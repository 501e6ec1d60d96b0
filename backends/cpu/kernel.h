// A launchable kernel: general code, and faster code for the workgroup sizes in use.
#pragma once

#include "code_object.h"
#include "command.h"
#include "module.h"

#include <array>
#include <atomic>
#include <string>
#include <vector>

namespace halyard::cpu {

// Shared by its handle and by compilations that wait for their turn. Thread-safe.
class Kernel final : public RefCounted<Kernel> {
public:
    Kernel(Ref<Module> module, const HyBackendKernelDesc& desc);
    ~Kernel();

    // Compiles the general code, or that for the required size. Throws std::bad_alloc.
    HyResult prepare();
    // Puts a launch into the stream.
    HyResult launch(Stream& stream, const HyBackendLaunch& launch);
    // What both a stream and a graph need of a launch. `code` is not a reference of its own.
    struct Prepared {
        CodeObject* code = nullptr;
        uint64_t groups = 0;
        uint64_t localBytes = 0;
        uint64_t scratchBytes = 0;
    };
    HyResult prepareLaunch(const HyBackendLaunch& launch, Prepared& out);
    // Fills a command but for what `prepared` says and for the place of its arguments, which go to `args`.
    void fillCommand(const HyBackendLaunch& launch, const Prepared& prepared, const volatile uint32_t* cancel,
                     uint8_t* args, LaunchCommand& out) const;
    // Lets a filled command run other code of this kernel. False, and nothing changes, when that needs more workgroup
    // memory than there is.
    bool changeCode(LaunchCommand& command, CodeObject& code) const;
    uint32_t argumentBytes() const { return argumentBytes_; }
    // The best code there is for a workgroup size; counts as a launch.
    CodeObject& select(HyDim3 size) noexcept;
    // Whether no better code than this can come up.
    bool isFinal(const CodeObject& code) const;
    HyBackendKernelInfo info() const;
    // A workgroup keeps a thread to itself, whatever its size.
    HyResult occupancy(HyDim3 size, HyOccupancy& out) const;
    const CodeObject& code() const { return *code_; }
    const std::string& name() const { return name_; }
    const Host& host() const { return module_->device().host(); }

    // Compiles the code for one variant and lets later launches use it. Failing is no failure: the general code stays.
    void specialise(size_t variant) noexcept;
    // The handle is gone: what still waits to be compiled is not worth it.
    void abandon() { abandoned_.store(true, std::memory_order_relaxed); }
    bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

private:
    static constexpr size_t kMaxVariants = 8;

    // Claimed by the first launch of a size, which sets the key; never given up.
    struct Variant {
        std::atomic<uint64_t> key{0};
        std::atomic<uint32_t> launches{0};
        std::atomic<CodeObject*> code{nullptr}; // one reference
    };

    HyResult compile(const Source& source, HyDim3 size, Ref<CodeObject>& outCode) const;
    void requestVariant(size_t variant) noexcept;
    HyResult checkSubgroups(const CodeObject& code, uint64_t invocations) const;
    HyResult checkTogether(const HyBackendLaunch& launch, uint64_t groups) const;
    uint64_t localBytes(const HyBackendLaunch& launch, const CodeObject& code) const;
    void packArguments(const HyBackendLaunch& launch, uint8_t* out) const;

    const Ref<Module> module_;
    const std::string name_;
    const std::vector<HyBackendParameter> parameters_;
    const std::vector<uint32_t> lengthOffsets_;
    const uint32_t argumentBytes_;
    const HyDim3 requiredSize_;
    const uint32_t requiredSubgroupSize_; // 0: none
    Ref<CodeObject> code_;
    Ref<OwnedSource> ownedSource_; // set before the first request reaches the specialiser
    std::once_flag ownedSourceOnce_;
    std::array<Variant, kMaxVariants> variants_;
    std::atomic<bool> abandoned_{false};
};

} // namespace halyard::cpu
