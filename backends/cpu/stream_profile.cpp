// The profiling functions of the interface, and a stream's part in them: while a sink is set, a mark goes before each
// command that does work.
#include "code_object.h"
#include "device.h"
#include "futex.h"
#include "handles.h"
#include "stream.h"
#include "tables.h"

namespace halyard::cpu {

namespace {

HyResult setSink(HyBackendDevice handle, HyActivitySink sink, void* user) {
    fromHandle(handle).profiler().set(sink, user);
    return HY_SUCCESS;
}

void describe(const Command& command, HyActivity& out) {
    switch (command.kind) {
    case CommandKind::Launch:
        out.kind = HY_ACTIVITY_KERNEL;
        out.name = static_cast<const LaunchCommand&>(command).code->name().c_str();
        break;
    case CommandKind::Copy:
        out.kind = HY_ACTIVITY_COPY;
        out.bytes = static_cast<const CopyCommand&>(command).bytesToCopy;
        break;
    case CommandKind::CopyBox: {
        const auto& box = static_cast<const CopyBoxCommand&>(command);
        out.kind = HY_ACTIVITY_COPY;
        out.bytes = box.widthBytes * box.height * box.depth;
        break;
    }
    case CommandKind::Fill:
        out.kind = HY_ACTIVITY_FILL;
        out.bytes = static_cast<const FillCommand&>(command).bytesToFill;
        break;
    case CommandKind::FillBox: {
        const auto& box = static_cast<const FillBoxCommand&>(command);
        out.kind = HY_ACTIVITY_FILL;
        out.bytes = box.widthBytes * box.height * box.depth;
        break;
    }
    case CommandKind::HostFunction:
        out.kind = HY_ACTIVITY_HOST_FUNCTION;
        break;
    case CommandKind::Graph:
        out.kind = HY_ACTIVITY_GRAPH;
        break;
    default:
        break;
    }
}

} // namespace

bool doesWork(CommandKind kind) {
    return kind == CommandKind::Launch || kind == CommandKind::Copy || kind == CommandKind::CopyBox ||
           kind == CommandKind::Fill || kind == CommandKind::FillBox || kind == CommandKind::HostFunction ||
           kind == CommandKind::Graph;
}

uint8_t* Stream::publishMark(void* room) {
    auto* mark = new (room) MarkCommand{};
    mark->kind = CommandKind::Mark;
    mark->bytes = sizeof *mark;
    mark->correlation = device_->host().correlation();
    queue_.publish(sizeof *mark);
    return static_cast<uint8_t*>(room) + sizeof *mark;
}

void Stream::startMarked(const MarkCommand& mark) {
    marked_ = {mark.correlation, nowNs()};
}

void Stream::reportMarked(const Command& command) {
    HyActivity activity{};
    activity.structSize = sizeof activity;
    activity.timeline = number_;
    activity.correlation = marked_.correlation;
    activity.startNs = std::exchange(marked_.startNs, 0);
    activity.endNs = nowNs();
    activity.name = "";
    describe(command, activity);
    profiler_.deliver(activity);
}

const HyBackendProfilingTable kProfilingTable{
    .structSize = sizeof(HyBackendProfilingTable),
    .setSink = setSink,
};

} // namespace halyard::cpu
