// Finds backends, decides which to open, opens them and completes their tables. One broken backend never hides the
// others: every candidate's fate is a BackendRecord, and nothing here fails as a whole.
#pragma once

#include "base/log.h"
#include "halyard/backend.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace halyard {

// A backend's tables, complete: every slot is callable; what the backend lacks answers HY_ERROR_UNSUPPORTED with words.
struct BackendTables {
    HyBackendDeviceTable device;
    HyBackendMemoryTable memory;
    HyBackendStreamTable stream;
    HyBackendEventTable event;
    HyBackendModuleTable module;
    HyBackendSemaphoreTable semaphore;
    HyBackendGraphTable graph;
    HyBackendVirtualMemoryTable virtualMemory;
    HyBackendProfilingTable profiling;
    bool allocatesOnStreams; // memory.allocateOnStream and freeOnStream are the backend's own
    bool findsOthers;        // memory.findOthers is
    bool launchesArgs;       // stream.launchArgs is
};

// What became of one candidate (behind HyBackendInfo).
struct BackendRecord {
    HyBackendStatus status = HY_BACKEND_SKIPPED;
    std::string name, vendor, manifestPath, libraryPath, buildId, reason;
    uint32_t abiMajor = 0, abiMinor = 0;
    uint32_t deviceCount = 0;
};

struct LoadedBackend {
    std::string name;
    BackendTables tables{};
    HyBackendContext context = nullptr;
    void (*shutdown)(HyBackendContext) = nullptr;
    uint32_t deviceCount = 0;
    size_t record = 0; // index into LoadResult::records
};

struct LoadResult {
    std::vector<std::unique_ptr<LoadedBackend>> backends; // in order of consideration
    std::vector<BackendRecord> records;
};

// The services to hand to the backend of that name; must outlive the backend. Called once per backend that is opened.
using ServicesFactory = std::function<const HyHostServices*(const std::string& backendName)>;

// Considers, in order: HALYARD_BACKEND_FILES (replaces the rest), HALYARD_ADD_BACKEND_FILES, halyard/backends.d/*.json
// beside libhalyard.so, then halyard/backends.d in the XDG directories; files of a directory by the manifest's priority
// (lowest first), then by name. An entry of the variables is a manifest (*.json) or a library, as an absolute path.
// Never the current directory. Libraries are opened RTLD_NOW | RTLD_LOCAL and never closed. The calling thread's error
// record stays as it is. Thread-safe. Throws std::bad_alloc only.
LoadResult loadBackends(const ServicesFactory& makeServices, Log& log);

// Ends a loaded backend, after its devices are closed; a C++ exception that escapes from it is logged, not passed on.
void shutDownBackend(LoadedBackend& backend, Log& log);

} // namespace halyard
