#include "../core/module.h"
#include "call.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {

using namespace softcuda;

namespace {

// Where the compiler's words go; sizes come in and lengths go out in the values themselves.
struct LogBuffer {
    char* data = nullptr;
    void** bytes = nullptr;

    void fill(const std::string& text) const {
        if (!bytes)
            return;
        auto room = static_cast<size_t>(reinterpret_cast<uintptr_t>(*bytes) & 0xffffffff);
        size_t length = 0;
        if (data && room) {
            length = std::min(text.size(), room - 1);
            std::memcpy(data, text.data(), length);
            data[length] = 0;
        }
        *bytes = reinterpret_cast<void*>(length);
    }
};

Status readOptions(unsigned count, const CUjit_option* options, void** values, LogBuffer& info, LogBuffer& error) {
    if (count && (!options || !values))
        return Status::InvalidValue;
    constexpr unsigned kLastOption = 34;
    for (unsigned i = 0; i < count; ++i) {
        switch (options[i]) {
        case CU_JIT_INFO_LOG_BUFFER:
            info.data = static_cast<char*>(values[i]);
            break;
        case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES:
            info.bytes = &values[i];
            break;
        case CU_JIT_ERROR_LOG_BUFFER:
            error.data = static_cast<char*>(values[i]);
            break;
        case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES:
            error.bytes = &values[i];
            break;
        case CU_JIT_OPTIMIZATION_LEVEL:
            if (reinterpret_cast<uintptr_t>(values[i]) > 4)
                return Status::InvalidValue;
            break;
        default:
            if (options[i] > kLastOption)
                return Status::InvalidValue;
            break;
        }
    }
    bool lone = (info.data && !info.bytes) || (error.data && !error.bytes);
    return lone ? Status::InvalidValue : Status::Success;
}

CUresult load(const char* function, CUmodule* module, const void* image, unsigned count, CUjit_option* options,
              void** values) {
    return inContext(function, [&](const ContextPtr& context) {
        if (!module || !image)
            return Status::InvalidValue;
        LogBuffer info, error;
        Status status = readOptions(count, options, values, info, error);
        if (status != Status::Success)
            return status;
        uint64_t handle = 0;
        std::string log;
        status = loadModule(context, image, &handle, log);
        info.fill(status == Status::Success ? log : "");
        error.fill(status == Status::Success ? "" : log);
        if (status == Status::Success)
            *module = handleOf<CUmodule>(handle);
        return status;
    });
}

} // namespace

extern "C" CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int optionCount,
                                       CUjit_option* options, void** values) {
    return load(__func__, module, image, optionCount, options, values);
}

extern "C" CUresult cuModuleLoadData(CUmodule* module, const void* image) {
    return load(__func__, module, image, 0, nullptr, nullptr);
}

extern "C" CUresult cuModuleUnload(CUmodule module) {
    return inContext(__func__, [&](const ContextPtr&) { return unloadModule(module); });
}

extern "C" CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Module> m = driver().modules.find(module);
        if (!m)
            return Status::InvalidHandle;
        if (!function || !name)
            return Status::InvalidValue;
        const std::vector<ptx::FunctionInfo>& functions = m->program->functions();
        for (size_t i = 0; i < functions.size(); ++i)
            if (functions[i].name == name) {
                *function = handleOf<CUfunction>(m->functionHandles[i]);
                return Status::Success;
            }
        return Status::NotFound;
    });
}

extern "C" CUresult cuModuleGetGlobal_v2(CUdeviceptr* ptr, size_t* bytes, CUmodule module, const char* name) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Module> m = driver().modules.find(module);
        if (!m)
            return Status::InvalidHandle;
        if (!name || (!ptr && !bytes))
            return Status::InvalidValue;
        auto variable = m->program->global(name);
        if (!variable)
            return Status::NotFound;
        if (ptr)
            *ptr = variable->first;
        if (bytes)
            *bytes = variable->second;
        return Status::Success;
    });
}

extern "C" CUresult cuModuleGetLoadingMode(int* mode) {
    return initialised(__func__, [&] {
        constexpr int kEager = 1;
        if (!mode)
            return Status::InvalidValue;
        *mode = kEager;
        return Status::Success;
    });
}

extern "C" CUresult cuModuleGetFunctionCount(unsigned int* count, CUmodule module) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Module> m = driver().modules.find(module);
        if (!m)
            return Status::InvalidHandle;
        if (!count)
            return Status::InvalidValue;
        *count = static_cast<unsigned>(m->functionHandles.size());
        return Status::Success;
    });
}

extern "C" CUresult cuModuleEnumerateFunctions(CUfunction* functions, unsigned int count, CUmodule module) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Module> m = driver().modules.find(module);
        if (!m)
            return Status::InvalidHandle;
        if (!functions || !count)
            return Status::InvalidValue;
        for (size_t i = 0; i < std::min<size_t>(count, m->functionHandles.size()); ++i)
            functions[i] = handleOf<CUfunction>(m->functionHandles[i]);
        return Status::Success;
    });
}

} // namespace halyard::cuda
