#include "launch.h"

#include "context.h"
#include "device.h"
#include "driver.h"
#include "knobs.h"
#include "limits.h"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace halyard::softcuda {
namespace {

Status checkCluster(const Function& function, const LaunchRequest& r) {
    uint64_t blocks = uint64_t{r.cluster[0]} * r.cluster[1] * r.cluster[2];
    if (blocks == 1)
        return Status::Success;
    if (!limits().clusterPortable)
        return Status::NotSupported;
    if (blocks == 0 || blocks > (function.nonPortableCluster ? limits().clusterLargest : limits().clusterPortable))
        return Status::InvalidClusterSize;
    for (int i = 0; i < 3; ++i)
        if (r.grid[i] % r.cluster[i] != 0)
            return Status::InvalidValue;
    return Status::Success;
}

Status checkShape(const Function& function, const LaunchRequest& r) {
    const Limits& l = limits();
    const ptx::FunctionInfo& info = function.info();
    for (int i = 0; i < 3; ++i)
        if (r.grid[i] == 0 || r.block[i] == 0)
            return Status::InvalidValue;
    if (r.grid[0] > l.gridX || r.grid[1] > l.gridY || r.grid[2] > l.gridZ)
        return Status::InvalidValue;
    if (r.block[0] > l.blockX || r.block[1] > l.blockY || r.block[2] > l.blockZ)
        return Status::InvalidValue;
    uint64_t threads = uint64_t{r.block[0]} * r.block[1] * r.block[2];
    if (threads > l.threadsPerBlock || threads > info.maxThreads)
        return Status::InvalidValue;
    if (info.requiredThreads[0] && info.requiredThreads != r.block)
        return Status::InvalidValue;
    if (r.dynamicShared > static_cast<uint32_t>(function.maxDynamicShared.load()) ||
        uint64_t{r.dynamicShared} + info.staticSharedBytes > l.sharedPerBlockOptIn)
        return Status::InvalidValue;
    uint32_t fit = blocksThatFit(static_cast<uint32_t>(threads), info.registers,
                                 uint64_t{r.dynamicShared} + info.staticSharedBytes);
    if (fit == 0)
        return Status::LaunchOutOfResources;
    uint64_t blocks = uint64_t{r.grid[0]} * r.grid[1] * r.grid[2];
    if (r.cooperative && blocks > uint64_t{fit} * l.multiprocessors)
        return Status::CooperativeLaunchTooLarge;
    return checkCluster(function, r);
}

Status copyPacked(void** extra, std::vector<std::byte>& out) {
    const void* data = nullptr;
    const size_t* bytes = nullptr;
    for (int i = 0; extra[i] != nullptr; i += 2) {
        auto key = reinterpret_cast<uintptr_t>(extra[i]);
        if (key == 1)
            data = extra[i + 1];
        else if (key == 2)
            bytes = static_cast<const size_t*>(extra[i + 1]);
        else
            return Status::InvalidValue;
    }
    if (!data || !bytes || *bytes < out.size())
        return Status::InvalidValue;
    std::memcpy(out.data(), data, out.size());
    return Status::Success;
}

Status copyParameters(const ptx::FunctionInfo& info, const LaunchRequest& r, std::vector<std::byte>& out) {
    out.assign(info.parameterBytes, std::byte{});
    if (r.parameters && r.extra)
        return Status::InvalidValue;
    if (r.extra)
        return copyPacked(r.extra, out);
    if (info.parameters.empty())
        return Status::Success;
    if (!r.parameters)
        return Status::InvalidValue;
    for (size_t i = 0; i < info.parameters.size(); ++i) {
        if (!r.parameters[i])
            return Status::InvalidValue;
        std::memcpy(out.data() + info.parameters[i].offset, r.parameters[i], info.parameters[i].bytes);
    }
    return Status::Success;
}

// Raises `stop` when a kernel takes longer than the knob `timeout` allows.
class Watchdog {
public:
    explicit Watchdog(std::atomic<bool>& stop) {
        if (!knobs().timeoutMs)
            return;
        state_ = std::make_shared<State>();
        state_->stop = &stop;
        driver().workers.run([state = state_] {
            std::unique_lock lock(state->mutex);
            state->changed.wait_for(lock, std::chrono::milliseconds(knobs().timeoutMs), [&] { return !state->stop; });
            if (!state->stop)
                return;
            state->late = true;
            *state->stop = true;
        });
    }
    ~Watchdog() { late(); }
    // Ends the watch.
    bool late() {
        if (!state_)
            return false;
        std::lock_guard lock(state_->mutex);
        state_->stop = nullptr;
        state_->changed.notify_all();
        return state_->late;
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::atomic<bool>* stop = nullptr; // null: the kernel has ended
        bool late = false;
    };
    std::shared_ptr<State> state_;
};

class Running {
public:
    Running(Context& context, std::atomic<bool>& stop) : context_(context), stop_(stop) { context.addRunning(&stop); }
    ~Running() { context_.removeRunning(&stop_); }

private:
    Context& context_;
    std::atomic<bool>& stop_;
};

Status statusOf(ptx::FaultKind kind, bool late) {
    switch (kind) {
    case ptx::FaultKind::IllegalAddress:
        return Status::IllegalAddress;
    case ptx::FaultKind::MisalignedAddress:
        return Status::MisalignedAddress;
    case ptx::FaultKind::IllegalInstruction:
        return Status::IllegalInstruction;
    case ptx::FaultKind::Trap:
        return Status::LaunchFailed;
    case ptx::FaultKind::InvalidAddressSpace:
        return Status::InvalidAddressSpace;
    case ptx::FaultKind::StackError:
        return Status::HardwareStackError;
    case ptx::FaultKind::Stopped:
        return late ? Status::LaunchTimeout : Status::Success;
    }
    return Status::Unknown;
}

} // namespace

Status prepareLaunch(std::shared_ptr<Function> function, const LaunchRequest& request, KernelCall& out) {
    Status status = checkShape(*function, request);
    if (status != Status::Success) {
        note("launch of " + function->info().name + " refused");
        return status;
    }
    status = copyParameters(function->info(), request, out.parameters);
    if (status != Status::Success)
        return status;
    out.launch.function = function->index;
    out.launch.grid = request.grid;
    out.launch.block = request.block;
    out.launch.cluster = request.cluster;
    out.launch.dynamicSharedBytes = request.dynamicShared;
    out.launch.cooperative = request.cooperative;
    out.function = std::move(function);
    return Status::Success;
}

Status reshapeLaunch(KernelCall& call, std::array<uint32_t, 3> cluster, bool cooperative) {
    const ptx::Launch& launch = call.launch;
    const LaunchRequest request{launch.grid, launch.block, cluster, static_cast<uint32_t>(launch.dynamicSharedBytes),
                                cooperative, nullptr,      nullptr};
    const Status status = checkShape(*call.function, request);
    if (status != Status::Success)
        return status;
    call.launch.cluster = cluster;
    call.launch.cooperative = cooperative;
    return Status::Success;
}

Status runKernel(const KernelCall& call) {
    Context& context = *call.function->context;
    std::atomic<bool> stop{false};
    Running running(context, stop);
    Watchdog watchdog(stop);
    const ptx::FunctionInfo& info = call.function->info();
    if (!knobs().hang.empty() && info.name == knobs().hang) {
        while (!stop)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return statusOf(ptx::FaultKind::Stopped, watchdog.late());
    }
    ptx::Launch launch = call.launch;
    launch.parameters = call.parameters.data();
    std::optional<ptx::Fault> fault = call.function->module->program->run(launch, stop);
    if (!fault)
        return Status::Success;
    note("kernel " + info.name + ": " + fault->words);
    return statusOf(fault->kind, watchdog.late());
}

void countLaunch() {
    uint64_t number = driver().launches.fetch_add(1) + 1;
    if (knobs().lostAt && number >= knobs().lostAt)
        driver().lost = knobs().lostCode;
}

} // namespace halyard::softcuda
