// What a Vulkan device may lack, as the target's features name it.
#pragma once

#include "jit/targets/spirv/module_writer.h"
#include "spv/status.h"

#include <set>
#include <string>

namespace halyard::jit::spirv {

class Tier {
public:
    // `features`: "-name" for each one that the device lacks, "+name" for one that it has, separated by commas; what is
    // not named is there. Errors: HY_ERROR_INVALID_ARGUMENT naming what is no feature, and those that are.
    static halyard::spv::Result<Tier> parse(const std::string& features);

    bool has(::spv::Capability capability) const { return !lacking_.contains(static_cast<uint32_t>(capability)); }

    // What the module declares and the device lacks, in words; empty when it has everything.
    std::string missing(const Words& module) const;

private:
    std::set<uint32_t> lacking_; // capabilities
};

} // namespace halyard::jit::spirv
