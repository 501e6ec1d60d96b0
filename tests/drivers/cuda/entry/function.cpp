#include "../core/limits.h"
#include "../core/module.h"
#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

namespace {

using FunctionPtr = std::shared_ptr<Function>;

template <class Body> CUresult onFunction(const char* name, CUfunction function, Body body) {
    return inContext(name, [&](const ContextPtr&) {
        FunctionPtr f = driver().functions.find(function);
        return f ? body(*f) : Status::InvalidHandle;
    });
}

// -1: there is no such attribute.
int attributeOf(const Function& f, CUfunction_attribute attribute) {
    const ptx::FunctionInfo& info = f.info();
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        return static_cast<int>(std::min(info.maxThreads, limits().threadsPerBlock));
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
        return static_cast<int>(info.staticSharedBytes);
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
        return static_cast<int>(info.constBytes);
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
        return static_cast<int>(info.localBytes);
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
        return static_cast<int>(info.registers);
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
        return static_cast<int>(knobs().processor);
    case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
        return 0;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
        return f.maxDynamicShared;
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
        return f.nonPortableCluster;
    default:
        return -1;
    }
}

} // namespace

extern "C" CUresult cuFuncGetAttribute(int* value, CUfunction_attribute attribute, CUfunction function) {
    return onFunction(__func__, function, [&](Function& f) {
        if (!value)
            return Status::InvalidValue;
        if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
            *value = f.carveout; // -1 is one of its values
            return Status::Success;
        }
        int found = attributeOf(f, attribute);
        if (found < 0)
            return Status::InvalidValue;
        *value = found;
        return Status::Success;
    });
}

extern "C" CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    return onFunction(__func__, function, [&](Function& f) {
        switch (attribute) {
        case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
            if (value < 0 ||
                uint64_t{f.info().staticSharedBytes} + static_cast<uint64_t>(value) > limits().sharedPerBlockOptIn)
                return Status::InvalidValue;
            f.maxDynamicShared = value;
            return Status::Success;
        case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
            if (value < -1 || value > 100)
                return Status::InvalidValue;
            f.carveout = value;
            return Status::Success;
        case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
            if (!limits().clusterLargest)
                return Status::NotSupported;
            f.nonPortableCluster = value != 0;
            return Status::Success;
        case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
        case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
        case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
        case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
            return Status::NotSupported;
        default:
            return Status::InvalidValue;
        }
    });
}

extern "C" CUresult cuFuncGetName(const char** name, CUfunction function) {
    return onFunction(__func__, function, [&](Function& f) {
        if (!name)
            return Status::InvalidValue;
        *name = f.info().name.c_str();
        return Status::Success;
    });
}

extern "C" CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t* offset, size_t* bytes) {
    return onFunction(__func__, function, [&](Function& f) {
        if (!offset || index >= f.info().parameters.size())
            return Status::InvalidValue;
        *offset = f.info().parameters[index].offset;
        if (bytes)
            *bytes = f.info().parameters[index].bytes;
        return Status::Success;
    });
}

extern "C" CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int blockSize,
                                                                size_t dynamicBytes) {
    return onFunction(__func__, function, [&](Function& f) {
        if (!blocks || blockSize <= 0)
            return Status::InvalidValue;
        *blocks = static_cast<int>(blocksThatFit(static_cast<uint32_t>(blockSize), f.info().registers,
                                                 f.info().staticSharedBytes + dynamicBytes));
        return Status::Success;
    });
}

extern "C" CUresult cuOccupancyMaxPotentialBlockSize(int* gridSize, int* blockSize, CUfunction function,
                                                     size_t (*dynamicBytes)(int), size_t bytes, int limit) {
    return onFunction(__func__, function, [&](Function& f) {
        if (!gridSize || !blockSize || limit < 0)
            return Status::InvalidValue;
        int most = attributeOf(f, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
        if (limit && limit < most)
            most = limit;
        uint64_t best = 0;
        for (int threads = most < 32 ? most : most / 32 * 32; threads > 0; threads -= 32) {
            size_t dynamic = dynamicBytes ? dynamicBytes(threads) : bytes;
            uint32_t fit =
                blocksThatFit(static_cast<uint32_t>(threads), f.info().registers, f.info().staticSharedBytes + dynamic);
            if (uint64_t{fit} * static_cast<uint64_t>(threads) <= best)
                continue;
            best = uint64_t{fit} * static_cast<uint64_t>(threads);
            *blockSize = threads;
            *gridSize = static_cast<int>(fit * limits().multiprocessors);
        }
        return best ? Status::Success : Status::LaunchOutOfResources;
    });
}

} // namespace halyard::cuda
