// What waits in a stream: fixed-layout records, made by the submitting thread and disposed of by the worker that ran
// them.
#pragma once

#include "halyard/backend.h"
#include "jit/host_kernel_abi.h"

#include <cstdint>

namespace halyard::cpu {

class CodeObject;
class Event;
class Plan;
class SharedCounters;
class SharedEvent;
class Timeline;

enum class CommandKind : uint32_t {
    Launch,
    Copy,
    CopyBox,
    Fill,
    FillBox,
    Prefetch,
    Wait,
    Signal,
    HostFunction,
    Stamp,
    Publish,
    Graph,
    Mark,
    NextChunk, // not a command: the queue goes on in its next chunk
};

// The head of every record; `bytes` is the length of the record, a multiple of kCommandAlignment.
struct Command {
    CommandKind kind;
    uint32_t bytes;
};

constexpr uint32_t kCommandAlignment = 16;

// Followed by the packed argument block.
struct alignas(kCommandAlignment) LaunchCommand : Command {
    CodeObject* code; // owned reference
    uint64_t groups;
    uint64_t localBytes;
    uint64_t scratchBytes;
    const char* node;    // of a graph: its name; else null
    bool cooperative;    // all groups at once
    HyHostLaunch launch; // launch.args points behind this record
};

struct alignas(kCommandAlignment) CopyCommand : Command {
    void* dst;
    const void* src;
    uint64_t bytesToCopy;
};

struct alignas(kCommandAlignment) CopyBoxCommand : Command {
    uint8_t* dst;
    const uint8_t* src;
    uint64_t dstRowPitch, dstSlicePitch;
    uint64_t srcRowPitch, srcSlicePitch;
    uint64_t widthBytes, height, depth;
};

struct alignas(kCommandAlignment) FillCommand : Command {
    void* dst;
    uint64_t bytesToFill;
    uint8_t pattern[16]; // the pattern, repeated to 16 bytes
};

struct alignas(kCommandAlignment) FillBoxCommand : Command {
    uint8_t* dst;
    uint64_t rowPitch, slicePitch;
    uint64_t widthBytes, height, depth;
    uint8_t pattern[16];
};

// Gives whole pages their memory.
struct alignas(kCommandAlignment) PrefetchCommand : Command {
    uint8_t* first;
    uint64_t bytesToPopulate;
};

// Holds the stream up until `source` reaches `value`.
struct alignas(kCommandAlignment) WaitCommand : Command {
    Timeline* source; // owned reference
    uint64_t value;
    SharedCounters* shared; // owned reference, which keeps `source` going; null: nothing of other processes
};

// Raises a semaphore.
struct alignas(kCommandAlignment) SignalCommand : Command {
    Timeline* target; // owned reference
    uint64_t value;
    SharedCounters* shared; // owned reference: raised instead, in its first lane; null: nothing of other processes
};

struct alignas(kCommandAlignment) HostFunctionCommand : Command {
    HyHostFunction function;
    void* user;
};

// Gives a timing event its time.
struct alignas(kCommandAlignment) StampCommand : Command {
    Event* event; // owned reference
    uint64_t value;
};

// Tells other processes that a recording of an event is over, also when the stream failed.
struct alignas(kCommandAlignment) PublishCommand : Command {
    SharedEvent* event; // owned reference
    uint64_t number;
    uint32_t lane;
};

struct alignas(kCommandAlignment) GraphCommand : Command {
    const Plan* plan; // owned reference
    uint32_t next;    // step that runs next; the one that is shared out is the one before
    bool flowing;     // the plan's flow runs, from the step before `next` on
};

// Goes before a command whose times a tool wants.
struct alignas(kCommandAlignment) MarkCommand : Command {
    uint64_t correlation;
};

// Whether a tool wants a command's times: it does work of its own.
bool doesWork(CommandKind kind);

} // namespace halyard::cpu
