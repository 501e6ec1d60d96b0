// A loaded SPIR-V module: kept as it is, since code is made per kernel.
#pragma once

#include "code_object.h"
#include "device.h"

#include <array>
#include <vector>

namespace halyard::cpu {

// What a compilation starts from; borrowed.
struct Source {
    const void* spirv = nullptr;
    uint64_t bytes = 0;
    const uint8_t* digest = nullptr;
    uint32_t jitFlags = 0;
};

// A copy of it, for compilations that may outlive the module.
class OwnedSource final : public RefCounted<OwnedSource> {
public:
    explicit OwnedSource(const Source& source);
    Source source() const { return {words_.data(), bytes_, digest_.data(), jitFlags_}; }

private:
    std::vector<uint32_t> words_;
    uint64_t bytes_;
    std::array<uint8_t, 32> digest_{};
    uint32_t jitFlags_;
};

class Module final : public RefCounted<Module> {
public:
    Module(Ref<Device> device, const HyBackendModuleDesc& desc);

    Device& device() const { return *device_; }
    const Source& source() const { return source_; }
    // Made at the first call. REQUIRES: the module is still loaded. Throws std::bad_alloc.
    Ref<OwnedSource> ownedSource();
    // Gives newly loaded code of one of the module's kernels the module's variables at program scope. The first code
    // with some owns them. Errors: CodeObject::shareProgram.
    HyResult shareProgram(const Ref<CodeObject>& code);

private:
    const Ref<Device> device_;
    const Source source_;
    std::mutex mutex_;
    Ref<OwnedSource> owned_;
    Ref<CodeObject> programOwner_;
};

} // namespace halyard::cpu
