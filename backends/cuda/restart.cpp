#include "restart.h"

#include "stream.h"
#include "wait.h"

#include "base/block_signals.h"

#include <condition_variable>
#include <map>

namespace halyard::cuda {
namespace {

constexpr const char* kRestartProcess = "restart the process";

struct State {
    bool running = false; // the driver is at it
    bool done = false;    // it was, at least once
    CUresult code = CUDA_SUCCESS;
};

// Of the process, and never destroyed: the driver may be at it when the process ends.
struct Restarts {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<CUdevice, State> states;
    std::vector<std::weak_ptr<Device>> open;

    static Restarts& get() {
        static Restarts& only = *new Restarts;
        return only;
    }
};

// The open devices with the same context.
std::vector<std::shared_ptr<Device>> sharers(const Restarts& all, CUdevice handle) {
    std::vector<std::shared_ptr<Device>> found;
    for (const std::weak_ptr<Device>& known : all.open) {
        if (std::shared_ptr<Device> device = known.lock(); device != nullptr && device->handle() == handle)
            found.push_back(std::move(device));
    }
    return found;
}

void endAll(const Restarts& all, const Device& cause) {
    for (const std::shared_ptr<Device>& device : sharers(all, cause.handle())) {
        if (device.get() == &cause)
            device->end({HY_ERROR_CANCELLED, "the device was reset", "", "make what was on it anew"});
        else
            device->end({HY_ERROR_DEVICE_LOST, "another instance of this process reset the device", "",
                         "destroy this instance and create another"});
        for (const std::shared_ptr<Stream>& stream : device->streams())
            stream->gate()->forget();
    }
}

// The driver may take as long as a kernel that does not end, so it is a thread that nobody has to wait for.
void start(Restarts& all, const Device& device) {
    State& state = all.states[device.handle()];
    state.running = true;
    const BlockSignals blocked;
    std::thread([&all, &state, handle = device.handle(), reset = device.driver().cuDevicePrimaryCtxReset_v2] {
        const CUresult code = reset(handle);
        const std::scoped_lock lock(all.mutex);
        state.code = code;
        state.running = false;
        state.done = true;
        all.changed.notify_all();
    }).detach();
}

} // namespace

void enlistOpen(const std::shared_ptr<Device>& device) {
    Restarts& all = Restarts::get();
    const std::scoped_lock lock(all.mutex);
    std::erase_if(all.open, [](const std::weak_ptr<Device>& known) { return known.expired(); });
    all.open.push_back(device);
}

HyResult restart(Device& device, uint64_t deadline) {
    Restarts& all = Restarts::get();
    std::unique_lock lock(all.mutex);
    endAll(all, device);
    State& state = all.states[device.handle()];
    if (!state.running) {
        try {
            start(all, device);
        } catch (const std::system_error&) {
            state.running = false;
            return device.host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "a thread cannot be started"});
        }
    }
    while (state.running) {
        const uint64_t now = nowNs();
        if (now >= deadline)
            return device.host().fail({HY_ERROR_TIMEOUT,
                                       "the driver has not thrown away the device's context within the time limit: a "
                                       "kernel may still run",
                                       "timeoutNs", "call hyDeviceReset again, or restart the process"});
        constexpr uint64_t kLongest = 3'600'000'000'000; // so that the clock does not overflow
        all.changed.wait_for(lock, std::chrono::nanoseconds(std::min(deadline - now, kLongest)));
    }
    for (const std::shared_ptr<Device>& each : sharers(all, device.handle()))
        each->resetIsOver();
    if (state.code == CUDA_SUCCESS)
        return HY_SUCCESS;
    const Meaning meaning = meaningOf(state.code);
    return device.host().fail({HY_ERROR_DEVICE_LOST,
                               std::string("the driver could not reset the device: ") + meaning.words, "",
                               kRestartProcess, meaning.name, state.code});
}

HyResult checkRestarted(const Host& host, CUdevice device) {
    Restarts& all = Restarts::get();
    const std::scoped_lock lock(all.mutex);
    const auto state = all.states.find(device);
    if (state == all.states.end() || !state->second.running)
        return HY_SUCCESS;
    return host.fail({HY_ERROR_INVALID_STATE, "the device is being reset, and the driver has not finished", "device",
                      "call hyDeviceReset again"});
}

HyResult tryContext(Device& device) {
    Restarts& all = Restarts::get();
    {
        const std::scoped_lock lock(all.mutex);
        const auto state = all.states.find(device.handle());
        if (state == all.states.end() || !state->second.done)
            return HY_SUCCESS;
    }
    constexpr size_t kBytes = 256;
    const Symbols& cu = device.cu();
    const Current current = enterContext(device);
    CUdeviceptr memory = 0;
    CUresult code = cu.cuMemAlloc_v2(&memory, kBytes);
    if (code == CUDA_SUCCESS)
        code = cu.cuMemFree_v2(memory);
    if (code == CUDA_SUCCESS || code == CUDA_ERROR_OUT_OF_MEMORY)
        return HY_SUCCESS;
    const Meaning meaning = meaningOf(code);
    return device.host().fail({HY_ERROR_DEVICE_LOST,
                               std::string("the device was reset and still does not work: ") + meaning.words, "device",
                               kRestartProcess, meaning.name, code});
}

} // namespace halyard::cuda
