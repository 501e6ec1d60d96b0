// The layer "trace": what the host asked for and what the devices did, as one file for Perfetto.
#include "layers/common/clock.h"
#include "layers/common/kernels.h"
#include "layers/common/table.h"
#include "layers/trace/recorder.h"
#include "layers/trace/writer.h"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <unistd.h>

namespace halyard::layers {
namespace {

constexpr uint64_t kDefaultEvents = 4'000'000; // 256 MB
constexpr uint64_t kMostEvents = 1'000'000'000;
constexpr uint32_t kTrackShift = 40;

// The first file keeps its name, those of further instances get a number before the extension.
std::string numberedPath(const char* wanted, uint32_t number) {
    std::string path = wanted != nullptr ? wanted : fmt::format("halyard-trace-{}.json", getpid());
    if (number == 1)
        return path;
    const size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
    const size_t dot = path.rfind('.');
    path.insert(dot != std::string::npos && dot > name ? dot : path.size(), fmt::format("-{}", number));
    return path;
}

class TraceLayer {
public:
    TraceLayer(const HyLayerLink* next, const HyLayerHost& host, uint64_t mostEvents)
        : next_(next), host_(host), recorder_(mostEvents), mostEvents_(mostEvents) {}
    ~TraceLayer() {
        if (file_ != nullptr)
            std::fclose(file_);
    }
    TraceLayer(const TraceLayer&) = delete;
    TraceLayer& operator=(const TraceLayer&) = delete;

    HyResult open(const std::string& path) {
        path_ = path;
        file_ = std::fopen(path.c_str(), "we");
        if (file_ == nullptr) {
            const std::string words = fmt::format("{} cannot be opened for writing: {}", path, std::strerror(errno));
            host_.setError(host_.context, HY_ERROR_IO, "HALYARD_TRACE_FILE", words.c_str(),
                           "let HALYARD_TRACE_FILE name a file that can be written");
            return HY_ERROR_IO;
        }
        host_.setActivitySink(host_.context, receive, this);
        return HY_SUCCESS;
    }

    // Writes the file, once, in the process that opened it.
    void finish() noexcept {
        const std::lock_guard lock(finishMutex_);
        if (file_ == nullptr || getpid() != process_)
            return;
        bool good = false;
        try {
            good = writeTrace(file_, contents());
        } catch (const std::bad_alloc&) {
            errno = ENOMEM;
        }
        good = std::fclose(std::exchange(file_, nullptr)) == 0 && good;
        if (!good)
            report(HY_LOG_ERROR, fmt::format("{} is not complete: {}", path_, std::strerror(errno)));
        if (const uint64_t dropped = recorder_.dropped(); dropped != 0)
            report(HY_LOG_WARNING, fmt::format("{} events are missing in {}: there is room for {}; let "
                                               "HALYARD_TRACE_EVENTS say how many are wanted (64 bytes each)",
                                               dropped, path_, mostEvents_));
        report(HY_LOG_INFO, fmt::format("wrote {}", path_));
    }

    template <Function F, typename... Args> HyResult call(const HyLayerLink* link, Args... args) {
        Track* track = recorder_.track();
        if (track == nullptr)
            return passOn<F>(link, args...);
        Event event{};
        event.kind = EventKind::Call;
        event.what = static_cast<uint32_t>(F);
        event.correlation = (uint64_t{track->index} + 1) << kTrackShift | ++track->calls;
        event.owner = reinterpret_cast<uint64_t>(streamOf(args...));
        event.name = kernelOf(Tag<F>(), args...);
        host_.setCorrelation(host_.context, event.correlation);
        event.startNs = nowNs();
        const HyResult result = passOn<F>(link, args...);
        event.endNs = nowNs();
        host_.setCorrelation(host_.context, 0);
        event.detail = result;
        recorder_.addTo(*track, event);
        if (result >= 0) {
            try {
                after(Tag<F>(), args...);
            } catch (const std::bad_alloc&) { // a name or a number is missing in the file
            }
        }
        return result;
    }

private:
    static HyStream streamOf() { return nullptr; }
    template <typename First, typename... Rest> static HyStream streamOf(First first, Rest... rest) {
        if constexpr (std::is_same_v<First, HyStream>)
            return first;
        else if constexpr (std::is_same_v<First, const HyLaunchDesc*>)
            return first != nullptr && first->structSize >= offsetof(HyLaunchDesc, kernel) ? first->stream : nullptr;
        else
            return streamOf(rest...);
    }

    const char* nameOf(HyKernel kernel) const {
        const KernelDescription* known = kernels_.find(kernel);
        return known != nullptr ? known->name.c_str() : nullptr;
    }
    template <Function F, typename... Args> const char* kernelOf(Tag<F>, Args...) const { return nullptr; }
    const char* kernelOf(Tag<Function::hyLaunchKernel>, HyStream, HyKernel kernel, HyDim3, HyDim3, uint32_t,
                         const void* const*, uint32_t) const {
        return nameOf(kernel);
    }
    const char* kernelOf(Tag<Function::hyLaunchKernelEx>, const HyLaunchDesc* desc) const {
        LaunchView launch;
        return readLaunch(desc, launch) ? nameOf(launch.kernel) : nullptr;
    }

    template <Function F, typename... Args> void after(Tag<F>, Args...) {}

    void after(Tag<Function::hyKernelCreate>, HyModule, const char*, HyKernel* outKernel) {
        kernels_.add(next_, *outKernel);
    }
    void after(Tag<Function::hyKernelCreateEx>, HyModule, const HyKernelDesc*, HyKernel* outKernel) {
        kernels_.add(next_, *outKernel);
    }
    void after(Tag<Function::hyKernelDestroy>, HyKernel kernel) { kernels_.remove(kernel); }
    void after(Tag<Function::hyStreamCreate>, HyDevice device, const HyStreamDesc* desc, HyStream* outStream) {
        constexpr size_t kWithName = offsetof(HyStreamDesc, name) + sizeof(desc->name); // older programs have none
        const bool named = desc != nullptr && desc->structSize >= kWithName && desc->name != nullptr;
        const std::lock_guard lock(mutex_);
        deviceOfStream_[reinterpret_cast<uint64_t>(*outStream)] = device;
        ++streamCount_;
        streams_.emplace(reinterpret_cast<uint64_t>(*outStream),
                         named ? desc->name : fmt::format("stream {}", streamCount_));
    }

    // ---- Device memory in use.

    void after(Tag<Function::hyMemAlloc>, HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
        allocated(device, *outPtr, bytes);
    }
    void after(Tag<Function::hyMemAllocManaged>, HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
        allocated(device, *outPtr, bytes);
    }
    void after(Tag<Function::hyMemAllocShareable>, HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
        allocated(device, *outPtr, bytes);
    }
    void after(Tag<Function::hyMemFree>, HyDevice, HyDevicePtr ptr) { freed(ptr); }
    void after(Tag<Function::hyMemAllocAsync>, HyStream stream, uint64_t bytes, HyDevicePtr* outPtr) {
        allocated(deviceOf(stream), *outPtr, bytes);
    }
    void after(Tag<Function::hyMemAllocFromPoolAsync>, HyStream stream, HyMemoryPool, uint64_t bytes,
               HyDevicePtr* outPtr) {
        allocated(deviceOf(stream), *outPtr, bytes);
    }
    void after(Tag<Function::hyMemFreeAsync>, HyStream, HyDevicePtr ptr) { freed(ptr); }

    HyDevice deviceOf(HyStream stream) {
        const std::lock_guard lock(mutex_);
        const auto known = deviceOfStream_.find(reinterpret_cast<uint64_t>(stream));
        return known != deviceOfStream_.end() ? known->second : nullptr;
    }

    void allocated(HyDevice device, HyDevicePtr ptr, uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        memory_[ptr] = {reinterpret_cast<uint64_t>(device), bytes};
        count(reinterpret_cast<uint64_t>(device), static_cast<int64_t>(bytes));
    }
    void freed(HyDevicePtr ptr) {
        const std::lock_guard lock(mutex_);
        const auto known = memory_.find(ptr);
        if (known == memory_.end())
            return;
        count(known->second.device, -static_cast<int64_t>(known->second.bytes));
        memory_.erase(known);
    }
    void count(uint64_t device, int64_t change) {
        uint64_t& used = used_[device];
        used += static_cast<uint64_t>(change);
        Event event{};
        event.kind = EventKind::Memory;
        event.startNs = nowNs();
        event.owner = device;
        event.value = used;
        recorder_.add(event);
    }

    // ---- What devices did.

    static void receive(void* user, const HyActivity* activity) { static_cast<TraceLayer*>(user)->record(*activity); }
    void record(const HyActivity& activity) noexcept {
        Event event{};
        event.kind = EventKind::Activity;
        event.what = activity.kind;
        event.startNs = activity.startNs;
        event.endNs = std::max(activity.startNs, activity.endNs);
        event.correlation = activity.correlation;
        event.owner = reinterpret_cast<uint64_t>(activity.device);
        event.value = activity.timeline;
        event.detail = static_cast<int64_t>(activity.bytes);
        if (activity.name[0] != '\0')
            event.name = keep(activity.name);
        recorder_.add(event);
    }
    const char* keep(const char* name) noexcept {
        // The same kernel runs again and again: comparing with the last name saves the lock.
        thread_local const char* last = nullptr;
        thread_local uint64_t owner = 0;
        if (owner == number_ && std::strcmp(last, name) == 0)
            return last;
        try {
            const std::lock_guard lock(namesMutex_);
            last = names_.emplace(name).first->c_str();
            owner = number_;
            return last;
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }

    TraceContents contents() {
        const std::lock_guard lock(mutex_);
        TraceContents all{recorder_, originNs_, deviceNames_, {}};
        all.streams = streams_;
        return all;
    }
    void report(HyLogLevel level, const std::string& words) const { host_.log(host_.context, level, words.c_str()); }

public:
    // The names of devices, while they can be asked for.
    void nameDevices(HyInstance instance) {
        uint32_t count = 0;
        if (next_->table->hyDeviceGetCount(next_, instance, &count) != HY_SUCCESS)
            return;
        for (uint32_t i = 0; i < count; ++i) {
            HyDevice device = nullptr;
            HyDeviceProperties properties{};
            properties.structSize = sizeof properties;
            if (next_->table->hyDeviceGet(next_, instance, i, &device) == HY_SUCCESS &&
                next_->table->hyDeviceGetProperties(next_, device, &properties) == HY_SUCCESS)
                deviceNames_[reinterpret_cast<uint64_t>(device)] =
                    fmt::format("{} ({})", properties.selector, properties.name);
        }
    }

private:
    static inline std::atomic<uint64_t> count_{0};
    const uint64_t number_ = ++count_;
    const HyLayerLink* const next_;
    const HyLayerHost& host_;
    Recorder recorder_;
    const uint64_t mostEvents_;
    const uint64_t originNs_ = nowNs();
    const pid_t process_ = getpid();
    std::string path_;
    std::mutex finishMutex_;
    std::FILE* file_ = nullptr;
    KernelTable kernels_;
    std::map<uint64_t, std::string> deviceNames_;
    std::mutex namesMutex_;
    std::set<std::string, std::less<>> names_;
    struct Allocation {
        uint64_t device;
        uint64_t bytes;
    };
    std::mutex mutex_;                        // guards what follows
    std::map<uint64_t, std::string> streams_; // names by handle
    std::map<uint64_t, HyDevice> deviceOfStream_;
    uint32_t streamCount_ = 0;
    std::map<HyDevicePtr, Allocation> memory_;
    std::map<uint64_t, uint64_t> used_;
};

// The layers of instances that are alive: a program that ends without destroying them still gets its files. Immortal.
struct Living {
    std::mutex mutex;
    std::set<TraceLayer*> layers;
    uint32_t made = 0;
};
Living& living() {
    static auto* const all = [] {
        std::atexit([] {
            const std::lock_guard lock(living().mutex);
            for (TraceLayer* layer : living().layers)
                layer->finish();
        });
        return new Living;
    }();
    return *all;
}

HyResult readLimit(const HyLayerHost& host, uint64_t& out) {
    const char* text = host.getEnv(host.context, "HALYARD_TRACE_EVENTS");
    out = kDefaultEvents;
    if (text == nullptr)
        return HY_SUCCESS;
    const char* end = text + std::strlen(text);
    const auto [stop, fault] = std::from_chars(text, end, out);
    if (fault == std::errc() && stop == end && out >= 1 && out <= kMostEvents)
        return HY_SUCCESS;
    const std::string words = fmt::format("HALYARD_TRACE_EVENTS={} is not a number from 1 to {}", text, kMostEvents);
    host.setError(host.context, HY_ERROR_INVALID_ARGUMENT, "HALYARD_TRACE_EVENTS", words.c_str(),
                  "give the number of events to keep");
    return HY_ERROR_INVALID_ARGUMENT;
}

HyResult attach(HyInstance instance, const HyLayerLink* next, const HyLayerHost* host, void** outContext) {
    uint64_t mostEvents = 0;
    if (const HyResult result = readLimit(*host, mostEvents); result < 0)
        return result;
    auto layer = std::make_unique<TraceLayer>(next, *host, mostEvents);
    const std::lock_guard lock(living().mutex);
    const char* wanted = host->getEnv(host->context, "HALYARD_TRACE_FILE");
    if (const HyResult result = layer->open(numberedPath(wanted, living().made + 1)); result < 0)
        return result;
    ++living().made;
    layer->nameDevices(instance);
    living().layers.insert(layer.get());
    *outContext = layer.release();
    return HY_SUCCESS;
}

void detach(void* context) {
    auto* layer = static_cast<TraceLayer*>(context);
    {
        const std::lock_guard lock(living().mutex);
        living().layers.erase(layer);
    }
    layer->finish();
    delete layer;
}

constexpr HyLayerTable kTable = makeTable<TraceLayer>();

constexpr HyLayerInterface kInterface = {
    .structSize = sizeof(HyLayerInterface),
    .abiMajor = HY_LAYER_ABI_MAJOR,
    .abiMinor = HY_LAYER_ABI_MINOR,
    .name = "trace",
    .description = "writes calls, device work and memory use as a file for Perfetto",
    .attach = attach,
    .detach = detach,
    .table = &kTable,
};

} // namespace
} // namespace halyard::layers

HyResult hyLayerGetInterface(uint32_t hostAbi, const HyLayerInterface** outInterface) {
    if (hostAbi >> 16 != HY_LAYER_ABI_MAJOR)
        return HY_ERROR_INCOMPATIBLE_ABI;
    *outInterface = &halyard::layers::kInterface;
    return HY_SUCCESS;
}
