#include "module.h"

#include "context.h"
#include "device.h"
#include "driver.h"
#include "fat_binary.h"
#include "knobs.h"
#include "limits.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace halyard::softcuda {
namespace {

Status statusOf(ptx::LoadStatus status) {
    switch (status) {
    case ptx::LoadStatus::Ok:
        return Status::Success;
    case ptx::LoadStatus::InvalidPtx:
        return Status::InvalidPtx;
    case ptx::LoadStatus::UnsupportedVersion:
        return Status::UnsupportedPtxVersion;
    case ptx::LoadStatus::NoBinaryForDevice:
        return Status::NoBinaryForGpu;
    case ptx::LoadStatus::OutOfMemory:
        return Status::OutOfMemory;
    }
    return Status::Unknown;
}

bool beginsWith(const char* bytes, const char (&magic)[5]) {
    return strnlen(bytes, 4) == 4 && std::memcmp(bytes, magic, 4) == 0;
}

// The version that the text names; the interpreter has accepted it before.
uint32_t versionOf(std::string_view text) {
    size_t at = text.find(".version");
    if (at == std::string_view::npos)
        return 0;
    at = text.find_first_of("0123456789", at);
    uint32_t major = 0, minor = 0;
    auto [dot, error] = std::from_chars(text.data() + at, text.data() + text.size(), major);
    if (error != std::errc())
        return 0;
    std::from_chars(dot + 1, text.data() + text.size(), minor);
    return major * 10 + minor;
}

} // namespace

Status loadModule(const std::shared_ptr<Context>& context, const void* image, uint64_t* handle, std::string& log) {
    // Byte by byte: the image may be shorter than a magic number.
    if (*static_cast<const char*>(image) == 0) {
        log = "the image is empty";
        return Status::InvalidImage;
    }
    const char* bytes = static_cast<const char*>(image);
    if (beginsWith(bytes, "\x7f"
                          "ELF")) {
        log = "the image is machine code; this device runs PTX only";
        return Status::NoBinaryForGpu;
    }
    std::string_view text(bytes);
    if (beginsWith(bytes, "\x50\xed\x55\xba")) {
        text = ptxOfFatBinary(bytes, knobs().processor);
        if (text.empty()) {
            log = "the fat binary has no PTX that is not compressed and for this device";
            return Status::NoBinaryForGpu;
        }
    }
    auto module = std::make_shared<Module>();
    module->context = context;
    ptx::LoadOptions options{.maxVersion = ptxVersionOf(knobs().driver), .processor = knobs().processor};
    ptx::LoadStatus loaded = ptx::Program::load(text, options, context->device(), module->program, log);
    if (loaded != ptx::LoadStatus::Ok) {
        note("module refused: " + log);
        return statusOf(loaded);
    }
    module->ptxVersion = versionOf(text);
    for (uint32_t i = 0; i < module->program->functions().size(); ++i) {
        auto function = std::make_shared<Function>();
        function->context = context;
        function->module = module;
        function->index = i;
        uint32_t fixed = function->info().staticSharedBytes;
        function->maxDynamicShared =
            fixed < limits().sharedPerBlock ? static_cast<int>(limits().sharedPerBlock - fixed) : 0;
        module->functionHandles.push_back(driver().functions.add(function));
    }
    *handle = driver().modules.add(std::move(module));
    return Status::Success;
}

Status unloadModule(const void* handle) {
    std::shared_ptr<Module> module = driver().modules.remove(handle);
    if (!module)
        return Status::InvalidHandle;
    for (uint64_t function : module->functionHandles)
        driver().functions.remove(reinterpret_cast<void*>(function));
    return Status::Success;
}

} // namespace halyard::softcuda
