// The whole driver's state. Made once and never destroyed: threads use it until the process is gone.
#pragma once

#include "device.h"
#include "handles.h"
#include "heap.h"
#include "memory.h"
#include "workers.h"

#include <atomic>
#include <memory>
#include <vector>

namespace halyard::softcuda {

class Context;
class Stream;
struct Event;
struct Module;
struct Function;
struct Graph;
struct GraphNode;
struct GraphExec;
struct ExternalMemory;
struct ExternalSemaphore;
struct PhysicalMemory;

struct Driver {
    Driver();

    Heap heap;
    AddressSpace space;
    Workers workers;
    std::vector<std::unique_ptr<Device>> devices;

    HandleTable<Context> contexts;
    HandleTable<Stream> streams;
    HandleTable<Event> events;
    HandleTable<Module> modules;
    HandleTable<Function> functions;
    HandleTable<Graph> graphs;
    HandleTable<GraphNode> graphNodes;
    HandleTable<GraphExec> graphExecs;
    HandleTable<ExternalMemory> externalMemories;
    HandleTable<ExternalSemaphore> externalSemaphores;
    HandleTable<PhysicalMemory> physicalMemories;

    std::atomic<bool> initialised{false};
    std::atomic<uint64_t> launches{0};
    std::atomic<int> lost{0}; // the code that every call gets, when not zero
};

Driver& driver();

// Whether this process is a child of the one that called cuInit, where nothing works.
bool forked();

} // namespace halyard::softcuda
