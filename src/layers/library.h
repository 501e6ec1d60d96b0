// Finds a layer's library and takes its interface, believing nothing before it is checked.
#pragma once

#include "halyard/layer.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace halyard {

// Where layers are looked for by name, in this order.
struct LayerPlaces {
    std::vector<std::filesystem::path> directories;

    // The directories of HALYARD_LAYER_PATH (colons between them; absolute), unless the process is elevated, then
    // halyard/layers beside libhalyard.so.
    static LayerPlaces ofProcess(const std::filesystem::path& libraryDirectory);
};

struct OpenedLayer {
    HyLayerInterface interface {};
    std::filesystem::path library;
    HyResult code = HY_SUCCESS;
    std::string fault; // why it cannot be used, or empty
};

// Opens the layer of a name ("trace": libhalyard_layer_trace.so in one of the places) or of an absolute path. The
// library is never closed again.
OpenedLayer openLayer(std::string_view nameOrPath, const LayerPlaces& places);

// The names that openLayer() finds in the places.
std::vector<std::string> listLayers(const LayerPlaces& places);

} // namespace halyard
