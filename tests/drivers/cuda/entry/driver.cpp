#include "call.h"
#include "hidden.h"
#include "logs.h"

#include <cstdio>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace halyard::cuda {

using namespace softcuda;

const char* nameOf(CUresult result) {
    switch (result) {
#define HALYARD_SOFTCUDA_NAME(name, value)                                                                             \
    case name:                                                                                                         \
        return #name;
        HALYARD_CUDA_RESULTS(HALYARD_SOFTCUDA_NAME)
#undef HALYARD_SOFTCUDA_NAME
    }
    return nullptr;
}

extern "C" CUresult cuInit(unsigned int flags) {
    return always(__func__, [&] {
        if (flags)
            return Status::InvalidValue;
        if (!knobs().problem.empty()) {
            note(knobs().problem);
            std::fputs(knobs().problem.c_str(), stderr);
            return Status::InvalidValue;
        }
        if (!driver().heap.valid())
            return Status::OperatingSystem;
        if (driver().devices.empty())
            return Status::NoDevice;
        driver().initialised = true;
        return Status::Success;
    });
}

extern "C" CUresult cuDriverGetVersion(int* version) {
    return always(__func__, [&] {
        if (!version)
            return Status::InvalidValue;
        *version = knobs().driver;
        return Status::Success;
    });
}

extern "C" CUresult cuGetErrorName(CUresult error, const char** name) {
    if (Status status = injected(__func__); status != Status::Success)
        return static_cast<CUresult>(status);
    const char* found = nameOf(error);
    if (!name)
        return CUDA_ERROR_INVALID_VALUE;
    *name = found;
    return found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

extern "C" CUresult cuGetErrorString(CUresult error, const char** words) {
    // The names without their prefix, in lower case: the real driver's sentences are not ours to copy.
    static const std::vector<std::pair<CUresult, std::string>>& all = *[] {
        auto* made = new std::vector<std::pair<CUresult, std::string>>;
#define HALYARD_SOFTCUDA_WORDS(name, value) made->emplace_back(name, #name);
        HALYARD_CUDA_RESULTS(HALYARD_SOFTCUDA_WORDS)
#undef HALYARD_SOFTCUDA_WORDS
        for (auto& [code, text] : *made) {
            text.erase(0, text.starts_with("CUDA_ERROR_") ? 11 : 5);
            for (char& c : text)
                c = c == '_' ? ' ' : static_cast<char>(c | 0x20);
        }
        return made;
    }();
    if (Status status = injected(__func__); status != Status::Success)
        return static_cast<CUresult>(status);
    if (!words)
        return CUDA_ERROR_INVALID_VALUE;
    *words = nullptr;
    for (const auto& [code, text] : all)
        if (code == error)
            *words = text.c_str();
    return *words ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

namespace {

// The newest form of `name` that a program of `version` expects and this driver has.
Status procAddress(const char* name, void** function, int version, unsigned int* status) {
    constexpr unsigned kFound = 0, kNotFound = 1, kTooOld = 2;
    if (!name || !function)
        return Status::InvalidValue;
    *function = nullptr;
    bool tooNew = false;
    int best = -1;
    for (const SymbolRow& row : symbolRows()) {
        std::string_view base(row.name);
        if (size_t at = base.rfind("_v"); at != std::string_view::npos && at + 3 == base.size())
            base = base.substr(0, at);
        if (base != name)
            continue;
        if (row.version > version || isHidden(row)) {
            tooNew = true;
            continue;
        }
        if (row.version > best) {
            best = row.version;
            *function = row.address;
        }
    }
    if (status)
        *status = *function ? kFound : tooNew ? kTooOld : kNotFound;
    return *function ? Status::Success : Status::NotFound;
}

} // namespace

extern "C" CUresult cuGetProcAddress(const char* name, void** function, int version, unsigned long long) {
    return always(__func__, [&] { return procAddress(name, function, version, nullptr); });
}

extern "C" CUresult cuGetProcAddress_v2(const char* name, void** function, int version, unsigned long long,
                                        unsigned int* status) {
    return always(__func__, [&] { return procAddress(name, function, version, status); });
}

} // namespace halyard::cuda
