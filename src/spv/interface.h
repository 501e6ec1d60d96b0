// The two ways in which a kernel declares its parameters, one file each. Private to src/spv.
#pragma once

#include "spv/callgraph.h"
#include "spv/layout.h"
#include "spv/reflect.h"

namespace halyard::spv {

// What the readers of an interface share, for one module.
struct InterfaceContext {
    explicit InterfaceContext(const Module& source) : module(source), folder(source), calls(source) {}

    const Module& module;
    ConstantFolder folder;
    CallGraph calls;
    TypeLayouts openCl{module, folder, LayoutRules::OpenCl};
    TypeLayouts blocks{module, folder, LayoutRules::Explicit};
    size_t parametersLeft = 1'000'000; // entry points may share a function of many parameters
};

// "float *data" is not for messages: they name the kernel, and the parameter by name or else by position.
Error interfaceError(HyResult code, const KernelInfo& kernel, const std::string& what);

// Fill kernel.parameters, without offsets.
Status readKernelParameters(InterfaceContext& context, KernelInfo& kernel);
Status readComputeParameters(InterfaceContext& context, const Reach& reach, KernelInfo& kernel);

} // namespace halyard::spv
