#include <algorithm>

#include "bench.h"
#include "launch_cl.spv.h"

namespace halyard::bench {
namespace {

// A kernel with three parameters, ready to be launched on one invocation.
class SmallKernel {
public:
    explicit SmallKernel(Device device)
        : stream(device), out_(device, 1), kernel_(Module(device, launch_cl_spv, launch_cl_spv_size), "three") {}

    // The C call, with nothing of this program's in between: it is what is measured.
    void launch() const {
        const float value = 1.0f;
        const uint32_t n = 1;
        const void* const args[] = {&out_.address(), &value, &n};
        check(hyLaunchKernel(stream.get(), kernel_.get(), HyDim3{1, 1, 1}, HyDim3{1, 1, 1}, 0, args, 3));
    }

    Stream stream;

private:
    Buffer<float> out_;
    Kernel kernel_;
};

// More than a device's queue may hold would measure the device, not the call.
constexpr uint64_t kBatch = 128;

} // namespace

Results measureLaunch(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    const Instance instance;
    const SmallKernel kernel(chooseDevice(instance, options));
    std::vector<double> perLaunch;
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        double total = 0;
        for (uint64_t done = 0; done < options.count;) {
            const uint64_t batch = std::min(kBatch, options.count - done);
            total += nanoseconds([&] {
                for (uint64_t i = 0; i < batch; ++i) {
                    kernel.launch();
                }
            });
            kernel.stream.synchronize();
            done += batch;
        }
        perLaunch.push_back(total / static_cast<double>(options.count));
    }
    return {{"launch", median(perLaunch), "ns", "hyLaunchKernel with 3 arguments, host time of one call"}};
}

Results measureLatency(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    const Instance instance;
    const Device device = chooseDevice(instance, options);
    const SmallKernel kernel(device);
    constexpr unsigned kQueued = 1000;
    std::vector<double> submit;
    std::vector<double> roundTrip;
    std::vector<double> queued;
    for (unsigned i = 0; i < 100; ++i) { // warm-up
        kernel.launch();
        kernel.stream.synchronize();
    }
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        for (uint64_t i = 0; i < options.count; ++i) {
            double submitted = 0;
            roundTrip.push_back(nanoseconds([&] {
                submitted = nanoseconds([&] { kernel.launch(); });
                kernel.stream.synchronize();
            }));
            submit.push_back(submitted);
        }
        queued.push_back(nanoseconds([&] {
                             for (unsigned i = 0; i < kQueued; ++i) {
                                 kernel.launch();
                             }
                             kernel.stream.synchronize();
                         }) /
                         kQueued);
    }
    Results results = {
        {"latency.submit", median(submit), "ns", "one hyLaunchKernel on an idle stream"},
        {"latency.round_trip", median(roundTrip), "ns", "hyLaunchKernel and hyStreamSynchronize"},
        {"latency.queued", median(queued), "ns", "per launch, 1000 in a row and one hyStreamSynchronize"}};
#ifdef HALYARD_BENCH_CPU
    if (device.properties().type == HY_DEVICE_TYPE_CPU) {
        addLatencyBesidePocl(results, options, device);
    }
#endif
    return results;
}

} // namespace halyard::bench
