// The program but for what is built into it.
#pragma once

#include "suite.h"

namespace halyard::cts {

// Does what the command line says; gives the exit status (options.h). With --worker it is the worker.
int ctsMain(int argc, char** argv, const Suite& suite);

} // namespace halyard::cts
