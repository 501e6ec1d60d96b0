// Compiled code of one kernel: an ELF shared object as halyard/host_kernel_abi.h describes it.
#pragma once

#include "status.h"

#include "halyard/host_kernel_abi.h"

#include <memory>

namespace vendor {

// Shared by the kernel and by its launches in flight; unloaded with the last of them.
class CodeObject {
public:
    // Loads an object from memory. Errors: HY_ERROR_INVALID_MODULE (not such an object, or for other arguments),
    // HY_ERROR_UNSUPPORTED (it needs what this backend lacks), HY_ERROR_IO. Throws std::bad_alloc.
    static HyResult load(const HyHostServices* host, const std::string& kernel, const HyJitArtifact& artifact,
                         uint32_t argumentBytes, std::shared_ptr<CodeObject>& outCode);
    ~CodeObject();
    CodeObject(const CodeObject&) = delete;
    CodeObject& operator=(const CodeObject&) = delete;

    const HyHostKernelInfo& info() const { return *info_; }
    HyHostKernelRun entry() const { return run_; }
    bool usesProgram() const { return program_ != nullptr; }
    // Uses the variables at program scope of `owner`, which has some, and keeps it. REQUIRES: the code has not run.
    // False when the two were not made from one module.
    bool shareProgram(const std::shared_ptr<CodeObject>& owner);

private:
    explicit CodeObject(void* library) : library_(library) {}
    Failure bind(uint32_t argumentBytes);

    void* const library_;
    const HyHostKernelInfo* info_ = nullptr;
    HyHostKernelRun run_ = nullptr;
    HyHostProgram* program_ = nullptr;
    std::shared_ptr<CodeObject> programOwner_;
};

} // namespace vendor
