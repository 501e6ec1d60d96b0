#include "graph/capture.h"

#include "api/check.h"
#include "graph/exec.h"
#include "graph/requests.h"

#include <algorithm>

namespace halyard::graph {
namespace {

constexpr const char* kEndFirst =
    "end the capture first (hyStreamEndCapture), or leave the call out of what is captured; the capture goes on";

HyResult failNotCaptured() {
    return fail(HY_ERROR_INVALID_STATE, "stream", "begin with hyStreamBeginCapture",
                "the stream is not being captured");
}

// Stream holds what only changes under the registry's lock or is atomic.
void setCaptured(const Stream& stream, bool captured) {
    auto& attention = const_cast<Stream&>(stream).attention;
    if (captured)
        attention.fetch_or(kCaptured, std::memory_order_release);
    else
        attention.fetch_and(~kCaptured, std::memory_order_release);
}

void addTo(std::vector<uint32_t>& tail, const std::vector<uint32_t>& nodes) {
    for (const uint32_t node : nodes) {
        if (std::find(tail.begin(), tail.end(), node) == tail.end())
            tail.push_back(node);
    }
}

} // namespace

Captures::Place Captures::find(const Stream& stream) const {
    const auto found = streams_.find(&stream);
    return found != streams_.end() ? found->second : Place{};
}

HyResult Captures::requireThread(const Session& session) {
    if (session.thread == std::this_thread::get_id())
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_STATE, "stream", "use another stream, or make the call from the thread that captures",
                "another thread is capturing the stream (capture {}), and only that thread can record", session.id);
}

HyResult Captures::failCancelled(const Session& session) {
    return fail(HY_ERROR_CANCELLED, "stream", "capture again",
                "{} was reset during the capture ({}), which is void: nothing that it recorded is kept",
                session.parts[0].stream->device->properties.selector, session.id);
}

HyResult Captures::requireRecording(const Session& session) {
    HY_TRY(requireThread(session));
    return session.cancelled ? failCancelled(session) : HY_SUCCESS;
}

HyResult Captures::begin(Stream& stream) {
    static std::atomic<uint64_t> sessions{0};
    const std::lock_guard lock(mutex_);
    if (find(stream).session != nullptr) {
        return fail(HY_ERROR_INVALID_STATE, "stream", "end the capture first (hyStreamEndCapture)",
                    "the stream is being captured already");
    }
    auto session = std::make_shared<Session>();
    session->id = sessions.fetch_add(1, std::memory_order_relaxed) + 1;
    session->thread = std::this_thread::get_id();
    session->parts.push_back({&stream, stream.handle, {}});
    streams_[&stream] = {std::move(session), 0};
    setCaptured(stream, true);
    return HY_SUCCESS;
}

// Everything recorded must come before the end of the first stream.
HyResult Captures::requireJoined(const Session& session) {
    const std::vector<Node>& nodes = session.definition.nodes;
    std::vector<bool> joined(nodes.size());
    for (const uint32_t node : session.parts[0].tail)
        joined[node] = true;
    for (size_t i = nodes.size(); i-- > 0;) {
        for (const uint32_t before : nodes[i].dependencies)
            joined[before] = joined[before] || joined[i];
    }
    for (const Part& part : session.parts) {
        const auto open =
            std::find_if(part.tail.begin(), part.tail.end(), [&](uint32_t node) { return !joined[node]; });
        if (open == part.tail.end())
            continue;
        return fail(HY_ERROR_INVALID_STATE, "stream",
                    part.stream != nullptr
                        ? "record an event on that stream and let the first one wait for it, then end the capture again"
                        : "abort the capture (hyStreamAbortCapture)",
                    "stream {:#x}{} was not joined: the stream where the capture began does not wait for its last "
                    "work, {}",
                    part.handle, part.stream != nullptr ? "" : " (destroyed)", describe(nodes[*open], *open));
    }
    return HY_SUCCESS;
}

HyResult Captures::end(Stream& stream, Definition& outDefinition) {
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    if (session == nullptr)
        return failNotCaptured();
    HY_TRY(requireThread(*session));
    if (part != 0) {
        return fail(HY_ERROR_INVALID_STATE, "stream", "end it on the stream where it began",
                    "the capture began on stream {:#x}; this one joined it by an event", session->parts[0].handle);
    }
    if (session->cancelled) {
        outDefinition = std::move(session->definition); // the caller drops it, without the lock
        close(session);
        return failCancelled(*session);
    }
    HY_TRY(requireJoined(*session));
    outDefinition = std::move(session->definition);
    close(session);
    return HY_SUCCESS;
}

HyResult Captures::abort(Stream& stream) {
    std::shared_ptr<Session> session; // dropped after the lock: its memory may have to wait for the device
    const std::lock_guard lock(mutex_);
    session = find(stream).session;
    if (session == nullptr)
        return failNotCaptured();
    close(session);
    return HY_SUCCESS;
}

void Captures::cancel(const Device& device) {
    const std::lock_guard lock(mutex_);
    for (const auto& [stream, place] : streams_) {
        if (stream->device == &device)
            place.session->cancelled = true;
    }
}

void Captures::close(const std::shared_ptr<Session>& session) {
    for (const Part& part : session->parts) {
        if (part.stream != nullptr) {
            streams_.erase(part.stream);
            setCaptured(*part.stream, false);
        }
    }
}

void Captures::forget(const Stream& stream) {
    std::shared_ptr<Session> session;
    const std::lock_guard lock(mutex_);
    const Place place = find(stream);
    session = place.session;
    if (session == nullptr)
        return;
    if (place.part == 0)
        return close(session);
    session->parts[place.part].stream = nullptr;
    streams_.erase(&stream);
}

void Captures::forget(const Event& event) {
    const std::lock_guard lock(mutex_);
    events_.erase(&event);
}

void Captures::clear() {
    std::map<const Stream*, Place> dropped;
    const std::lock_guard lock(mutex_);
    dropped.swap(streams_);
}

HyCaptureInfo Captures::info(const Stream& stream) {
    HyCaptureInfo info{.structSize = sizeof info};
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    if (session == nullptr)
        return info;
    info.capturing = 1;
    info.origin = part == 0 ? 1 : 0;
    info.thisThread = session->thread == std::this_thread::get_id() ? 1 : 0;
    info.nodeCount = static_cast<uint32_t>(session->definition.nodes.size());
    info.streamCount = static_cast<uint32_t>(session->parts.size());
    info.captureId = session->id;
    return info;
}

HyResult Captures::append(Session& session, Part& part, Work work, std::string name) {
    name.resize(std::min(name.size(), kMaxNameBytes));
    const auto index = static_cast<uint32_t>(session.definition.nodes.size());
    std::vector<uint32_t> tail{index};
    HY_TRY(graph::append(session.definition, {std::move(name), part.tail, std::move(work)}));
    part.tail = std::move(tail);
    return HY_SUCCESS;
}

Taken Captures::record(const Stream& stream, Work work, std::string name) {
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    if (session == nullptr)
        return std::nullopt; // ended meanwhile
    if (const HyResult result = requireRecording(*session); result < 0)
        return result;
    return append(*session, session->parts[part], std::move(work), std::move(name));
}

Taken Captures::recordFree(const Stream& stream, HyDevicePtr ptr) {
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    if (session == nullptr)
        return std::nullopt;
    if (const HyResult result = requireRecording(*session); result < 0)
        return result;
    Work work;
    if (const HyResult result = readFree(session->definition, ptr, work); result < 0)
        return result;
    return append(*session, session->parts[part], std::move(work), {});
}

Taken Captures::wait(Stream& stream, const Event& event) {
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    const auto found = events_.find(&event);
    if (found == events_.end()) {
        if (session == nullptr)
            return std::nullopt;
        if (const HyResult result = requireRecording(*session); result < 0)
            return result;
        if (!event.recorded.load(std::memory_order_acquire))
            return HY_SUCCESS; // holds nothing up, here as ever
        return fail(HY_ERROR_INVALID_STATE, "event", "wait for it before hyStreamBeginCapture, or before hyGraphLaunch",
                    "the stream is being captured, and the event was recorded outside the capture: a graph cannot wait "
                    "for that work");
    }
    const std::shared_ptr<const Session> source = found->second.session.lock();
    if (source == nullptr) {
        return fail(HY_ERROR_INVALID_STATE, "event", "record it again, outside a capture",
                    "the event was recorded by a capture that has ended, and stands for no work");
    }
    if (const HyResult result = requireRecording(*source); result < 0)
        return result;
    if (session != nullptr && session != source) {
        return fail(HY_ERROR_INVALID_STATE, "event", "end one capture first",
                    "the stream is in capture {}, and the event was recorded by capture {}", session->id, source->id);
    }
    if (session != nullptr) {
        addTo(session->parts[part].tail, found->second.tail);
        return HY_SUCCESS;
    }
    const auto joined = streams_.find(source->parts[0].stream)->second.session;
    if (stream.device != joined->parts[0].stream->device) {
        return fail(HY_ERROR_UNSUPPORTED, "stream", "capture a graph for each device",
                    "the capture is on {}, the stream on {}: a graph has work for one device",
                    joined->parts[0].stream->device->properties.selector, stream.device->properties.selector);
    }
    streams_[&stream] = {joined, joined->parts.size()};
    joined->parts.push_back({&stream, stream.handle, found->second.tail});
    setCaptured(stream, true);
    return HY_SUCCESS;
}

Taken Captures::mark(Event& event, const Stream& stream) {
    const std::lock_guard lock(mutex_);
    const auto [session, part] = find(stream);
    if (session == nullptr)
        return std::nullopt;
    if (const HyResult result = requireRecording(*session); result < 0)
        return result;
    events_[&event] = {session, session->parts[part].tail};
    event.attention.fetch_or(kCaptured, std::memory_order_release);
    return HY_SUCCESS;
}

void Captures::unmark(Event& event) {
    const std::lock_guard lock(mutex_);
    events_.erase(&event);
    event.attention.fetch_and(~kCaptured, std::memory_order_release);
}

HyResult Captures::refuse(const Stream& stream, const char* why) {
    const std::lock_guard lock(mutex_);
    if (find(stream).session == nullptr)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_STATE, "stream", kEndFirst, "the stream is being captured, and {}", why);
}

// ---- attention.h

namespace {

bool isCaptured(const Stream& stream) {
    return (stream.attention.load(std::memory_order_acquire) & kCaptured) != 0;
}

// What a call that goes on still has to know.
Taken orLaneFailure(const Stream& stream, Taken taken) {
    if (taken)
        return taken;
    const HyResult result = checkLanes(stream);
    return result < 0 ? Taken(result) : std::nullopt;
}

// Some of the calls that ask have nobody behind them who catches.
template <typename Body> auto guarded(Body&& body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return fail(HY_ERROR_OUT_OF_HOST_MEMORY, "", "", "the host has no memory left");
    }
}

template <typename Make> Taken take(const Stream& stream, const char* name, Make&& make) {
    return guarded([&] {
        Taken taken;
        if (isCaptured(stream))
            taken = stream.instance->captures->record(stream, make(), name);
        return orLaneFailure(stream, taken);
    });
}

} // namespace

Taken takeLaunch(const Stream& stream, Kernel& kernel, const HyBackendLaunch& launch) {
    return take(stream, kernel.info.name.c_str(), [&]() -> Work { return packLaunch(kernel, launch); });
}

Taken takeCopy(const Stream& stream, const CopyWork& work) {
    return take(stream, "", [&]() -> Work { return work; });
}

Taken takeFill(const Stream& stream, const FillWork& work) {
    return take(stream, "", [&]() -> Work { return work; });
}

Taken takeHostFunction(const Stream& stream, const HostWork& work) {
    return take(stream, "", [&]() -> Work { return work; });
}

Taken takeGraph(const Stream& stream, const GraphExec& exec) {
    return take(stream, "",
                [&]() -> Work { return ChildWork{std::make_shared<const Definition>(exec.flat.definition)}; });
}

Taken takeAlloc(const Stream& stream, uint64_t bytes, HyDevicePtr* outPtr) {
    if (!isCaptured(stream))
        return orLaneFailure(stream, std::nullopt);
    AllocWork work;
    if (const HyResult result = Memory::allocate(*stream.device, bytes, work.memory); result < 0)
        return result;
    const HyDevicePtr base = work.memory->base();
    const Taken taken = stream.instance->captures->record(stream, std::move(work), {});
    if (taken && *taken >= 0)
        *outPtr = base;
    return taken;
}

Taken takeFree(const Stream& stream, HyDevicePtr ptr) {
    Taken taken;
    if (isCaptured(stream))
        taken = stream.instance->captures->recordFree(stream, ptr);
    return orLaneFailure(stream, taken);
}

Taken takeWait(Stream& stream, const Event& event) {
    return guarded([&] { return orLaneFailure(stream, stream.instance->captures->wait(stream, event)); });
}

Taken takeRecord(Event& event, const Stream& stream) {
    return guarded([&] {
        Taken taken;
        if (isCaptured(stream))
            taken = stream.instance->captures->mark(event, stream);
        return orLaneFailure(stream, taken);
    });
}

HyResult requireUncaptured(const Stream& stream, const char* why) {
    return guarded([&] {
        if (isCaptured(stream))
            HY_TRY(stream.instance->captures->refuse(stream, why));
        return checkLanes(stream);
    });
}

HyResult requireUncaptured(const Event& event, const char* why, const char* argument) {
    return guarded([&] {
        if ((event.attention.load(std::memory_order_acquire) & kCaptured) != 0) {
            return fail(HY_ERROR_INVALID_STATE, argument, "record it again, outside a capture",
                        "the event was recorded by a capture, and {}", why);
        }
        return checkLanes(event);
    });
}

HyResult noteRecorded(Event& event, const Stream& stream) {
    return guarded([&] {
        if ((event.attention.load(std::memory_order_acquire) & kCaptured) != 0)
            event.instance->captures->unmark(event);
        std::vector<std::shared_ptr<Lane>> lanes;
        {
            const std::lock_guard lock(stream.lanesMutex);
            lanes = stream.lanes;
        }
        const std::lock_guard lock(event.lanesMutex);
        if (lanes.empty())
            event.attention.fetch_and(~kReplayed, std::memory_order_release);
        else
            event.attention.fetch_or(kReplayed, std::memory_order_release);
        event.lanes.swap(lanes);
        return HY_SUCCESS;
    });
}

} // namespace halyard::graph
