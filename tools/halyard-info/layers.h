// The layers that HALYARD_LAYERS can name.
#ifndef HALYARD_TOOLS_INFO_LAYERS_H
#define HALYARD_TOOLS_INFO_LAYERS_H

#include <string>
#include <vector>

namespace halyard::info {

struct LayerFile {
    std::string name;        // what HALYARD_LAYERS takes
    std::string library;     // path
    std::string description; // the layer's own, or why it has none
};

// Those of HALYARD_LAYER_PATH, then those that are installed; a name that is there twice, once: the first is used.
std::vector<LayerFile> findLayers();

} // namespace halyard::info

#endif // HALYARD_TOOLS_INFO_LAYERS_H
