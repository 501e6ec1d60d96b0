#include "graph/capture.h"

#include "api/check.h"
#include "api/core.h"
#include "graph/requests.h"

namespace halyard {
namespace core {

HyResult hyStreamBeginCapture(HyStream stream, uint32_t flags) {
    return onObject<Stream>("hyStreamBeginCapture", stream, "stream", [&](Stream& object) {
        HY_TRY(graph::requireFlags(flags, 0));
        return object.instance->captures->begin(object);
    });
}

HyResult hyStreamEndCapture(HyStream stream, HyGraph* outGraph) {
    return onObject<Stream>("hyStreamEndCapture", stream, "stream", [&](Stream& object) {
        HY_TRY(requirePointer(outGraph, "outGraph"));
        auto graph = std::make_unique<Graph>(object.device);
        HY_TRY(object.instance->captures->end(object, graph->definition));
        return publish(std::move(graph), outGraph);
    });
}

HyResult hyStreamAbortCapture(HyStream stream) {
    return onObject<Stream>("hyStreamAbortCapture", stream, "stream",
                            [&](Stream& object) { return object.instance->captures->abort(object); });
}

HyResult hyStreamGetCaptureInfo(HyStream stream, HyCaptureInfo* outInfo) {
    return onObject<Stream>("hyStreamGetCaptureInfo", stream, "stream", [&](const Stream& object) {
        return writeOut(outInfo, object.instance->captures->info(object), kCaptureInfoV1, "outInfo");
    });
}

} // namespace core
} // namespace halyard
