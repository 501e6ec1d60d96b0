// Loaded modules and their kernels.
#pragma once

#include "ptx/program.h"
#include "status.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::softcuda {

class Context;

struct Module {
    std::shared_ptr<Context> context;
    std::unique_ptr<ptx::Program> program;
    uint32_t ptxVersion = 0;               // as 87 for 8.7
    std::vector<uint64_t> functionHandles; // as program->functions()
};

struct Function {
    std::shared_ptr<Context> context;
    std::shared_ptr<Module> module;
    uint32_t index = 0;
    std::atomic<int> maxDynamicShared{0};
    std::atomic<int> carveout{-1};
    std::atomic<bool> nonPortableCluster{false};

    const ptx::FunctionInfo& info() const { return module->program->functions()[index]; }
};

// Loads an image as cuModuleLoadDataEx takes it: PTX ended by a nul byte, or a fat binary with such. Machine code is
// for another device. `log` gets the compiler's words.
Status loadModule(const std::shared_ptr<Context>& context, const void* image, uint64_t* handle, std::string& log);
// Launches in flight keep the code.
Status unloadModule(const void* handle);

} // namespace halyard::softcuda
