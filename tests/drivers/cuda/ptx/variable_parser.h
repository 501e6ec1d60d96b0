// Declarations of variables and parameters.
#pragma once

#include "module.h"
#include "token_stream.h"

namespace halyard::softcuda::ptx {

struct Linkage {
    bool external = false, visible = false;
};

// What follows ".global" and the like, the ';' included.
std::vector<Variable> parseVariables(TokenStream& in, Space space, Linkage linkage);
// What follows ".param" in a list of parameters, without the ',' or ')'. The offset is left to the caller.
Parameter parseParameter(TokenStream& in);
// Gives the parameters their offsets, and returns the bytes of all.
uint32_t layOut(std::vector<Parameter>& parameters, uint32_t line);

} // namespace halyard::softcuda::ptx
