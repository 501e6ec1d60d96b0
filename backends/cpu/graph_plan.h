// The nodes of a graph, ready to run: one record each, and steps of records that may run at the same time. A plan that
// a launch may be using never changes; the graph makes itself another one.
#pragma once

#include "command.h"
#include "graph_flow.h"
#include "kernel.h"
#include "ref.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace halyard::cpu {

class Worker;

// Asking another thread for help and waiting for it costs some microseconds: what takes less runs where it is.
constexpr uint64_t kAloneTicks = 10'000;

// A function of the application, released with the last plan that calls it.
class HostCall final : public RefCounted<HostCall> {
public:
    HostCall(HyHostFunction function, void* user) : function_(function), user_(user) {}
    ~HostCall() {
        if (release_ != nullptr) {
            release_(user_);
        }
    }
    void call(HyResult status) const { function_(user_, status); }
    // The runtime hands it over, which it does when all of a build or update went well.
    void own(void (*release)(void*)) { release_ = release; }

private:
    const HyHostFunction function_;
    void* const user_;
    void (*release_)(void*) = nullptr;
};

// What one node does. Plans share it, so it never changes.
class Slot final : public RefCounted<Slot> {
public:
    // Throws std::bad_alloc.
    static HyResult make(Device& device, const HyBackendGraphNode& node, Ref<Slot>& outSlot);
    // The same launch by other code; null when the workgroup memory does not suffice for it. REQUIRES: kernel(). Throws
    // std::bad_alloc.
    Ref<Slot> withCode(CodeObject& code) const;

    const Command& command() const { return *command_; }
    uint64_t units() const { return units_; }
    Kernel* kernel() const { return kernel_.get(); }
    HostCall* host() const { return host_.get(); }
    const CodeObject& code() const { return *code_; }
    HyDim3 workgroupSize() const;
    bool cooperative() const;

    // Clock ticks of one unit as last seen, in 1/16; 0: not known.
    mutable std::atomic<uint64_t> cost{0};

private:
    template <class T> T& makeCommand(CommandKind kind, uint32_t extraBytes);
    HyResult setKernel(Device& device, const HyBackendGraphNode& node);
    void setTransfer(const HyBackendGraphNode& node);

    const Command* command_ = nullptr; // in storage_; null for host functions
    uint64_t units_ = 0;
    std::unique_ptr<std::byte[]> storage_;
    Ref<CodeObject> code_;
    Ref<Kernel> kernel_;
    Ref<HostCall> host_;
    std::string name_;
};

// Whether the node is a kernel whose workgroups run all at once.
bool needsAllAtOnce(const HyBackendGraphNode& node);

class Plan final : public RefCounted<Plan> {
public:
    // Consecutive slots without an order between them; or one host function, or one cooperative launch.
    struct Step {
        uint32_t first = 0;
        uint32_t count = 0;
        bool host = false;
        bool cooperative = false;
        bool alone = false; // the one slot of its level: all that follows comes after it
        bool joins = false; // and it comes after all that is before
        // One workgroup, which needs no more memory than quickLocalBytes() and quickScratchBytes(): all there is to do
        // is this call. Null: something else.
        HyHostKernelRun run = nullptr;
        const HyHostLaunch* launch = nullptr;
    };

    Plan() = default;
    // The copy shares the slots. Throws std::bad_alloc.
    Plan(const Plan& other)
        : RefCounted<Plan>(), slots_(other.slots_), slotOf_(other.slotOf_), steps_(other.steps_),
          stepOf_(other.stepOf_), order_(other.order_), improvable_(other.improvable_),
          quickLocalBytes_(other.quickLocalBytes_), quickScratchBytes_(other.quickScratchBytes_) {
        flow_.reserve(static_cast<uint32_t>(slots_.size()));
    }

    // Throws std::bad_alloc. After a failure the runtime keeps the host functions.
    HyResult build(Device& device, const HyBackendGraphNode* const* nodes, uint32_t count);
    // Throws std::bad_alloc; what replaces that many slots then does not fail. REQUIRES: nobody else uses the plan.
    void expectChanges(uint32_t count) { improvable_.reserve(improvable_.size() + count); }
    void replace(uint32_t node, Ref<Slot> slot) noexcept;
    bool isEmptyNode(uint32_t node) const { return slotOf_[node] == kNoSlot; }
    bool isCooperative(uint32_t node) const { return slots_[slotOf_[node]]->cooperative(); }
    // Whether faster code for a kernel came up since the plan was made; counts as a launch of those that have none yet.
    bool hasNewCode() const noexcept;
    // REQUIRES: nobody else uses the plan. Throws std::bad_alloc.
    void takeNewCode();

    // ---- For the worker that runs a launch.

    const std::vector<Step>& steps() const { return steps_; }
    uint64_t quickLocalBytes() const { return quickLocalBytes_; }
    uint64_t quickScratchBytes() const { return quickScratchBytes_; }
    uint64_t unitCount(const Step& step) const;
    const Command& firstCommand(const Step& step) const { return slots_[step.first]->command(); }
    // Runs the step where that is cheaper than asking others for help; false: it was not run.
    bool runAlone(Stream& stream, const Step& step, Worker& worker, bool othersThere) const;
    void runUnits(Stream& stream, const Step& step, uint64_t first, uint64_t end, Worker& worker) const;
    void runPiece(Stream& stream, const Flow::Piece& piece, Worker& worker) const;
    uint64_t units(uint32_t slot) const { return slots_[slot]->units(); }
    uint32_t stepOf(uint32_t slot) const { return stepOf_[slot]; }
    // In ticks; the largest number when it is not known.
    uint64_t cost(uint32_t slot) const;
    bool costsLittle(const Step& step) const;
    template <class Visit> void forEachSuccessor(uint32_t slot, Visit&& visit) const {
        for (uint32_t i = order_.first[slot]; i < order_.first[slot + 1]; ++i) {
            visit(order_.successors[i]);
        }
    }
    // Whether branches can go on by themselves from a step on.
    bool flows(const Step& step) const { return !step.alone && order_.known(); }
    Flow& flow() const { return flow_; }
    void callHost(const Step& step, HyResult status) const { slots_[step.first]->host()->call(status); }

private:
    static constexpr uint32_t kNoSlot = UINT32_MAX;

    void schedule(const HyBackendGraphNode* const* nodes, uint32_t count);
    void findOrder(const HyBackendGraphNode* const* nodes, uint32_t count);
    void findJoins();
    void prepare(uint32_t slot);

    std::vector<Ref<Slot>> slots_;
    std::vector<uint32_t> slotOf_; // by node; kNoSlot for empty ones
    std::vector<Step> steps_;
    std::vector<uint32_t> stepOf_; // by slot
    SlotOrder order_;              // not known when empty nodes join too many with too many
    mutable Flow flow_;
    std::vector<uint32_t> improvable_; // slots for whose kernel and size better code may come up, one for each
    uint64_t quickLocalBytes_ = 0;
    uint64_t quickScratchBytes_ = 0;
};

} // namespace halyard::cpu
