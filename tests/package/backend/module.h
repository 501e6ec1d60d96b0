// A loaded module: SPIR-V, which is compiled one kernel at a time.
#pragma once

#include "code_object.h"
#include "device.h"

#include <memory>

namespace vendor {

// Thread-safe.
class Module {
public:
    Module(std::shared_ptr<Device> device, const HyBackendModuleDesc& desc) : device_(std::move(device)), desc_(desc) {}

    const HyHostServices* host() const { return device_->host(); }
    // Compiles a kernel, or takes it from the runtime's cache, and loads the code.
    HyResult compile(const HyBackendKernelDesc& desc, std::shared_ptr<CodeObject>& outCode);

private:
    HyResult shareProgram(const std::shared_ptr<CodeObject>& code);

    const std::shared_ptr<Device> device_;
    const HyBackendModuleDesc desc_; // what it points to lives as long as the module
    std::mutex mutex_;
    std::shared_ptr<CodeObject> programOwner_; // the first code that came with variables at program scope
};

} // namespace vendor
