// What applications ask of nodes, read and checked: for adding one and for changing one.
#pragma once

#include "graph/definition.h"

namespace halyard::graph {

HyResult requireFlags(uint32_t flags, uint32_t known);
// Adds a node whose dependencies are checked; fails when the graph would have too many.
HyResult append(Definition& definition, Node node);

// `own`: the kernel for a description that names none, or null when it has to.
HyResult readKernel(const Device& device, const HyLaunchDesc* desc, Kernel* own, Work& out);
HyResult readCopy(const Device& device, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, Work& out);
HyResult readCopyBox(const Device& device, const HyCopy3D* copy, Work& out);
HyResult readFill(const Device& device, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count,
                  Work& out);
HyResult readFillBox(const Device& device, const HyFill3D* fill, Work& out);
HyResult readHostFunction(const Device& device, HyHostFunction function, void* user, Work& out);
// The free of an allocation node of this definition.
HyResult readFree(const Definition& definition, HyDevicePtr ptr, Work& out);

} // namespace halyard::graph
