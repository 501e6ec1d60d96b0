// The nodes of a graph, ready to run: one record each, and steps of records that may run at the same time. A plan that
// a launch may be using never changes; the graph makes itself another one.
#pragma once

#include "command.h"
#include "kernel.h"
#include "ref.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace halyard::cpu {

class Worker;

// A function of the application, released with the last plan that calls it.
class HostCall final : public RefCounted<HostCall> {
public:
    HostCall(HyHostFunction function, void* user, void (*release)(void*))
        : function_(function), user_(user), release_(release) {}
    ~HostCall() {
        if (release_ != nullptr) {
            release_(user_);
        }
    }
    void call(HyResult status) const { function_(user_, status); }
    // The build or update that made it failed, so it stays the runtime's.
    void disown() { release_ = nullptr; }

private:
    const HyHostFunction function_;
    void* const user_;
    void (*release_)(void*);
};

class Plan final : public RefCounted<Plan> {
public:
    // Consecutive slots without an order between them, or one host function.
    struct Step {
        uint32_t first = 0;
        uint32_t count = 0;
        bool host = false;
    };

    Plan() = default;
    // A copy that shares nothing but reference-counted objects. Throws std::bad_alloc.
    Plan(const Plan& other);

    // Nodes in the order of slots; index i of the graph is slot slots()[i]. Throws std::bad_alloc.
    HyResult build(Device& device, const HyBackendGraphNode* const* nodes, uint32_t count);
    // Replaces what one node does. The plan must not be shared. Throws std::bad_alloc.
    HyResult replace(Device& device, uint32_t index, const HyBackendGraphNode& node);
    // Whether faster code for a kernel came up since the plan was made; counts as a launch of those that have none yet.
    bool hasNewCode() const noexcept;
    void takeNewCode() noexcept;

    // ---- For the worker that runs a launch.

    const std::vector<Step>& steps() const { return steps_; }
    uint64_t unitCount(const Step& step) const;
    // Runs the step where that is cheaper than asking others for help; false: it was not run.
    bool runAlone(Stream& stream, const Step& step, Worker& worker, bool othersThere) const;
    void runUnits(Stream& stream, const Step& step, uint64_t first, uint64_t end, Worker& worker) const;
    void callHost(const Step& step, HyResult status) const { slots_[step.first].host->call(status); }

    // The build or update that made the functions failed.
    void disownHostCalls();

private:
    struct Slot {
        const Command* command = nullptr; // in `storage`; null for host functions
        std::unique_ptr<std::byte[]> storage;
        uint64_t units = 0;
        // Clock ticks of one unit as last seen, in 1/16; 0: not known.
        mutable std::atomic<uint64_t> cost{0};
        Ref<CodeObject> code;
        Ref<Kernel> kernel;
        Ref<HostCall> host;
        std::string name;

        Slot() = default;
        Slot(const Slot& other);
        Slot& operator=(const Slot&) = delete;
        HyDim3 workgroupSize() const;
        void setCode(CodeObject& newCode);
    };

    static HyResult fillSlot(Device& device, const HyBackendGraphNode& node, Slot& slot);
    static HyResult fillKernel(Device& device, const HyBackendGraphNode& node, Slot& slot);
    template <class T> static T& makeCommand(Slot& slot, CommandKind kind, uint32_t extraBytes);
    void schedule(const HyBackendGraphNode* const* nodes, uint32_t count);
    uint64_t stepCost(const Step& step) const;
    void runSlot(Stream& stream, const Slot& slot, uint64_t first, uint64_t end, Worker& worker, bool timed) const;

    std::vector<Slot> slots_;
    std::vector<uint32_t> slotOf_; // by node; kNoSlot for empty ones
    std::vector<Step> steps_;
};

} // namespace halyard::cpu
