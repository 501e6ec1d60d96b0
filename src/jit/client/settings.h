// What the environment says about compiling (docs/environment.md).
#pragma once

#include "base/log.h"

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace halyard::jit {

enum class Mode {
    Worker,    // processes of their own: the default
    InProcess, // libhalyard_jit.so in this process, for sandboxes that forbid exec
    Off,       // the cache alone
};

struct Settings {
    Mode mode = Mode::Worker;
    std::filesystem::path workerPath; // HALYARD_JIT_PATH, absolute; empty: the usual places
    std::chrono::milliseconds timeout{};
    uint64_t memoryMegabytes = 0;
    unsigned workers = 1;
    std::filesystem::path dumpRoot;
    std::filesystem::path pack;       // HALYARD_PACK, absolute; may be empty
    std::filesystem::path packRecord; // HALYARD_PACK_RECORD, likewise
};

// Reads variables and asks for the number of CPUs; touches no file.
Settings readSettings(Log& log);

} // namespace halyard::jit
