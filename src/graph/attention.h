// What a stream's calls look at before they submit: one load and one branch as long as the stream is neither captured
// nor shares the fate of a replayed graph.
#pragma once

#include "graph/definition.h"

#include <optional>

namespace halyard {
struct GraphExec;
}

namespace halyard::graph {

class Lane;

// Bits of Stream::attention and Event::attention.
constexpr uint32_t kCaptured = 1u << 0;
constexpr uint32_t kReplayed = 1u << 1;

inline bool needsAttention(const Stream& stream) {
    return stream.attention.load(std::memory_order_acquire) != 0;
}

inline bool needsAttention(const Event& event) {
    return event.attention.load(std::memory_order_acquire) != 0;
}

// ---- For calls that submit. When needsAttention(stream) says so, ask the function of the call's kind, after all
// checks of arguments: it gives the call's result when the call was recorded or refused, nothing when it is to go on.

using Taken = std::optional<HyResult>;

Taken takeLaunch(const Stream& stream, Kernel& kernel, const HyBackendLaunch& launch);
Taken takeCopy(const Stream& stream, const CopyWork& work);
Taken takeFill(const Stream& stream, const FillWork& work);
Taken takeHostFunction(const Stream& stream, const HostWork& work);
Taken takeGraph(const Stream& stream, const GraphExec& exec);
// The address as hyGraphAddMemAllocNode gives it. The caller checks bytes and outPtr.
Taken takeAlloc(const Stream& stream, uint64_t bytes, HyDevicePtr* outPtr);
Taken takeFree(const Stream& stream, HyDevicePtr ptr);
// hyStreamWaitEvent and hyEventRecord, when either object needs attention.
Taken takeWait(Stream& stream, const Event& event);
Taken takeRecord(Event& event, const Stream& stream);

// ---- For everything else about a stream or event that needs attention: HY_SUCCESS when the call may go on.

// `why`: what keeps the call out of a graph, "it asks about work that has not been submitted".
HyResult requireUncaptured(const Stream& stream, const char* why);
HyResult requireUncaptured(const Event& event, const char* why, const char* argument = "event");

// The event was recorded on `stream`, and not by a capture.
HyResult noteRecorded(Event& event, const Stream& stream);

// ---- Of replayed graphs

// From now on a failure of these lanes is one of the stream too.
void shareFailures(Stream& stream, const std::vector<std::shared_ptr<Lane>>& lanes);
// HY_SUCCESS, or the sticky error of a lane of the stream.
HyResult checkLanes(const Stream& stream);
HyResult checkLanes(const Event& event);
// An answer of the backend about a stream or event, with what its lanes add to it.
template <typename Waitable> HyResult orLanes(const Waitable& object, HyResult answer) {
    const HyResult result = needsAttention(object) ? checkLanes(object) : HY_SUCCESS;
    return result < 0 ? result : answer;
}

} // namespace halyard::graph
