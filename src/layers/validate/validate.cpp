// The layer "validate": what a program does wrong and what the runtime alone does not see. docs/layers.md lists the
// checks.
#include "layers/common/kernels.h"
#include "layers/common/table.h"
#include "layers/validate/graphs.h"
#include "layers/validate/memory.h"
#include "layers/validate/objects.h"
#include "layers/validate/transfer.h"

#include <cstring>
#include <new>

#include <fmt/format.h>

namespace halyard::layers {
namespace {

class ValidateLayer {
public:
    ValidateLayer(const HyLayerHost& host, RaceMode mode)
        : host_(host), findings_(host), objects_(findings_), memory_(host, findings_, order_, mode),
          graphs_(findings_, order_, memory_) {}

    void summarise() const { findings_.summarise(); }

    template <Function F, typename... Args> HyResult call(const HyLayerLink* link, Args... args) {
        HyResult refusal = HY_SUCCESS;
        Clock snapshot;
        guarded([&] {
            (checkHandle<F>(args), ...);
            refusal = before(Tag<F>(), args...);
            snapshot = waitsFor(Tag<F>(), args...);
        });
        if (refusal < 0)
            return refusal;
        const HyResult result = passOn<F>(link, args...);
        guarded([&] {
            if (hasWaited(result) && !snapshot.empty())
                order_.complete(snapshot);
            if (result != HY_SUCCESS)
                return failed(Tag<F>(), result, args...);
            (noteCreated<F>(args), ...);
            noteDestroyed<F>(args...);
            after(Tag<F>(), link, args...);
        });
        return result;
    }

private:
    // Bookkeeping under the lock; what cannot be noted for want of memory is not checked later.
    template <typename Body> void guarded(Body&& body) {
        try {
            const std::lock_guard lock(mutex_);
            body();
        } catch (const std::bad_alloc&) { // see above
        }
    }

    HyResult refuse(HyResult code, const char* argument, const std::string& words, const char* hint) const {
        host_.setError(host_.context, code, argument, words.c_str(), hint);
        return code;
    }

    // ---- Every function: the lives of objects.

    template <Function F> static constexpr bool nameHas(std::string_view part) {
        return std::string_view(textOf(F).name).find(part) != std::string_view::npos;
    }

    template <Function F, typename T> void checkHandle(T value) {
        if constexpr (ObjectKind<T>::kName != nullptr) {
            if (value != nullptr)
                objects_.check(value, textOf(F).name, nameHas<F>("Destroy"));
        } else if constexpr (std::is_same_v<T, const HyLaunchDesc*>) {
            LaunchView launch;
            if (readLaunch(value, launch)) {
                objects_.check(launch.stream, textOf(F).name, false);
                objects_.check(launch.kernel, textOf(F).name, false);
            }
        }
    }

    // A handle that a function gives out is a new object, unless the function only looks it up.
    template <Function F, typename T> void noteCreated(T value) {
        if constexpr (std::is_pointer_v<T> && !std::is_const_v<std::remove_pointer_t<T>>) {
            using Target = std::remove_pointer_t<T>;
            if constexpr (ObjectKind<Target>::kName != nullptr && !nameHas<F>("Get") && !nameHas<F>("Find")) {
                if (value != nullptr && *value != nullptr)
                    objects_.add(*value, ObjectKind<Target>::kName);
            } else if constexpr (std::is_same_v<Target, HyDevicePtr>) {
                if (value != nullptr)
                    memory_.reappear(*value);
            }
        }
    }

    template <Function F, typename T, typename... Rest> void noteDestroyed(T value, Rest...) {
        if constexpr (ObjectKind<T>::kName != nullptr && nameHas<F>("Destroy"))
            objects_.remove(value);
    }

    // ---- Before the call: what is wrong with it. An error is returned in its place.

    template <Function F, typename... Args> HyResult before(Tag<F>, Args...) { return HY_SUCCESS; }

    HyResult before(Tag<Function::hyInstanceDestroy>, HyInstance) {
        objects_.reportLeaks();
        for (const auto& [base, allocation] : memory_.live())
            if (allocation.made)
                findings_.report(
                    HY_LOG_WARNING, "leak", base,
                    fmt::format("the instance is destroyed with {}, which is not freed", allocation.text()));
        return HY_SUCCESS;
    }

    HyResult before(Tag<Function::hyMemFree>, HyDevice, HyDevicePtr ptr) {
        const Allocation* gone = memory_.findGone(ptr);
        if (gone != nullptr)
            reportGone("freed-twice", "hyMemFree", *gone, "Free each allocation once");
        return HY_SUCCESS;
    }

    HyResult before(Tag<Function::hyMemFreeAsync>, HyStream, HyDevicePtr ptr) {
        const Allocation* gone = memory_.findGone(ptr);
        if (gone != nullptr)
            reportGone("freed-twice", "hyMemFreeAsync", *gone, "Free each allocation once");
        return HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyMemcpyPeerAsync>, HyStream, HyDevice, HyDevicePtr dst, HyDevice, HyDevicePtr src,
                    uint64_t bytes) {
        return checkTransfer("hyMemcpyPeerAsync", rowsOf(dst, src, bytes));
    }

    HyResult before(Tag<Function::hyStreamWaitEvent>, HyStream, HyEvent event) {
        reportNeverRecorded("hyStreamWaitEvent", event);
        return HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyEventSynchronize>, HyEvent event, uint64_t) {
        reportNeverRecorded("hyEventSynchronize", event);
        return HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyEventQuery>, HyEvent event) {
        reportNeverRecorded("hyEventQuery", event);
        return HY_SUCCESS;
    }

    HyResult before(Tag<Function::hyMemcpyAsync>, HyStream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
        return checkTransfer("hyMemcpyAsync", rowsOf(dst, src, bytes));
    }
    HyResult before(Tag<Function::hyMemcpy2DAsync>, HyStream, HyDevicePtr dst, uint64_t dstPitch, HyDevicePtr src,
                    uint64_t srcPitch, uint64_t widthBytes, uint64_t height) {
        return checkTransfer("hyMemcpy2DAsync", boxOf(dst, dstPitch, src, srcPitch, widthBytes, height));
    }
    HyResult before(Tag<Function::hyMemcpy3DAsync>, HyStream, const HyCopy3D* copy) {
        return checkTransfer("hyMemcpy3DAsync", boxOf(copy));
    }
    HyResult before(Tag<Function::hyMemFillAsync>, HyStream, HyDevicePtr dst, const void*, uint32_t patternBytes,
                    uint64_t count) {
        return checkTransfer("hyMemFillAsync", fillOf(dst, patternBytes, count));
    }
    HyResult before(Tag<Function::hyMemFill3DAsync>, HyStream, const HyFill3D* fill) {
        return checkTransfer("hyMemFill3DAsync", fillOf(fill));
    }

    HyResult before(Tag<Function::hyLaunchKernel>, HyStream stream, HyKernel kernel, HyDim3, HyDim3, uint32_t,
                    const void* const* args, uint32_t argCount) {
        return checkLaunch("hyLaunchKernel", {stream, kernel, {}, {}, args, nullptr, argCount});
    }
    HyResult before(Tag<Function::hyLaunchKernelEx>, const HyLaunchDesc* desc) {
        LaunchView launch;
        return readLaunch(desc, launch) ? checkLaunch("hyLaunchKernelEx", launch) : HY_SUCCESS;
    }

    bool isCaptured(HyStream stream) {
        const StreamOrder* order = order_.find(stream);
        return order != nullptr && order->capture != nullptr;
    }

    void reportNeverRecorded(const char* call, HyEvent event) {
        const auto known = events_.find(event);
        if (known == events_.end() || known->second.recorded || known->second.shared != nullptr)
            return;
        const Site now = Site::here();
        findings_.report(HY_LOG_WARNING, "never-recorded", now.key(),
                         fmt::format("{} at {} waits for an event that was never recorded, which waits for nothing. "
                                     "Record it first (hyEventRecord)",
                                     call, now.text()));
    }

    void reportGone(const char* kind, const char* call, const Allocation& gone, const char* advice) {
        const Site now = Site::here();
        findings_.report(HY_LOG_ERROR, kind, now.key() ^ gone.base,
                         fmt::format("{} at {} got an address in {}. {}", call, now.text(), gone.text(), advice));
    }

    HyResult checkTransfer(const char* call, const Transfer& transfer) {
        for (const Range& range : {transfer.dst, transfer.src})
            checkRange(call, range);
        return HY_SUCCESS; // the runtime refuses these itself, but cannot say where the memory came from
    }

    void checkRange(const char* call, const Range& range) {
        if (range.bytes == 0)
            return;
        const Allocation* allocation = memory_.find(range.begin);
        if (allocation == nullptr) {
            if (const Allocation* gone = memory_.findGone(range.begin); gone != nullptr)
                reportGone("use-after-free", call, *gone, "Free it after its last use");
            return; // host memory, for all that anybody knows
        }
        // Just behind an allocation anything may be, host memory too.
        if (range.begin == allocation->end() || range.bytes <= allocation->end() - range.begin)
            return;
        const Site now = Site::here();
        findings_.report(HY_LOG_ERROR, "out-of-range", now.key() ^ allocation->base,
                         fmt::format("{} at {} reaches from {:#x} over {} bytes, beyond {}. Copy no more than the "
                                     "allocation has behind that address: {} bytes",
                                     call, now.text(), range.begin, range.bytes, allocation->text(),
                                     allocation->end() - range.begin));
    }

    HyResult checkLaunch(const char* call, const LaunchView& launch) {
        const std::string fault = checkArguments(call, launch, kernels_.find(launch.kernel));
        return fault.empty() ? HY_SUCCESS
                             : refuse(HY_ERROR_INVALID_ADDRESS, "args", fault + ", in memory that was freed",
                                      "free memory after its last use; the validate layer logs where it was freed");
    }

    // The last argument in memory that was freed, or "".
    std::string checkArguments(const char* call, const LaunchView& launch, const KernelDescription* kernel) {
        std::string fault;
        if (kernel == nullptr)
            return fault;
        forEachPointer(*kernel, launch, [&](size_t index, HyDevicePtr address) {
            if (memory_.find(address) != nullptr)
                return;
            const Site now = Site::here();
            const std::string which = fmt::format("{} is {:#x}", argumentText(*kernel, index), address);
            if (const Allocation* gone = memory_.findGone(address); gone != nullptr) {
                findings_.report(HY_LOG_ERROR, "use-after-free", now.key() ^ gone->base,
                                 fmt::format("{} at {}: {}, in {}. Free it after its last use", call, now.text(), which,
                                             gone->text()));
                fault = which;
            } else {
                findings_.report(HY_LOG_WARNING, "kernel-argument", now.key(),
                                 fmt::format("{} at {}: {}, which is in no live allocation. Pass an address of memory "
                                             "that the runtime knows (hyMemAlloc, hyHostRegister)",
                                             call, now.text(), which));
            }
        });
        return fault;
    }

    // ---- What a call waits for, as it is when the call begins.

    template <Function F, typename... Args> Clock waitsFor(Tag<F>, Args...) { return {}; }
    Clock waitsFor(Tag<Function::hyStreamSynchronize>, HyStream stream, uint64_t) { return snapshotOf(stream); }
    Clock waitsFor(Tag<Function::hyStreamQuery>, HyStream stream) { return snapshotOf(stream); }
    Clock waitsFor(Tag<Function::hyDeviceSynchronize>, HyDevice device, uint64_t) { return order_.snapshot(device); }
    Clock waitsFor(Tag<Function::hyDeviceReset>, HyDevice device, uint64_t) { return order_.snapshot(device); }
    Clock waitsFor(Tag<Function::hyMemFree>, HyDevice device, HyDevicePtr ptr) {
        return ptr != 0 ? order_.snapshot(device) : Clock();
    }
    Clock waitsFor(Tag<Function::hyHostUnregister>, HyDevice device, void*) { return order_.snapshot(device); }
    Clock waitsFor(Tag<Function::hyEventSynchronize>, HyEvent event, uint64_t) { return recordingOf(event); }
    Clock waitsFor(Tag<Function::hyEventQuery>, HyEvent event) { return recordingOf(event); }
    Clock waitsFor(Tag<Function::hySemaphoreWait>, HySemaphore semaphore, uint64_t value, uint64_t) {
        if (const HyDevice shared = sharedBy(semaphore); shared != nullptr)
            return order_.snapshot(shared); // what another process signalled may come after anything here
        const Clock* signal = signalFor(semaphore, value);
        return signal != nullptr ? *signal : Clock();
    }

    // A stream that failed is done as well; a call that was refused has waited for nothing.
    static bool hasWaited(HyResult result) { return result == HY_SUCCESS || result == HY_ERROR_LAUNCH_FAILED; }

    Clock snapshotOf(HyStream stream) {
        const StreamOrder* order = order_.find(stream);
        return order != nullptr ? order_.snapshot(*order) : Clock();
    }
    Clock recordingOf(HyEvent event) {
        const auto known = events_.find(event);
        if (known == events_.end())
            return {};
        return known->second.shared != nullptr ? order_.snapshot(known->second.shared) : known->second.after;
    }
    HyDevice sharedBy(HySemaphore semaphore) const {
        const auto known = semaphores_.find(semaphore);
        return known != semaphores_.end() ? known->second.shared : nullptr;
    }
    // The signal that a wait for the value waits for, when it was submitted already.
    const Clock* signalFor(HySemaphore semaphore, uint64_t value) const {
        const auto known = semaphores_.find(semaphore);
        if (known == semaphores_.end())
            return nullptr;
        const auto signal = known->second.signals.lower_bound(value);
        return signal != known->second.signals.end() ? &signal->second : nullptr;
    }

    // ---- After a failure.

    template <Function F, typename... Args> void failed(Tag<F>, HyResult, Args...) {}
    void failed(Tag<Function::hyStreamEndCapture>, HyResult result, HyStream stream, HyGraph*) {
        if (result == HY_ERROR_CANCELLED) // void since a reset of the device, and over
            endCapture(stream, nullptr);
    }

    // ---- After a success: what is there now.

    template <Function F, typename... Args> void after(Tag<F>, const HyLayerLink*, Args...) {}

    void after(Tag<Function::hyStreamCreate>, const HyLayerLink*, HyDevice device, const HyStreamDesc*,
               HyStream* outStream) {
        order_.add(*outStream, device);
    }
    void after(Tag<Function::hyStreamDestroy>, const HyLayerLink*, HyStream stream) { order_.remove(stream); }
    void after(Tag<Function::hyEventCreate>, const HyLayerLink*, HyDevice device, uint32_t flags, HyEvent* outEvent) {
        events_[*outEvent] = {};
        events_[*outEvent].shared = (flags & HY_EVENT_INTERPROCESS) != 0 ? device : nullptr;
    }
    void after(Tag<Function::hyEventOpenIpcHandle>, const HyLayerLink*, HyDevice device, const HyIpcHandle*,
               HyEvent* outEvent) {
        events_[*outEvent] = {};
        events_[*outEvent].shared = device;
    }
    void after(Tag<Function::hyEventDestroy>, const HyLayerLink*, HyEvent event) { events_.erase(event); }
    void after(Tag<Function::hyEventRecord>, const HyLayerLink*, HyEvent event, HyStream stream) {
        const StreamOrder* order = order_.find(stream);
        if (order != nullptr)
            events_[event] = {true, order->capture != nullptr ? Clock() : order_.snapshot(*order), order->capture,
                              events_[event].shared};
    }
    void after(Tag<Function::hyStreamWaitEvent>, const HyLayerLink*, HyStream stream, HyEvent event) {
        StreamOrder* order = order_.find(stream);
        const auto known = events_.find(event);
        if (order == nullptr || known == events_.end())
            return;
        order_.join(*order, known->second.after);
        if (known->second.shared != nullptr) // another process may have recorded it last, behind anything before this
            order_.join(*order, order_.snapshot(known->second.shared));
        if (known->second.capture != nullptr)
            order->capture = known->second.capture; // the capture spreads
    }

    void after(Tag<Function::hyStreamBeginCapture>, const HyLayerLink*, HyStream stream, uint32_t) {
        if (StreamOrder* order = order_.find(stream); order != nullptr)
            order->capture = stream;
    }
    void after(Tag<Function::hyStreamEndCapture>, const HyLayerLink*, HyStream stream, HyGraph* outGraph) {
        endCapture(stream, *outGraph);
    }
    void after(Tag<Function::hyStreamAbortCapture>, const HyLayerLink*, HyStream stream) {
        endCapture(stream, nullptr);
    }
    void endCapture(HyStream stream, HyGraph made) {
        const StreamOrder* order = order_.find(stream);
        if (order == nullptr || order->capture == nullptr)
            return;
        const HyStream origin = order->capture;
        if (made != nullptr)
            graphs_.endCapture(origin, made);
        else
            graphs_.dropCapture(origin);
        order_.endCapture(origin);
    }

    // ---- Graphs.

    HyResult before(Tag<Function::hyGraphAddKernelNode>, HyGraph, const HyGraphNode*, uint32_t, const char*,
                    const HyLaunchDesc* desc, HyGraphNode*) {
        LaunchView launch;
        return readLaunch(desc, launch) ? checkLaunch("hyGraphAddKernelNode", launch) : HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyGraphAddCopyNode>, HyGraph, const HyGraphNode*, uint32_t, const char*,
                    HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, HyGraphNode*) {
        return checkTransfer("hyGraphAddCopyNode", rowsOf(dst, src, bytes));
    }
    HyResult before(Tag<Function::hyGraphAddCopy3DNode>, HyGraph, const HyGraphNode*, uint32_t, const char*,
                    const HyCopy3D* copy, HyGraphNode*) {
        return checkTransfer("hyGraphAddCopy3DNode", boxOf(copy));
    }
    HyResult before(Tag<Function::hyGraphAddFillNode>, HyGraph, const HyGraphNode*, uint32_t, const char*,
                    HyDevicePtr dst, const void*, uint32_t patternBytes, uint64_t count, HyGraphNode*) {
        return checkTransfer("hyGraphAddFillNode", fillOf(dst, patternBytes, count));
    }
    HyResult before(Tag<Function::hyGraphAddFill3DNode>, HyGraph, const HyGraphNode*, uint32_t, const char*,
                    const HyFill3D* fill, HyGraphNode*) {
        return checkTransfer("hyGraphAddFill3DNode", fillOf(fill));
    }
    HyResult before(Tag<Function::hyGraphExecUpdateKernelNode>, HyGraphExec exec, HyGraphNode node,
                    const HyLaunchDesc* desc) {
        if (LaunchView launch; readLaunch(desc, launch))
            checkArguments("hyGraphExecUpdateKernelNode", launch, kernelOf(launch, exec, node));
        return HY_SUCCESS; // the runtime refuses it itself
    }
    HyResult before(Tag<Function::hyGraphExecUpdateCopyNode>, HyGraphExec, HyGraphNode, HyDevicePtr dst,
                    HyDevicePtr src, uint64_t bytes) {
        return checkTransfer("hyGraphExecUpdateCopyNode", rowsOf(dst, src, bytes));
    }
    HyResult before(Tag<Function::hyGraphExecUpdateCopy3DNode>, HyGraphExec, HyGraphNode, const HyCopy3D* copy) {
        return checkTransfer("hyGraphExecUpdateCopy3DNode", boxOf(copy));
    }
    HyResult before(Tag<Function::hyGraphExecUpdateFillNode>, HyGraphExec, HyGraphNode, HyDevicePtr dst, const void*,
                    uint32_t patternBytes, uint64_t count) {
        return checkTransfer("hyGraphExecUpdateFillNode", fillOf(dst, patternBytes, count));
    }
    HyResult before(Tag<Function::hyGraphExecUpdateFill3DNode>, HyGraphExec, HyGraphNode, const HyFill3D* fill) {
        return checkTransfer("hyGraphExecUpdateFill3DNode", fillOf(fill));
    }
    // Memory may have been freed since the nodes were made. The runtime refuses these two itself, and looks at no
    // launch.
    HyResult before(Tag<Function::hyGraphInstantiate>, HyGraph graph, uint32_t, HyGraphExec*) {
        graphs_.check("hyGraphInstantiate", graph);
        return HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyGraphExecUpdate>, HyGraphExec, HyGraph graph) {
        graphs_.check("hyGraphExecUpdate", graph);
        return HY_SUCCESS;
    }
    HyResult before(Tag<Function::hyGraphLaunch>, HyGraphExec exec, HyStream) {
        const std::string fault = graphs_.check("hyGraphLaunch", exec);
        return fault.empty() ? HY_SUCCESS
                             : refuse(HY_ERROR_INVALID_ADDRESS, "exec", fault,
                                      "free memory after the last launch that uses it, or update the nodes");
    }
    void after(Tag<Function::hyGraphAddKernelNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*,
               uint32_t, const char*, const HyLaunchDesc* desc, HyGraphNode* outNode) {
        if (LaunchView launch; readLaunch(desc, launch))
            graphs_.add(link->next, graph, *outNode, usesOf(kernels_.find(launch.kernel), launch));
    }
    void after(Tag<Function::hyGraphAddCopyNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*, uint32_t,
               const char*, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, HyGraphNode* outNode) {
        graphs_.add(link->next, graph, *outNode, usesOf("a copy", rowsOf(dst, src, bytes)));
    }
    void after(Tag<Function::hyGraphAddCopy3DNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*,
               uint32_t, const char*, const HyCopy3D* copy, HyGraphNode* outNode) {
        graphs_.add(link->next, graph, *outNode, usesOf("a copy", boxOf(copy)));
    }
    void after(Tag<Function::hyGraphAddFillNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*, uint32_t,
               const char*, HyDevicePtr dst, const void*, uint32_t patternBytes, uint64_t count, HyGraphNode* outNode) {
        graphs_.add(link->next, graph, *outNode, usesOf("a fill", fillOf(dst, patternBytes, count)));
    }
    void after(Tag<Function::hyGraphAddFill3DNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*,
               uint32_t, const char*, const HyFill3D* fill, HyGraphNode* outNode) {
        graphs_.add(link->next, graph, *outNode, usesOf("a fill", fillOf(fill)));
    }
    void after(Tag<Function::hyGraphAddChildGraphNode>, const HyLayerLink* link, HyGraph graph, const HyGraphNode*,
               uint32_t, const char*, HyGraph child, HyGraphNode* outNode) {
        graphs_.addChild(link->next, graph, *outNode, child);
    }
    void after(Tag<Function::hyGraphClone>, const HyLayerLink*, HyGraph graph, HyGraph* outGraph) {
        graphs_.clone(graph, *outGraph);
    }
    void after(Tag<Function::hyGraphDestroy>, const HyLayerLink*, HyGraph graph) { graphs_.destroy(graph); }
    void after(Tag<Function::hyGraphInstantiate>, const HyLayerLink* link, HyGraph graph, uint32_t,
               HyGraphExec* outExec) {
        graphs_.instantiate(link->next, graph, *outExec);
    }
    void after(Tag<Function::hyGraphExecDestroy>, const HyLayerLink*, HyGraphExec exec) { graphs_.destroy(exec); }
    void after(Tag<Function::hyGraphExecUpdate>, const HyLayerLink* link, HyGraphExec exec, HyGraph graph) {
        graphs_.update(link->next, exec, graph);
    }
    void after(Tag<Function::hyGraphExecUpdateKernelNode>, const HyLayerLink*, HyGraphExec exec, HyGraphNode node,
               const HyLaunchDesc* desc) {
        if (LaunchView launch; readLaunch(desc, launch))
            graphs_.update(exec, node, usesOf(kernelOf(launch, exec, node), launch));
    }
    void after(Tag<Function::hyGraphExecUpdateCopyNode>, const HyLayerLink*, HyGraphExec exec, HyGraphNode node,
               HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
        graphs_.update(exec, node, usesOf("a copy", rowsOf(dst, src, bytes)));
    }
    void after(Tag<Function::hyGraphExecUpdateCopy3DNode>, const HyLayerLink*, HyGraphExec exec, HyGraphNode node,
               const HyCopy3D* copy) {
        graphs_.update(exec, node, usesOf("a copy", boxOf(copy)));
    }
    void after(Tag<Function::hyGraphExecUpdateFillNode>, const HyLayerLink*, HyGraphExec exec, HyGraphNode node,
               HyDevicePtr dst, const void*, uint32_t patternBytes, uint64_t count) {
        graphs_.update(exec, node, usesOf("a fill", fillOf(dst, patternBytes, count)));
    }
    void after(Tag<Function::hyGraphExecUpdateFill3DNode>, const HyLayerLink*, HyGraphExec exec, HyGraphNode node,
               const HyFill3D* fill) {
        graphs_.update(exec, node, usesOf("a fill", fillOf(fill)));
    }
    void after(Tag<Function::hyGraphLaunch>, const HyLayerLink* link, HyGraphExec exec, HyStream stream) {
        StreamOrder* order = order_.find(stream);
        if (order == nullptr)
            return;
        if (order->capture != nullptr)
            graphs_.captureLaunch(link->next, order->capture, stream, exec);
        else
            graphs_.launch(exec, *order);
    }

    // A node keeps its kernel when an update names none.
    const KernelDescription* kernelOf(const LaunchView& launch, HyGraphExec exec, HyGraphNode node) const {
        return launch.kernel != nullptr ? kernels_.find(launch.kernel) : graphs_.kernelOf(exec, node);
    }

    void after(Tag<Function::hySemaphoreCreate>, const HyLayerLink*, HyDevice device, const HySemaphoreDesc* desc,
               HySemaphore* outSemaphore) {
        const bool hasValue = desc != nullptr && desc->structSize >= sizeof *desc;
        semaphores_[*outSemaphore].signals[hasValue ? desc->initialValue : 0] = {};
        if (desc != nullptr && (desc->flags & HY_SEMAPHORE_SHAREABLE) != 0)
            semaphores_[*outSemaphore].shared = device;
    }
    void after(Tag<Function::hySemaphoreImport>, const HyLayerLink*, HyDevice device, HyShareType, int64_t,
               HySemaphore* outSemaphore) {
        semaphores_[*outSemaphore].shared = device;
    }
    void after(Tag<Function::hySemaphoreDestroy>, const HyLayerLink*, HySemaphore semaphore) {
        semaphores_.erase(semaphore);
    }
    void after(Tag<Function::hySemaphoreSignal>, const HyLayerLink*, HySemaphore semaphore, uint64_t value) {
        semaphores_[semaphore].signals[value] = {}; // what the host does comes after what it waited for
    }
    void after(Tag<Function::hySemaphoreGetValue>, const HyLayerLink*, HySemaphore semaphore, uint64_t* outValue) {
        const HyDevice shared = sharedBy(semaphore);
        if (shared != nullptr && semaphores_[semaphore].signals.count(*outValue) == 0)
            order_.complete(order_.snapshot(shared)); // another process's value
        for (const auto& [value, clock] : semaphores_[semaphore].signals)
            if (value <= *outValue)
                order_.complete(clock);
    }
    void after(Tag<Function::hyStreamSignalSemaphore>, const HyLayerLink*, HyStream stream, HySemaphore semaphore,
               uint64_t value) {
        const Clock& signal = semaphores_[semaphore].signals[value] = snapshotOf(stream);
        // Streams that waited before this was known come after it all the same.
        std::erase_if(semaphores_[semaphore].waits, [&](const auto& wait) {
            StreamOrder* waiting = wait.second <= value ? order_.find(wait.first) : nullptr;
            if (waiting != nullptr)
                order_.join(*waiting, signal);
            return wait.second <= value;
        });
    }
    void after(Tag<Function::hyStreamWaitSemaphore>, const HyLayerLink*, HyStream stream, HySemaphore semaphore,
               uint64_t value) {
        StreamOrder* order = order_.find(stream);
        if (order == nullptr)
            return;
        if (sharedBy(semaphore) != nullptr) {
            order_.submit(*order);
            order->uncertain = order->opaque = true;
            return;
        }
        // What will signal it is not known yet, so neither is what the stream comes after.
        if (const Clock* signal = signalFor(semaphore, value); signal != nullptr) {
            order_.join(*order, *signal);
            return;
        }
        order_.submit(*order); // so that the stream is not idle
        order->uncertain = true;
        semaphores_[semaphore].waits.emplace_back(stream, value);
    }

    void after(Tag<Function::hyMemAlloc>, const HyLayerLink*, HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
        memory_.add(*outPtr, bytes, device, "allocation").made = Site::here();
    }
    void after(Tag<Function::hyMemFree>, const HyLayerLink*, HyDevice, HyDevicePtr ptr) {
        memory_.remove(ptr, "hyMemFree");
    }
    void after(Tag<Function::hyMemAllocManaged>, const HyLayerLink*, HyDevice device, uint64_t bytes,
               HyDevicePtr* outPtr) {
        memory_.add(*outPtr, bytes, device, "managed allocation").made = Site::here();
    }
    void after(Tag<Function::hyMemAllocShareable>, const HyLayerLink*, HyDevice device, uint64_t bytes,
               HyDevicePtr* outPtr) {
        memory_.add(*outPtr, bytes, device, "shareable allocation").made = Site::here();
    }
    void after(Tag<Function::hyMemAllocAsync>, const HyLayerLink*, HyStream stream, uint64_t bytes,
               HyDevicePtr* outPtr) {
        allocatedOn(stream, bytes, *outPtr, "hyMemAllocAsync");
    }
    void after(Tag<Function::hyMemAllocFromPoolAsync>, const HyLayerLink*, HyStream stream, HyMemoryPool,
               uint64_t bytes, HyDevicePtr* outPtr) {
        allocatedOn(stream, bytes, *outPtr, "hyMemAllocFromPoolAsync");
    }
    void after(Tag<Function::hyMemFreeAsync>, const HyLayerLink*, HyStream stream, HyDevicePtr ptr) {
        if (ptr == 0 || isCaptured(stream))
            return;
        changeAll(stream, ptr, "hyMemFreeAsync", "use-after-free");
        memory_.remove(ptr, "hyMemFreeAsync");
    }

    // Memory whose life begins and ends in stream order: both count as changes of all of it.
    void allocatedOn(HyStream stream, uint64_t bytes, HyDevicePtr ptr, const char* call) {
        const StreamOrder* order = order_.find(stream);
        if (order == nullptr || order->capture != nullptr)
            return; // captured: the graph's
        memory_.add(ptr, bytes, order->device, "allocation").made = Site::here();
        changeAll(stream, ptr, call, "race");
    }
    void changeAll(HyStream handle, HyDevicePtr ptr, const char* call, const char* findingKind) {
        StreamOrder* stream = order_.find(handle);
        Allocation* allocation = memory_.find(ptr);
        if (stream == nullptr || allocation == nullptr || allocation->base != ptr)
            return;
        memory_.use(*allocation, *stream,
                    {order_.submit(*stream), ptr, allocation->end(), true, true, false,
                     fmt::format("{} on stream {}", call, stream->number), Site::here()},
                    findingKind);
    }

    void after(Tag<Function::hyHostRegister>, const HyLayerLink*, HyDevice device, void* pointer, uint64_t bytes,
               HyDevicePtr* outPtr) {
        memory_.add(*outPtr, bytes, device, "registered range").made = Site::here();
        registered_[pointer] = *outPtr;
    }
    void after(Tag<Function::hyHostUnregister>, const HyLayerLink*, HyDevice, void* pointer) {
        const HyDevicePtr ptr = registered_[pointer];
        registered_.erase(pointer);
        memory_.remove(ptr, "hyHostUnregister");
        memory_.reappear(ptr); // the address may be the host's own, which copies take as before
    }

    void after(Tag<Function::hyKernelCreate>, const HyLayerLink* link, HyModule, const char*, HyKernel* outKernel) {
        kernels_.add(link->next, *outKernel);
    }
    void after(Tag<Function::hyKernelCreateEx>, const HyLayerLink* link, HyModule, const HyKernelDesc*,
               HyKernel* outKernel) {
        kernels_.add(link->next, *outKernel);
    }
    void after(Tag<Function::hyKernelDestroy>, const HyLayerLink*, HyKernel kernel) { kernels_.remove(kernel); }

    void after(Tag<Function::hyMemcpyAsync>, const HyLayerLink* link, HyStream stream, HyDevicePtr dst, HyDevicePtr src,
               uint64_t bytes) {
        noteTransfer(link, "a copy", stream, rowsOf(dst, src, bytes));
    }
    void after(Tag<Function::hyMemcpyPeerAsync>, const HyLayerLink* link, HyStream stream, HyDevice, HyDevicePtr dst,
               HyDevice, HyDevicePtr src, uint64_t bytes) {
        noteTransfer(link, "a copy between devices", stream, rowsOf(dst, src, bytes));
    }
    void after(Tag<Function::hyMemcpy2DAsync>, const HyLayerLink* link, HyStream stream, HyDevicePtr dst,
               uint64_t dstPitch, HyDevicePtr src, uint64_t srcPitch, uint64_t widthBytes, uint64_t height) {
        noteTransfer(link, "a copy", stream, boxOf(dst, dstPitch, src, srcPitch, widthBytes, height));
    }
    void after(Tag<Function::hyMemcpy3DAsync>, const HyLayerLink* link, HyStream stream, const HyCopy3D* copy) {
        noteTransfer(link, "a copy", stream, boxOf(copy));
    }
    void after(Tag<Function::hyMemFillAsync>, const HyLayerLink* link, HyStream stream, HyDevicePtr dst, const void*,
               uint32_t patternBytes, uint64_t count) {
        noteTransfer(link, "a fill", stream, fillOf(dst, patternBytes, count));
    }
    void after(Tag<Function::hyMemFill3DAsync>, const HyLayerLink* link, HyStream stream, const HyFill3D* fill) {
        noteTransfer(link, "a fill", stream, fillOf(fill));
    }
    void after(Tag<Function::hyLaunchKernel>, const HyLayerLink* link, HyStream stream, HyKernel kernel, HyDim3, HyDim3,
               uint32_t, const void* const* args, uint32_t argCount) {
        noteLaunch(link, {stream, kernel, {}, {}, args, nullptr, argCount});
    }
    void after(Tag<Function::hyLaunchKernelEx>, const HyLayerLink* link, const HyLaunchDesc* desc) {
        if (LaunchView launch; readLaunch(desc, launch))
            noteLaunch(link, launch);
    }

    void noteTransfer(const HyLayerLink* link, const char* what, HyStream handle, const Transfer& transfer) {
        noteUses(link, handle, what, usesOf(what, transfer));
    }
    void noteLaunch(const HyLayerLink* link, const LaunchView& launch) {
        const KernelDescription* kernel = kernels_.find(launch.kernel);
        noteUses(link, launch.stream, kernel != nullptr ? fmt::format("kernel '{}'", kernel->name) : "a kernel",
                 usesOf(kernel, launch));
    }

    void noteUses(const HyLayerLink* link, HyStream handle, const std::string& what, NodeUses uses) {
        StreamOrder* stream = order_.find(handle);
        if (stream == nullptr)
            return;
        if (stream->capture != nullptr)
            return graphs_.capture(link->next, stream->capture, handle, std::move(uses));
        const Epoch epoch = order_.submit(*stream);
        const Site now = Site::here();
        for (const NodeUse& use : uses.uses) {
            Allocation* allocation = memory_.find(use.begin);
            if (allocation == nullptr || use.begin == allocation->end())
                continue;
            const uint64_t end = use.bytes != 0 ? use.begin + use.bytes : allocation->end();
            memory_.use(*allocation, *stream,
                        {epoch, use.begin, end, use.write, use.exact, false,
                         fmt::format("{} on stream {}", what, stream->number), now});
        }
    }

    const HyLayerHost& host_;
    std::mutex mutex_; // guards everything below but the findings
    Findings findings_;
    Objects objects_;
    Order order_;
    Memory memory_;
    Graphs graphs_;
    KernelTable kernels_;
    struct Recording {
        bool recorded = false;
        Clock after;                // what the event stands for
        HyStream capture = nullptr; // where the capture began that it is part of
        HyDevice shared = nullptr;  // not null: other processes record it too
    };
    std::map<HyEvent, Recording> events_;
    std::map<HySemaphore, Semaphore> semaphores_;
    std::map<void*, HyDevicePtr> registered_;
};

HyResult readMode(const HyLayerHost& host, RaceMode& out) {
    const char* text = host.getEnv(host.context, "HALYARD_VALIDATE_RACES");
    const std::string_view mode = text != nullptr ? text : "allocation";
    out = mode == "off" ? RaceMode::Off : mode == "exact" ? RaceMode::Exact : RaceMode::Allocation;
    if (out != RaceMode::Allocation || mode == "allocation")
        return HY_SUCCESS;
    host.setError(host.context, HY_ERROR_INVALID_ARGUMENT, "HALYARD_VALIDATE_RACES",
                  fmt::format("HALYARD_VALIDATE_RACES={} is unknown", mode).c_str(), "use allocation, exact or off");
    return HY_ERROR_INVALID_ARGUMENT;
}

HyResult attach(HyInstance, const HyLayerLink*, const HyLayerHost* host, void** outContext) {
    RaceMode mode{};
    if (const HyResult result = readMode(*host, mode); result < 0)
        return result;
    (void)Site::here(); // the first backtrace of a process loads a library
    *outContext = new ValidateLayer(*host, mode);
    return HY_SUCCESS;
}

void detach(void* context) {
    const std::unique_ptr<ValidateLayer> layer(static_cast<ValidateLayer*>(context));
    layer->summarise();
}

constexpr HyLayerTable kTable = makeTable<ValidateLayer>();

constexpr HyLayerInterface kInterface = {
    .structSize = sizeof(HyLayerInterface),
    .abiMajor = HY_LAYER_ABI_MAJOR,
    .abiMinor = HY_LAYER_ABI_MINOR,
    .name = "validate",
    .description = "finds misuse: dead handles and memory, ranges, races between streams, leaks",
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
