// A loaded SPIR-V module: parsed and reflected by itself, with nothing taken from the compiler.
#pragma once

#include "device.h"
#include "interp/program.h"
#include "spv/module.h"
#include "spv/reflect.h"

namespace halyard::reference {

// Immutable but for the variables at program scope, which the launches of its kernels share.
class Module {
public:
    Module(std::shared_ptr<Device> device, spv::Module parsed, spv::Reflection reflection)
        : device_(std::move(device)), parsed_(std::make_shared<const spv::Module>(std::move(parsed))),
          reflection_(std::move(reflection)) {}

    Device& device() const { return *device_; }
    const std::shared_ptr<const spv::Module>& parsed() const { return parsed_; }
    // The kernel of that name, or null.
    const spv::KernelInfo* find(std::string_view name) const;
    interp::ProgramData& programData() const { return programData_; }

private:
    const std::shared_ptr<Device> device_;
    const std::shared_ptr<const spv::Module> parsed_;
    const spv::Reflection reflection_;
    mutable interp::ProgramData programData_;
};

} // namespace halyard::reference
