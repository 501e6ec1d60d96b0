#include "layers/library.h"

#include "base/env.h"
#include "base/struct_size.h"
#include "loader/guarded_call.h"
#include "loader/library.h"
#include "loader/manifest.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace halyard {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "libhalyard_layer_";
constexpr std::string_view kSuffix = ".so";
constexpr size_t kLayerInterfaceV1 = 48;
constexpr const char* kEntryPoint = "hyLayerGetInterface";

OpenedLayer refuse(OpenedLayer layer, HyResult code, std::string fault) {
    layer.code = code;
    layer.fault = std::move(fault);
    return layer;
}

std::vector<std::string> texts(const std::vector<fs::path>& paths) {
    return {paths.begin(), paths.end()};
}

// Where the layer of that name is; empty when nowhere.
fs::path findByName(std::string_view name, const LayerPlaces& places) {
    for (const fs::path& directory : places.directories) {
        std::error_code fault;
        if (const fs::path file = directory / fmt::format("{}{}{}", kPrefix, name, kSuffix); fs::exists(file, fault))
            return file;
    }
    return {};
}

OpenedLayer open(OpenedLayer layer) {
    void* library = openLibrary(layer.library, layer.fault);
    if (library == nullptr)
        return refuse(layer, HY_ERROR_NOT_FOUND, layer.fault);
    const auto getInterface = reinterpret_cast<HyLayerGetInterfaceFn>(dlsym(library, kEntryPoint));
    if (getInterface == nullptr)
        return refuse(
            layer, HY_ERROR_INVALID_ARGUMENT,
            fmt::format("{} does not export {}: it is not a Halyard layer", layer.library.string(), kEntryPoint));
    const HyLayerInterface* theirs = nullptr;
    const CallOutcome asked = guardedCall(kEntryPoint, [&] { return getInterface(HY_LAYER_ABI, &theirs); });
    if (asked.code != HY_SUCCESS)
        return refuse(layer, asked.code, fmt::format("{}: {}", layer.library.string(), asked.words));
    if (theirs == nullptr)
        return refuse(layer, HY_ERROR_INTERNAL,
                      fmt::format("{}: {} returned HY_SUCCESS but no interface", layer.library.string(), kEntryPoint));
    // Another major version may have anything behind its version, so nothing else is read before.
    if (theirs->abiMajor != HY_LAYER_ABI_MAJOR)
        return refuse(layer, HY_ERROR_INCOMPATIBLE_ABI,
                      fmt::format("{} is built for layer ABI {}.{}, this Halyard has {}.{}", layer.library.string(),
                                  theirs->abiMajor, theirs->abiMinor, HY_LAYER_ABI_MAJOR, HY_LAYER_ABI_MINOR));
    if (theirs->structSize < kLayerInterfaceV1)
        return refuse(layer, HY_ERROR_INCOMPATIBLE_ABI,
                      fmt::format("{}: its interface has {} bytes, fewer than the {} of layer ABI 1.0",
                                  layer.library.string(), theirs->structSize, kLayerInterfaceV1));
    readTable(theirs, layer.interface);
    if (layer.interface.name == nullptr || !isBackendName(layer.interface.name))
        return refuse(layer, HY_ERROR_INVALID_ARGUMENT,
                      fmt::format("{} calls itself \"{}\": {}", layer.library.string(),
                                  layer.interface.name != nullptr ? layer.interface.name : "", kBackendNameRule));
    return layer;
}

} // namespace

LayerPlaces LayerPlaces::ofProcess(const fs::path& libraryDirectory) {
    LayerPlaces places;
    const char* path = getEnv("HALYARD_LAYER_PATH"); // null in elevated processes
    std::string_view list = path != nullptr ? path : "";
    while (!list.empty()) {
        const size_t colon = list.find(':');
        if (const fs::path directory(list.substr(0, colon)); directory.is_absolute())
            places.directories.push_back(directory);
        list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);
    }
    if (!libraryDirectory.empty())
        places.directories.push_back(libraryDirectory / "halyard" / "layers");
    return places;
}

OpenedLayer openLayer(std::string_view nameOrPath, const LayerPlaces& places) {
    OpenedLayer layer;
    if (nameOrPath.find('/') != std::string_view::npos) {
        layer.library = fs::path(nameOrPath);
        if (layer.library.is_relative())
            return refuse(layer, HY_ERROR_INVALID_ARGUMENT,
                          "a relative path depends on the current directory: give an absolute one, or a name");
        return open(std::move(layer));
    }
    layer.library = isBackendName(nameOrPath) ? findByName(nameOrPath, places) : fs::path();
    if (!layer.library.empty())
        return open(std::move(layer));
    return refuse(layer, HY_ERROR_NOT_FOUND,
                  fmt::format("there is no {}{}{} in {}; there are: {}", kPrefix, nameOrPath, kSuffix,
                              fmt::join(texts(places.directories), ", "), fmt::join(listLayers(places), ", ")));
}

std::vector<std::string> listLayers(const LayerPlaces& places) {
    std::vector<std::string> names;
    for (const fs::path& directory : places.directories) {
        std::error_code fault;
        for (auto entry = fs::directory_iterator(directory, fault); !fault && entry != fs::directory_iterator();
             entry.increment(fault)) {
            std::string name = entry->path().filename().string();
            if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix))
                continue;
            name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
            if (isBackendName(name) && std::find(names.begin(), names.end(), name) == names.end())
                names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace halyard
