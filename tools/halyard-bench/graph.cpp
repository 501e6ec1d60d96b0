#include "bench.h"
#include "launch_cl.spv.h"

#include <fmt/format.h>

namespace halyard::bench {

Results measureGraph(const Options& options) {
    if (options.nullWork) {
        throw std::runtime_error("graph: the null-work device has no events, which graphs need; use another device");
    }
    const Instance instance;
    const Device device = chooseDevice(instance, options);
    const Stream stream(device);
    Buffer<float> out(device, 1);
    const Kernel kernel(Module(device, launch_cl_spv, launch_cl_spv_size), "three");
    const auto submitAll = [&] {
        const float value = 1.0f;
        const uint32_t n = 1;
        const void* const args[] = {&out.address(), &value, &n};
        for (uint64_t i = 0; i < options.count; ++i) {
            check(hyLaunchKernel(stream.get(), kernel.get(), HyDim3{1, 1, 1}, HyDim3{1, 1, 1}, 0, args, 3));
        }
    };
    const GraphExec exec = [&] {
        Capture capture(stream);
        submitAll();
        return GraphExec(capture.end());
    }();
    // Until the faster code for the size in use has come up.
    for (double warm = 0; warm < 1e9;) {
        warm += nanoseconds([&] {
            submitAll();
            exec.launch(stream);
            stream.synchronize();
        });
    }
    std::vector<double> streamSubmit, streamTotal, graphSubmit, graphTotal;
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        double submit = 0;
        streamTotal.push_back(nanoseconds([&] {
            submit = nanoseconds(submitAll);
            stream.synchronize();
        }));
        streamSubmit.push_back(submit);
        graphTotal.push_back(nanoseconds([&] {
            submit = nanoseconds([&] { exec.launch(stream); });
            stream.synchronize();
        }));
        graphSubmit.push_back(submit);
    }
    const auto perKernel = [&](const std::vector<double>& values) {
        return median(values) / static_cast<double>(options.count);
    };
    const std::string kernels = fmt::format("of {} kernels of one workgroup", options.count);
    return {{"graph.stream", perKernel(streamTotal), "ns", "per kernel, stream launches and one wait, " + kernels},
            {"graph.graph", perKernel(graphTotal), "ns", "per kernel, one graph launch and one wait"},
            {"graph.ratio", median(graphTotal) / median(streamTotal), "", "graph / stream"},
            {"graph.stream_submit", perKernel(streamSubmit), "ns", "per kernel, host time of the stream launches"},
            {"graph.graph_submit", median(graphSubmit), "ns", "host time of the one graph launch"}};
}

} // namespace halyard::bench
