// A loaded SPIR-V module: parsed and reflected by itself, with nothing taken from the compiler.
#pragma once

#include "device.h"
#include "spv/module.h"
#include "spv/reflect.h"

namespace halyard::reference {

// Immutable.
class Module {
public:
    Module(std::shared_ptr<Device> device, spv::Module parsed, spv::Reflection reflection)
        : device_(std::move(device)), parsed_(std::make_shared<const spv::Module>(std::move(parsed))),
          reflection_(std::move(reflection)) {}

    Device& device() const { return *device_; }
    const std::shared_ptr<const spv::Module>& parsed() const { return parsed_; }
    // The kernel of that name, or null.
    const spv::KernelInfo* find(std::string_view name) const;

private:
    const std::shared_ptr<Device> device_;
    const std::shared_ptr<const spv::Module> parsed_;
    const spv::Reflection reflection_;
};

} // namespace halyard::reference
