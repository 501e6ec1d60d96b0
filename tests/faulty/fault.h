// A fault is one deliberate mistake in an otherwise right backend: the suite must notice each of them. A fault is a row
// of a table: its name, what it breaks, which tests ought to notice, and the function that puts wrong slots into the
// tables.
#pragma once

#include "halyard/backend.h"

#include <span>
#include <string_view>
#include <vector>

namespace halyard::faulty {

// Changes the words of a module before they are compiled.
using Rewrite = std::vector<uint32_t> (*)(std::span<const uint32_t> words);
using Print = void (*)(void* context, const char* text, uint64_t bytes);

// What the backend answers with, and what it does to the services that the real one gets.
struct Tables {
    HyBackendDeviceTable device;
    HyBackendMemoryTable memory;
    HyBackendStreamTable stream;
    HyBackendEventTable event;
    HyBackendModuleTable module;
    HyBackendSemaphoreTable semaphore;
    HyBackendGraphTable graph;
    HyBackendVirtualMemoryTable virtualMemory;
    HyBackendProfilingTable profiling;
    Rewrite rewrite; // null: words stay as they are
    uint32_t jitFlags;
    Print print; // null: the runtime's own
};

struct Fault {
    const char* name;
    const char* breaks;
    const char* likely; // a filter of tests, as GoogleTest takes it: those that are tried first
    void (*install)(Tables& tables);
};

std::span<const Fault> codeFaults();
std::span<const Fault> copyFaults();
std::span<const Fault> deviceFaults();
std::span<const Fault> eventFaults();
std::span<const Fault> fillFaults();
std::span<const Fault> graphFaults();
std::span<const Fault> hostFunctionFaults();
std::span<const Fault> memoryFaults();
std::span<const Fault> moduleFaults();
std::span<const Fault> semaphoreFaults();
std::span<const Fault> streamFaults();

std::vector<Fault> allFaults();
// Null when there is none of that name.
const Fault* findFault(std::string_view name);

} // namespace halyard::faulty
