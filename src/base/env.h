// The only way into the environment: secure_getenv, so that a set-user-id program ignores what its caller set.
#pragma once

#include <cstdint>

namespace halyard {

class Log;

// Null when unset, empty, or when the process runs with elevated rights.
const char* getEnv(const char* name);

// A decimal number within [minimum, maximum]; a warning in `log` and `fallback` when the text is anything else.
uint64_t getEnvNumber(const char* name, uint64_t fallback, uint64_t minimum, uint64_t maximum, Log& log);

} // namespace halyard
