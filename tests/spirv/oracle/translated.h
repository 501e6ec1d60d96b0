// A device of ours that runs what the target spirv-kernel makes of a module, and not the module.
#pragma once

#include "oracle/oracle.h"

namespace halyard::spirvtest::oracle {

// `halyardc` is the compiler's path. Takes modules of the Kernel flavour: the hidden lengths of a shader's buffers are
// parameters of what is made of it.
std::unique_ptr<Oracle> translated(std::unique_ptr<Oracle> device, std::string halyardc);

} // namespace halyard::spirvtest::oracle
