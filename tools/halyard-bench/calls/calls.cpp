#include "calls/calls.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "calls/direct.h"
#include "launch_cl.spv.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else // then there is no valgrind to count with either
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS
#endif

namespace halyard::bench {
namespace {

// What the steps use. A step takes no argument, so that nothing of this program is counted with a call.
struct State {
    Instance instance;
    Device device;
    Stream stream;
    Stream waiting;
    Buffer<float> out;
    Buffer<float> other;
    Kernel kernel;
    HyEvent event = nullptr;
    std::unique_ptr<GraphExec> graph;

    explicit State(const Options& options)
        : device(chooseDevice(instance, options)), stream(device), waiting(device), out(device, 1), other(device, 1),
          kernel(Module(device, launch_cl_spv, launch_cl_spv_size), "three") {}
};
State* state = nullptr;

constexpr HyDim3 kOne{1, 1, 1};

inline void launch() {
    const float value = 1.0f;
    const uint32_t n = 1;
    const void* const args[] = {&state->out.address(), &value, &n};
    check(hyLaunchKernel(state->stream.get(), state->kernel.get(), kOne, kOne, 0, args, 3));
}

inline void record() {
    check(hyEventRecord(state->event, state->stream.get()));
}

} // namespace

extern "C" {

[[gnu::noinline]] void halyardBenchStepLaunch() {
    launch();
}
[[gnu::noinline]] void halyardBenchStepLaunchCpp() {
    state->kernel.launch(state->stream, kOne, kOne, state->out, 1.0f, uint32_t{1});
}
[[gnu::noinline]] void halyardBenchStepLaunchRecord() {
    launch();
    record();
}
[[gnu::noinline]] void halyardBenchStepRecord() {
    record();
}
[[gnu::noinline]] void halyardBenchStepWait() {
    check(hyStreamWaitEvent(state->waiting.get(), state->event));
}
[[gnu::noinline]] void halyardBenchStepGraph() {
    check(hyGraphLaunch(state->graph->get(), state->stream.get()));
}
[[gnu::noinline]] void halyardBenchStepCopy() {
    check(hyMemcpyAsync(state->stream.get(), state->out.address(), state->other.address(), sizeof(float)));
}

} // extern "C"

namespace {

// More than a device's queue may hold would measure the device, not the call.
constexpr uint64_t kBatch = 128;

void repeat(Step step, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        step();
    }
}

// Runs `work` on idle streams, and waits for what it submitted.
template <typename Work> void settled(bool captured, Work&& work) {
    if (captured) {
        const Capture capture(state->stream); // ends without a graph
        work();
        return;
    }
    work();
    state->stream.synchronize();
    state->waiting.synchronize();
}

double nanosecondsOf(Step step, bool captured, const Options& options) {
    settled(captured, [&] { repeat(step, kBatch); });
    std::vector<double> perCall;
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        double total = 0;
        for (uint64_t done = 0; done < options.count;) {
            const uint64_t batch = std::min(kBatch, options.count - done);
            settled(captured, [&] {
                CALLGRIND_ZERO_STATS;
                total += nanoseconds([&] { repeat(step, batch); });
                CALLGRIND_DUMP_STATS;
            });
            done += batch;
        }
        perCall.push_back(total / static_cast<double>(options.count));
    }
    return median(perCall);
}

} // namespace

std::vector<CallRow> openCallRows(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    state = new State(options); // for the rest of the process
    std::vector<CallRow> rows = {
        {"launch", halyardBenchStepLaunch, nullptr, "hyLaunchKernel with 3 arguments"},
        {"launch.cpp", halyardBenchStepLaunchCpp, nullptr, "halyard::Kernel::launch, the same"},
    };
    if (options.nullWork) { // has no events, which graphs need too
        return rows;
    }
    check(hyEventCreate(state->device.get(), 0, &state->event));
    record();
    {
        Capture capture(state->stream);
        launch();
        state->graph = std::make_unique<GraphExec>(capture.end());
    }
    rows.insert(rows.end(),
                {{"launch.record", halyardBenchStepLaunchRecord, nullptr, "hyLaunchKernel and hyEventRecord"},
                 {"record", halyardBenchStepRecord, nullptr, "hyEventRecord"},
                 {"wait", halyardBenchStepWait, nullptr, "hyStreamWaitEvent"},
                 {"launch.captured", halyardBenchStepLaunch, nullptr, "hyLaunchKernel on a captured stream", true},
                 {"graph", halyardBenchStepGraph, nullptr, "hyGraphLaunch, one kernel"},
                 {"copy", halyardBenchStepCopy, nullptr, "hyMemcpyAsync of 4 bytes on the device"}});
    if (std::strcmp(state->device.properties().backend, "cuda") != 0) {
        return rows;
    }
    const DirectSteps driver = openDirect(
        {&state->stream, &state->waiting, state->event, &state->kernel, state->out.address(), state->other.address()});
    const Step direct[] = {driver.launch, driver.launch, driver.launchRecord, driver.record,
                           driver.wait,   nullptr,       driver.graph,        driver.copy};
    for (size_t i = 0; i < rows.size(); ++i) {
        rows[i].driver = direct[i];
    }
    return rows;
}

Results measureCalls(const Options& options) {
    Results results;
    for (const CallRow& row : openCallRows(options)) {
        results.push_back(
            {fmt::format("call.{}", row.name), nanosecondsOf(row.ours, row.captured, options), "ns", row.note});
        if (row.driver != nullptr) {
            results.push_back({fmt::format("call.{}.driver", row.name),
                               nanosecondsOf(row.driver, row.captured, options), "ns", "the driver alone"});
        }
    }
    return results;
}

} // namespace halyard::bench
