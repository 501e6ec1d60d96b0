// Graphs as pictures.
#pragma once

#include "graph/definition.h"

namespace halyard::graph {

// The definition in the DOT language. `flags`: HY_GRAPH_DOT_*.
std::string toDot(const Definition& definition, uint32_t flags);

} // namespace halyard::graph
