// Recording stream calls as nodes. One registry for each instance: capturing is rare and short, so one lock guards all
// of it, and streams that are not captured never take it.
#pragma once

#include "graph/attention.h"

#include <map>
#include <thread>

namespace halyard::graph {

class Captures {
public:
    HyResult begin(Stream& stream);
    HyResult end(Stream& stream, Definition& outDefinition);
    HyResult abort(Stream& stream);
    HyCaptureInfo info(const Stream& stream);
    // The device was reset: what captures of its streams recorded counts for nothing, and they record no more.
    void cancel(const Device& device);
    // The objects are going away.
    void forget(const Stream& stream);
    void forget(const Event& event);
    // The instance is going away.
    void clear();

    Taken record(const Stream& stream, Work work, std::string name);
    Taken recordFree(const Stream& stream, HyDevicePtr ptr);
    Taken wait(Stream& stream, const Event& event);
    Taken mark(Event& event, const Stream& stream);
    void unmark(Event& event);
    HyResult refuse(const Stream& stream, const char* why);

private:
    // A stream's part: its next node comes after `tail`.
    struct Part {
        const Stream* stream = nullptr; // null: destroyed
        uint64_t handle = 0;
        std::vector<uint32_t> tail;
    };
    struct Session {
        uint64_t id = 0;
        std::thread::id thread;
        Definition definition;
        std::vector<Part> parts; // the first is where it began
        bool cancelled = false;
    };
    struct Mark {
        std::weak_ptr<const Session> session; // expired: the capture has ended
        std::vector<uint32_t> tail;
    };

    struct Place {
        std::shared_ptr<Session> session; // null: not captured
        size_t part = 0;
    };

    Place find(const Stream& stream) const;
    static HyResult requireThread(const Session& session);
    static HyResult requireRecording(const Session& session);
    static HyResult failCancelled(const Session& session);
    static HyResult requireJoined(const Session& session);
    static HyResult append(Session& session, Part& part, Work work, std::string name);
    void close(const std::shared_ptr<Session>& session);

    mutable std::mutex mutex_;
    std::map<const Stream*, Place> streams_;
    std::map<const Event*, Mark> events_;
};

} // namespace halyard::graph
