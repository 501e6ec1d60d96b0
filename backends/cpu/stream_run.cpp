// The worker's side of a stream.
#include "code_object.h"
#include "device.h"
#include "event.h"
#include "executor.h"
#include "graph_plan.h"
#include "managed_memory.h"
#include "shared_counters.h"
#include "shared_event.h"
#include "stream.h"
#include "transfer.h"
#include "work.h"

namespace halyard::cpu {

namespace {

std::string nameOf(const LaunchCommand& launch) {
    std::string name = "kernel " + launch.code->name();
    if (launch.node != nullptr) {
        name += std::string(" (node '") + launch.node + "' of a graph)";
    }
    return name;
}

void failNoMemory(Stream& stream, const LaunchCommand& launch) noexcept {
    try {
        stream.fail(
            HY_ERROR_OUT_OF_HOST_MEMORY,
            format(
                "%s could not run: no memory for its %llu bytes of workgroup memory and %llu bytes of scratch memory "
                "on each thread",
                nameOf(launch).c_str(), static_cast<unsigned long long>(launch.localBytes),
                static_cast<unsigned long long>(launch.scratchBytes)));
    } catch (const std::bad_alloc&) {
        stream.fail(HY_ERROR_OUT_OF_HOST_MEMORY, {}); // the code alone still tells
    }
}

void runGroups(Stream& stream, const LaunchCommand& launch, uint64_t first, uint64_t end, Worker& worker) {
    void* local = worker.local(launch.localBytes);
    void* scratch = worker.scratch(launch.scratchBytes);
    if (local == nullptr || scratch == nullptr) {
        failNoMemory(stream, launch);
        return;
    }
    launch.code->run(launch.launch, first, end, local, scratch);
}

// The launch that a worker is at.
const LaunchCommand* launchOf(const Command& command) {
    if (command.kind == CommandKind::Graph) {
        const auto& graph = static_cast<const GraphCommand&>(command);
        return launchOf(graph.plan->firstCommand(graph.plan->steps()[graph.next - 1]));
    }
    return command.kind == CommandKind::Launch ? static_cast<const LaunchCommand*>(&command) : nullptr;
}

} // namespace

uint64_t unitCount(const Command& command) {
    switch (command.kind) {
    case CommandKind::Launch:
        return static_cast<const LaunchCommand&>(command).groups;
    case CommandKind::Copy:
        return pieceCount(static_cast<const CopyCommand&>(command));
    case CommandKind::CopyBox:
        return pieceCount(static_cast<const CopyBoxCommand&>(command));
    case CommandKind::Fill:
        return pieceCount(static_cast<const FillCommand&>(command));
    case CommandKind::FillBox:
        return pieceCount(static_cast<const FillBoxCommand&>(command));
    case CommandKind::Prefetch:
        return pieceCount(static_cast<const PrefetchCommand&>(command));
    case CommandKind::Wait:
    case CommandKind::Signal:
    case CommandKind::HostFunction:
    case CommandKind::Stamp:
    case CommandKind::Publish:
    case CommandKind::Graph:
    case CommandKind::Mark:
    case CommandKind::NextChunk:
        break;
    }
    return 0;
}

bool prepareUnits(Stream& stream, const Command& command, Worker& worker) {
    const LaunchCommand* launch = launchOf(command);
    if (launch == nullptr ||
        (worker.local(launch->localBytes) != nullptr && worker.scratch(launch->scratchBytes) != nullptr)) {
        return true;
    }
    failNoMemory(stream, *launch);
    return false;
}

void failDivergedGrid(Stream& stream, const Command& command) noexcept {
    const LaunchCommand& launch = *launchOf(command);
    try {
        stream.fail(HY_ERROR_LAUNCH_FAILED,
                    nameOf(launch) + ": a workgroup ended while others waited for it at a barrier of the whole grid, "
                                     "which all workgroups must reach equally often");
    } catch (const std::bad_alloc&) {
        stream.fail(HY_ERROR_LAUNCH_FAILED, {}); // the code alone still tells
    }
}

void runUnits(Stream& stream, const Command& command, uint64_t first, uint64_t end, Worker& worker) {
    switch (command.kind) {
    case CommandKind::Launch:
        return runGroups(stream, static_cast<const LaunchCommand&>(command), first, end, worker);
    case CommandKind::Copy:
        return runPieces(static_cast<const CopyCommand&>(command), first, end);
    case CommandKind::CopyBox:
        return runPieces(static_cast<const CopyBoxCommand&>(command), first, end);
    case CommandKind::Fill:
        return runPieces(static_cast<const FillCommand&>(command), first, end);
    case CommandKind::FillBox:
        return runPieces(static_cast<const FillBoxCommand&>(command), first, end);
    case CommandKind::Graph: {
        const auto& graph = static_cast<const GraphCommand&>(command);
        return graph.plan->runUnits(stream, graph.plan->steps()[graph.next - 1], first, end, worker);
    }
    case CommandKind::Prefetch:
        return runPieces(stream, static_cast<const PrefetchCommand&>(command), first, end);
    case CommandKind::Wait:
    case CommandKind::Signal:
    case CommandKind::HostFunction:
    case CommandKind::Stamp:
    case CommandKind::Publish:
    case CommandKind::Mark:
    case CommandKind::NextChunk:
        break;
    }
}

HyResult Stream::dropReason() const {
    if (device_->cancelled()) {
        return HY_ERROR_CANCELLED;
    }
    return failure_.load(std::memory_order_relaxed);
}

namespace {

bool isCooperative(const Command& command) {
    return command.kind == CommandKind::Launch && static_cast<const LaunchCommand&>(command).cooperative;
}

} // namespace

bool Stream::skips() const {
    return dropReason() != HY_SUCCESS;
}

bool Stream::parkOn(const WaitCommand& command) {
    if (command.source->reached(command.value)) {
        return false;
    }
    const auto self = Ref<Stream>::share(this); // the mutex must outlive what a thread that resumes the stream does
    const std::scoped_lock lock(parkMutex_);
    if (skips()) {
        return false; // whoever cancels looks for parked streams after it said so
    }
    parkedOn_ = Ref<Timeline>::share(command.source);
    return command.source->park(*this, command.value);
}

void Stream::signalSemaphore(const SignalCommand& command) noexcept {
    uint64_t before = 0;
    if (command.shared != nullptr ? command.shared->raise(0, command.value, before)
                                  : command.target->raise(command.value, before)) {
        return;
    }
    try {
        fail(HY_ERROR_INVALID_STATE,
             format("a stream was to set a semaphore to %llu, which is at %llu already",
                    static_cast<unsigned long long>(command.value), static_cast<unsigned long long>(before)));
    } catch (const std::bad_alloc&) {
        fail(HY_ERROR_INVALID_STATE, {}); // the code alone still tells
    }
}

void Stream::publish(const PublishCommand& command, bool failed) noexcept {
    command.event->finish({command.lane, command.number}, failed);
}

void Stream::runHostFunction() noexcept {
    Command& front = *queue_.front();
    if (front.kind == CommandKind::Graph) {
        auto& graph = static_cast<GraphCommand&>(front);
        graph.plan->callHost(graph.plan->steps()[graph.next++], dropReason());
        return;
    }
    const auto& command = static_cast<const HostFunctionCommand&>(front);
    command.function(command.user, dropReason());
}

Stream::Step Stream::step(Worker& worker) {
    Command* command = queue_.front();
    if (command == nullptr) {
        return Step::Empty;
    }
    if (command->kind == CommandKind::HostFunction) {
        device_->dispatcher().post(*this);
        return Step::GaveAway;
    }
    if (command->kind == CommandKind::Graph) {
        if (!stepGraph(static_cast<GraphCommand&>(*command), worker)) {
            return Step::GaveAway;
        }
    } else if (!skips()) {
        if (command->kind == CommandKind::Wait) {
            if (parkOn(static_cast<const WaitCommand&>(*command))) {
                return Step::GaveAway;
            }
        } else if (command->kind == CommandKind::Signal) {
            signalSemaphore(static_cast<const SignalCommand&>(*command));
        } else if (command->kind == CommandKind::Stamp) {
            const auto& stamp = static_cast<const StampCommand&>(*command);
            stamp.event->stamp(*this, stamp.value);
        } else if (command->kind == CommandKind::Mark) {
            startMarked(static_cast<const MarkCommand&>(*command));
        } else if (command->kind == CommandKind::Publish) {
            publish(static_cast<const PublishCommand&>(*command), false);
        } else {
            const uint64_t units = unitCount(*command);
            Executor& executor = device_->executor();
            if (units == 1 || executor.threads() == 1) {
                runUnits(*this, *command, 0, units, worker);
            } else if (isCooperative(*command)) {
                if (!executor.claimTurn(*this) || !executor.runTogether(*this, *command, units, worker)) {
                    return Step::GaveAway;
                }
            } else if (!executor.shareOut(*this, *command, units, worker)) {
                return Step::GaveAway;
            }
        }
    } else if (command->kind == CommandKind::Publish) {
        publish(static_cast<const PublishCommand&>(*command), true);
    } else if (isCooperative(*command)) {
        device_->executor().giveUpTurn(*this);
    }
    complete(*command);
    return Step::Ran;
}

void Stream::finishFront() {
    Command& front = *queue_.front();
    if (front.kind == CommandKind::Graph) {
        return; // one step of it ended: step() runs the next, or ends it
    }
    complete(front);
}

void Stream::complete(Command& command) {
    if (marked_.startNs != 0 && command.kind != CommandKind::Mark) [[unlikely]] {
        reportMarked(command);
    }
    // References first: whoever learns that the work is done may count on its objects being gone.
    if (command.kind == CommandKind::Launch) {
        static_cast<LaunchCommand&>(command).code->release();
    } else if (command.kind == CommandKind::Wait) {
        const auto& wait = static_cast<WaitCommand&>(command);
        wait.source->release();
        if (wait.shared != nullptr) {
            wait.shared->release();
        }
        const std::scoped_lock lock(parkMutex_);
        parkedOn_ = {};
    } else if (command.kind == CommandKind::Signal) {
        const auto& signal = static_cast<SignalCommand&>(command);
        signal.target->release();
        if (signal.shared != nullptr) {
            signal.shared->release();
        }
    } else if (command.kind == CommandKind::Stamp) {
        static_cast<StampCommand&>(command).event->release();
    } else if (command.kind == CommandKind::Publish) {
        static_cast<PublishCommand&>(command).event->release();
    } else if (command.kind == CommandKind::Graph) {
        static_cast<GraphCommand&>(command).plan->release();
    }
    queue_.pop();
    timeline_->increment();
}

} // namespace halyard::cpu
