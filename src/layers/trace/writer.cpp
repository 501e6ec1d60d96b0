#include "layers/trace/writer.h"

#include "layers/common/table.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace halyard::layers {
namespace {

// Above every process number of Linux (at most 2^22), so that devices stand beside the process as processes of their
// own.
constexpr uint64_t kFirstDeviceProcess = 5'000'000;

// Where a device's commands are drawn.
struct Place {
    uint64_t process = 0;
    uint64_t thread = 0;
};

struct Timeline {
    Place place;
    uint64_t stream = 0; // handle; 0: no call is known to have submitted to it
};

class Writer {
public:
    Writer(std::FILE* file, const TraceContents& contents)
        : file_(file), contents_(contents), process_(static_cast<uint64_t>(getpid())) {}

    bool write() {
        append("{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"producer\":\"Halyard\",\"clock\":\"CLOCK_MONOTONIC\","
               "\"originNs\":{},\"droppedEvents\":{}}},\"traceEvents\":[\n",
               contents_.originNs, contents_.recorder.dropped());
        append("{}", metadata("process_name", {process_, 0}, "host"));
        const std::vector<const Track*> tracks = contents_.recorder.tracks();
        for (const Track* track : tracks)
            track->forEach([&](const Event& event) { collect(event); });
        std::sort(activities_.begin(), activities_.end(),
                  [](const Event* a, const Event* b) { return a->correlation < b->correlation; });
        for (const Track* track : tracks) {
            bool named = false;
            track->forEach([&](const Event& event) {
                if (event.kind == EventKind::Call && !named) {
                    named = true;
                    next();
                    append("{}", metadata("thread_name", {process_, static_cast<uint64_t>(track->thread)},
                                          fmt::format("thread {}", track->thread)));
                }
                writeEvent(event, *track);
            });
        }
        nameDevices();
        append("\n]}}\n");
        flush(0);
        return good_;
    }

private:
    template <typename... Args> void append(fmt::format_string<Args...> pattern, Args&&... args) {
        fmt::format_to(std::back_inserter(buffer_), pattern, std::forward<Args>(args)...);
    }
    void flush(size_t keep) {
        if (buffer_.size() <= keep)
            return;
        good_ = good_ && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) == buffer_.size();
        buffer_.clear();
    }
    void next() {
        append(",\n");
        flush(1u << 20);
    }
    double micros(uint64_t ns) const {
        return static_cast<double>(static_cast<int64_t>(ns - contents_.originNs)) / 1e3;
    }

    // A string with its quotes; what is not UTF-8 becomes the replacement character.
    static std::string quote(const std::string& text) {
        return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    }
    const std::string& quoteKernel(const char* name) {
        auto [entry, isNew] = quoted_.try_emplace(name);
        if (isNew)
            entry->second = quote(name);
        return entry->second;
    }
    static std::string metadata(const char* what, Place place, const std::string& name) {
        return fmt::format("{{\"ph\":\"M\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"args\":{{\"name\":{}}}}}", what,
                           place.process, place.thread, quote(name));
    }

    uint64_t deviceProcess(uint64_t device) {
        return devices_.try_emplace(device, kFirstDeviceProcess + devices_.size()).first->second;
    }

    void collect(const Event& event) {
        if (event.kind == EventKind::Activity) {
            activities_.push_back(&event);
            Timeline& timeline = timelines_[{event.owner, event.value}];
            if (timeline.place.process == 0)
                timeline.place = {deviceProcess(event.owner), timelines_.size()};
        } else if (event.kind == EventKind::Memory) {
            deviceProcess(event.owner);
        }
    }

    void writeEvent(const Event& event, const Track& track) {
        next();
        switch (event.kind) {
        case EventKind::Call:
            return writeCall(event, track);
        case EventKind::Activity:
            return writeActivity(event);
        case EventKind::Memory:
            return append("{{\"ph\":\"C\",\"name\":\"device memory\",\"pid\":{},\"tid\":0,\"ts\":{:.3f},"
                          "\"args\":{{\"bytes\":{}}}}}",
                          deviceProcess(event.owner), micros(event.startNs), event.value);
        }
    }

    void writeCall(const Event& event, const Track& track) {
        append("{{\"ph\":\"X\",\"cat\":\"api\",\"name\":\"{}\",\"pid\":{},\"tid\":{},\"ts\":{:.3f},\"dur\":{:.3f},"
               "\"args\":{{\"result\":{}",
               textOf(static_cast<Function>(event.what)).name, process_, track.thread, micros(event.startNs),
               static_cast<double>(event.endNs - event.startNs) / 1e3, event.detail);
        if (event.name != nullptr)
            append(",\"kernel\":{}", quoteKernel(event.name));
        if (event.owner != 0)
            append(",\"stream\":{}", quote(streamName(event.owner)));
        append("}}}}");
        const auto order = [](const Event* activity, uint64_t id) { return activity->correlation < id; };
        for (auto activity = std::lower_bound(activities_.begin(), activities_.end(), event.correlation, order);
             activity != activities_.end() && (*activity)->correlation == event.correlation; ++activity)
            writeFlow(event, track, **activity);
    }

    // An arrow from the middle of nothing is not drawn: both ends lie inside their slices.
    void writeFlow(const Event& call, const Track& track, const Event& activity) {
        Timeline& timeline = timelines_[{activity.owner, activity.value}];
        if (timeline.stream == 0)
            timeline.stream = call.owner;
        ++flows_;
        next();
        append("{{\"ph\":\"s\",\"cat\":\"launch\",\"name\":\"launch\",\"id\":{},\"pid\":{},\"tid\":{},\"ts\":{:.3f}}}",
               flows_, process_, track.thread, micros(call.startNs));
        next();
        append("{{\"ph\":\"f\",\"bp\":\"e\",\"cat\":\"launch\",\"name\":\"launch\",\"id\":{},\"pid\":{},\"tid\":{},"
               "\"ts\":{:.3f}}}",
               flows_, timeline.place.process, timeline.place.thread, micros(activity.startNs));
    }

    void writeActivity(const Event& event) {
        const Place place = timelines_[{event.owner, event.value}].place;
        append("{{\"ph\":\"X\",\"cat\":\"device\",\"name\":{},\"pid\":{},\"tid\":{},\"ts\":{:.3f},\"dur\":{:.3f},"
               "\"args\":{{\"correlation\":{}",
               activityName(event), place.process, place.thread, micros(event.startNs),
               static_cast<double>(event.endNs - event.startNs) / 1e3, event.correlation);
        if (event.detail != 0)
            append(",\"bytes\":{}", event.detail);
        append("}}}}");
    }

    std::string activityName(const Event& event) {
        switch (event.what) {
        case HY_ACTIVITY_KERNEL:
            return event.name != nullptr ? quoteKernel(event.name) : "\"kernel\"";
        case HY_ACTIVITY_COPY:
            return "\"copy\"";
        case HY_ACTIVITY_FILL:
            return "\"fill\"";
        case HY_ACTIVITY_GRAPH:
            return "\"graph\"";
        case HY_ACTIVITY_HOST_FUNCTION:
            return "\"host function\"";
        default:
            return "\"other\"";
        }
    }

    std::string streamName(uint64_t handle) const {
        const auto known = contents_.streams.find(handle);
        return known != contents_.streams.end() ? known->second : fmt::format("stream {:#x}", handle);
    }

    void nameDevices() {
        for (const auto& [device, process] : devices_) {
            const auto known = contents_.devices.find(device);
            next();
            append("{}",
                   metadata("process_name", {process, 0}, known != contents_.devices.end() ? known->second : "device"));
        }
        for (const auto& [key, timeline] : timelines_) {
            next();
            append("{}", metadata("thread_name", timeline.place,
                                  timeline.stream != 0 ? streamName(timeline.stream) : "other work"));
        }
    }

    std::FILE* const file_;
    const TraceContents& contents_;
    const uint64_t process_;
    fmt::memory_buffer buffer_;
    bool good_ = true;
    uint64_t flows_ = 0;
    std::vector<const Event*> activities_;
    std::map<uint64_t, uint64_t> devices_; // the process that stands for each
    std::map<std::pair<uint64_t, uint64_t>, Timeline> timelines_;
    std::unordered_map<std::string, std::string> quoted_;
};

} // namespace

bool writeTrace(std::FILE* file, const TraceContents& contents) {
    return Writer(file, contents).write();
}

} // namespace halyard::layers
