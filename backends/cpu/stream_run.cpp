// The worker's side of a stream.
#include "code_object.h"
#include "device.h"
#include "event.h"
#include "executor.h"
#include "stream.h"
#include "transfer.h"
#include "work.h"

namespace halyard::cpu {

namespace {

void failNoMemory(Stream& stream, const LaunchCommand& launch) noexcept {
    try {
        stream.fail(
            HY_ERROR_OUT_OF_HOST_MEMORY,
            format("kernel %s could not run: no memory for its %llu bytes of workgroup memory and %llu bytes of "
                   "scratch memory on each thread",
                   launch.code->name().c_str(), static_cast<unsigned long long>(launch.localBytes),
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
    case CommandKind::Wait:
    case CommandKind::Stamp:
    case CommandKind::NextChunk:
        break;
    }
    return 0;
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
    case CommandKind::Wait:
    case CommandKind::Stamp:
    case CommandKind::NextChunk:
        break;
    }
}

bool Stream::skips() const {
    return failure_.load(std::memory_order_relaxed) != HY_SUCCESS || device_->cancelled();
}

Stream::Step Stream::step(Worker& worker) {
    Command* command = queue_.front();
    if (command == nullptr) {
        return Step::Empty;
    }
    if (!skips()) {
        if (command->kind == CommandKind::Wait) {
            const auto& wait = static_cast<const WaitCommand&>(*command);
            if (!wait.source->reached(wait.value) && wait.source->park(*this, wait.value)) {
                return Step::GaveAway;
            }
        } else if (command->kind == CommandKind::Stamp) {
            const auto& stamp = static_cast<const StampCommand&>(*command);
            stamp.event->stamp(*this, stamp.value);
        } else {
            const uint64_t units = unitCount(*command);
            Executor& executor = device_->executor();
            if (units == 1 || executor.threads() == 1) {
                runUnits(*this, *command, 0, units, worker);
            } else if (!executor.shareOut(*this, *command, units, worker)) {
                return Step::GaveAway;
            }
        }
    }
    complete(*command);
    return Step::Ran;
}

void Stream::finishFront() {
    complete(*queue_.front());
}

void Stream::complete(Command& command) {
    // References first: whoever learns that the work is done may count on its objects being gone.
    if (command.kind == CommandKind::Launch) {
        static_cast<LaunchCommand&>(command).code->release();
    } else if (command.kind == CommandKind::Wait) {
        static_cast<WaitCommand&>(command).source->release();
    } else if (command.kind == CommandKind::Stamp) {
        static_cast<StampCommand&>(command).event->release();
    }
    queue_.pop();
    const uint64_t done = completed_.load(std::memory_order_relaxed) + 1;
    completed_.store(done, std::memory_order_seq_cst);
    if (done >= notifyAt_.load(std::memory_order_seq_cst)) {
        notify();
    }
}

} // namespace halyard::cpu
