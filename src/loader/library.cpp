#include "loader/library.h"

#include "base/struct_size.h"
#include "loader/bootstrap_services.h"
#include "loader/elf_check.h"
#include "loader/guarded_call.h"
#include "loader/manifest.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace halyard {
namespace {

constexpr size_t kBackendInterfaceV1 = 88;
constexpr const char* kEntryPoint = "hyBackendGetInterface";

std::string checkFields(const HyBackendInterface& interface) {
    if (interface.name == nullptr || !isBackendName(interface.name))
        return fmt::format("the backend calls itself \"{}\": {}", interface.name != nullptr ? interface.name : "",
                           kBackendNameRule);
    if (interface.initialise == nullptr || interface.shutdown == nullptr)
        return fmt::format("the backend has no {} function, which is required",
                           interface.initialise == nullptr ? "initialise" : "shutdown");
    return {};
}

} // namespace

void* openLibrary(const std::filesystem::path& path, std::string& fault) {
    if (const std::string words = checkElf(path); !words.empty()) {
        fault = fmt::format("{} {}", path.string(), words);
        return nullptr;
    }
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* text = dlerror();
        fault = fmt::format("cannot be loaded: {}", text != nullptr ? text : path.string());
    }
    return library;
}

std::string checkAbiMajor(uint32_t major, uint32_t minor) {
    if (major == HY_BACKEND_ABI_MAJOR)
        return {};
    return fmt::format("the backend is built for backend ABI {}.{}, this Halyard has {}.{}; install {}", major, minor,
                       HY_BACKEND_ABI_MAJOR, HY_BACKEND_ABI_MINOR,
                       major > HY_BACKEND_ABI_MAJOR ? "a newer Halyard, or an older version of the backend"
                                                    : "a newer version of the backend");
}

OpenedInterface openInterface(const std::filesystem::path& path, Log& log) {
    OpenedInterface out;
    void* library = openLibrary(path, out.fault);
    if (library == nullptr)
        return out;
    const auto getInterface = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, kEntryPoint));
    if (getInterface == nullptr) {
        out.fault = fmt::format("{} does not export {}: it is not a Halyard backend", path.string(), kEntryPoint);
        return out;
    }
    const HyHostServices services = bootstrapServices(log);
    const HyBackendInterface* theirs = nullptr;
    out.fault = guardedCall(kEntryPoint, [&] { return getInterface(HY_BACKEND_ABI, &services, &theirs); }).words;
    if (!out.fault.empty())
        return out;
    if (theirs == nullptr) {
        out.fault = fmt::format("{} returned HY_SUCCESS but no interface", kEntryPoint);
        return out;
    }
    // Another major version may have anything behind its version, so nothing else is read before.
    out.abiMajor = theirs->abiMajor;
    out.abiMinor = theirs->abiMinor;
    out.fault = checkAbiMajor(out.abiMajor, out.abiMinor);
    if (!out.fault.empty())
        return out;
    if (theirs->structSize < kBackendInterfaceV1) {
        out.fault = fmt::format("the backend's interface has {} bytes, fewer than the {} of backend ABI 1.0",
                                theirs->structSize, kBackendInterfaceV1);
        return out;
    }
    readTable(theirs, out.interface);
    out.fault = checkFields(out.interface);
    return out;
}

} // namespace halyard
