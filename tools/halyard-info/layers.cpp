#include "layers.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <dlfcn.h>

#include "halyard/layer.h"

namespace halyard::info {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "libhalyard_layer_";
constexpr std::string_view kSuffix = ".so";

// The places in which the runtime looks, in its order.
std::vector<fs::path> places() {
    std::vector<fs::path> all;
    const char* path = secure_getenv("HALYARD_LAYER_PATH");
    std::string_view list = path != nullptr ? path : "";
    while (!list.empty()) {
        const size_t colon = list.find(':');
        if (const fs::path folder(list.substr(0, colon)); folder.is_absolute()) {
            all.push_back(folder);
        }
        list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);
    }
    Dl_info library{};
    if (dladdr(reinterpret_cast<const void*>(&hyGetVersion), &library) != 0) {
        all.push_back(fs::path(library.dli_fname).parent_path() / "halyard" / "layers");
    }
    return all;
}

std::string describe(const fs::path& library) {
    void* opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (opened == nullptr) {
        const char* words = dlerror();
        return std::string("cannot be used: ") + (words != nullptr ? words : "it cannot be loaded");
    }
    const auto getInterface = reinterpret_cast<HyLayerGetInterfaceFn>(dlsym(opened, "hyLayerGetInterface"));
    const HyLayerInterface* layer = nullptr;
    if (getInterface == nullptr || getInterface(HY_LAYER_ABI, &layer) != HY_SUCCESS || layer == nullptr ||
        layer->abiMajor != HY_LAYER_ABI_MAJOR) {
        return "cannot be used: it is no layer for this Halyard";
    }
    return layer->description != nullptr ? layer->description : "";
}

} // namespace

std::vector<LayerFile> findLayers() {
    std::vector<LayerFile> layers;
    for (const fs::path& folder : places()) {
        std::error_code fault;
        for (auto entry = fs::directory_iterator(folder, fault); !fault && entry != fs::directory_iterator();
             entry.increment(fault)) {
            std::string name = entry->path().filename().string();
            if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
                continue;
            }
            name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
            const bool isKnown =
                std::any_of(layers.begin(), layers.end(), [&](const LayerFile& layer) { return layer.name == name; });
            if (!isKnown) {
                layers.push_back({name, entry->path().string(), describe(entry->path())});
            }
        }
    }
    std::sort(layers.begin(), layers.end(), [](const LayerFile& a, const LayerFile& b) { return a.name < b.name; });
    return layers;
}

} // namespace halyard::info
