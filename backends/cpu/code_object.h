// Compiled code of one kernel: an ELF shared object of the form that jit/host_kernel_abi.h describes.
#pragma once

#include "ref.h"
#include "status.h"

#include "jit/host_kernel_abi.h"

#include <cstdint>
#include <string>

namespace halyard::cpu {

// Shared by the kernel and by its launches in flight; unloaded with the last of them.
class CodeObject final : public RefCounted<CodeObject> {
public:
    ~CodeObject();

    // Loads an object from memory. Errors: HY_ERROR_INVALID_MODULE (not such an object, or for other arguments or
    // another size than these), HY_ERROR_IO. Throws std::bad_alloc.
    static HyResult load(const Host& host, const std::string& kernel, const void* data, uint64_t bytes,
                         uint32_t argumentBytes, HyDim3 workgroupSize, Ref<CodeObject>& outCode);

    // Whether the code uses variables at program scope, which the kernels of a module share.
    bool usesProgram() const { return program_ != nullptr; }
    // Uses the variables of `owner`, which has some, from now on. REQUIRES: neither has run yet, or this is the owner.
    // Errors: HY_ERROR_INVALID_MODULE when the two were not made from one module.
    HyResult shareProgram(const Ref<CodeObject>& owner);

    const std::string& name() const { return name_; }
    const HyHostKernelInfo& info() const { return info_; }
    HyHostKernelRun entry() const { return run_; }
    void run(const HyHostLaunch& launch, uint64_t first, uint64_t end, void* local, void* scratch) const {
        run_(&launch, first, end, local, scratch);
    }

private:
    CodeObject(const Host& host, std::string name, void* library)
        : host_(host), name_(std::move(name)), library_(library) {}

    const Host host_; // for what the code prints
    const std::string name_;
    void* const library_;
    HyHostKernelInfo info_{};
    HyHostKernelRun run_ = nullptr;
    HyHostProgram* program_ = nullptr; // of the object, or null
    Ref<CodeObject> programOwner_;     // whose variables the code uses; null when its own
};

} // namespace halyard::cpu
