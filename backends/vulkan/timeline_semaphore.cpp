#include "timeline_semaphore.h"

#include "handles.h"
#include "tables.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>

namespace halyard::vulkan {

namespace {

// Whether this thread raises a shared counter with the device's lock held: it tells the schedule itself.
thread_local bool raisesLocked = false;

} // namespace

// The thread that follows other processes may outlast the semaphore a little, so it knows neither it nor the device for
// certain.
common::SharedCounters::Growth Semaphore::growth() const {
    return [weak = std::weak_ptr<Device>(device_), mirror = mirror_](uint32_t, uint64_t value) {
        const auto learn = [&] { mirror->value = std::max(mirror->value, value); };
        if (raisesLocked)
            return learn();
        if (const std::shared_ptr<Device> device = weak.lock()) {
            const std::scoped_lock lock(device->mutex());
            learn();
            device->advance();
        }
    };
}

void Semaphore::adoptCounters() {
    mirror_->value = shared_->value(0);
    device_->copies().start(); // for the destructor
}

std::shared_ptr<Semaphore> Semaphore::create(std::shared_ptr<Device> device, uint64_t value) {
    auto made = std::make_shared<Semaphore>(std::move(device), value);
    common::Fault fault;
    if (!common::SharedCounters::create(kSharedOwner, common::SharedKind::Semaphore, value, made->growth(),
                                        made->shared_, fault))
        throw failureOf(fault);
    made->adoptCounters();
    return made;
}

std::shared_ptr<Semaphore> Semaphore::adopt(std::shared_ptr<Device> device, FileDescriptor file) {
    auto made = std::make_shared<Semaphore>(std::move(device), 0);
    common::Fault fault;
    if (!common::SharedCounters::adopt(kSharedOwner, common::SharedKind::Semaphore, std::move(file), made->growth(),
                                       made->shared_, fault))
        throw failureOf(fault);
    made->adoptCounters();
    return made;
}

// The counters' destructor waits for the thread that follows them, which may be waiting for the device's lock: so
// another thread does it.
Semaphore::~Semaphore() {
    if (shared_ == nullptr)
        return;
    try {
        device_->copies().submit([counters = std::shared_ptr<common::SharedCounters>(std::move(shared_))] {});
    } catch (...) {
        static_cast<void>(shared_.release()); // a little memory, when the host has none
    }
}

FileDescriptor Semaphore::share() const {
    FileDescriptor copy(fcntl(shared_->descriptor(), F_DUPFD_CLOEXEC, 0));
    if (!copy)
        throw failureOf(common::Fault{HY_ERROR_NATIVE, "this process can have no more file descriptors (ulimit -n)", "",
                                      "", errno});
    return copy;
}

uint64_t Semaphore::value() const {
    if (shared_ != nullptr)
        return shared_->value(0);
    const std::scoped_lock lock(device_->mutex());
    return mirror_->value;
}

void Semaphore::signalLocked(uint64_t value) {
    uint64_t now = mirror_->value;
    bool grows = value > now;
    if (shared_ != nullptr) {
        raisesLocked = true;
        grows = shared_->raise(0, value, now);
        raisesLocked = false;
    }
    if (!grows)
        throw Failure{HY_ERROR_INVALID_STATE,
                      fmt::format("the semaphore is at {} already, so it cannot be set to {}", now, value),
                      "signal values that grow"};
    mirror_->value = std::max(mirror_->value, value);
    device_->advance();
}

void Semaphore::signal(uint64_t value) {
    const std::scoped_lock lock(device_->mutex());
    try {
        signalLocked(value);
    } catch (Failure& failure) {
        failure.code = HY_ERROR_INVALID_ARGUMENT;
        failure.argument = "value";
        throw;
    }
}

bool Semaphore::waitFor(uint64_t value, uint64_t deadline) const {
    constexpr uint64_t kLookNs = 100'000'000; // between looks whether the device still lives
    if (shared_ == nullptr) {
        std::unique_lock lock(device_->mutex());
        return await(device_->changed(), lock, deadline, [&] { return mirror_->value >= value; });
    }
    for (;;) {
        const uint64_t until = std::min(deadline, nowNs() + kLookNs);
        if (shared_->waitFor(0, value, until, 0))
            return true;
        if (until == deadline)
            return false;
        const std::scoped_lock lock(device_->mutex());
        if (device_->lost())
            throw Failure(*device_->lost());
    }
}

void Semaphore::follow() {
    if (shared_ == nullptr)
        return;
    if (const int error = shared_->follow("hy-vk-share"); error != 0)
        throw failureOf(common::followFault(error));
    static_cast<void>(shared_->value(0)); // the mirror has at least what there is now
}

namespace {

HyResult createSemaphore(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        *outSemaphore = toHandle<HyBackendSemaphore>(std::make_shared<Semaphore>(device, initialValue));
        return HY_SUCCESS;
    });
}

HyResult destroySemaphore(HyBackendSemaphore handle) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    destroyHandle(handle);
    if (semaphore.use_count() == 1)
        semaphore->close();
    return HY_SUCCESS;
}

HyResult getValue(HyBackendSemaphore handle, uint64_t* outValue) {
    *outValue = fromHandle(handle)->value();
    return HY_SUCCESS;
}

HyResult signal(HyBackendSemaphore handle, uint64_t value) {
    const std::shared_ptr<Semaphore>& semaphore = fromHandle(handle);
    return guarded(semaphore->device().host(), [&] {
        semaphore->signal(value);
        return HY_SUCCESS;
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    return guarded(semaphore->device().host(), [&] {
        if (semaphore->waitFor(value, deadlineAfter(timeoutNs)))
            return HY_SUCCESS;
        throw Failure{
            HY_ERROR_TIMEOUT,
            fmt::format("the semaphore is at {} and did not reach {} within the time limit", semaphore->value(), value),
            ""};
    });
}

HyResult createShareable(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        *outSemaphore = toHandle<HyBackendSemaphore>(Semaphore::create(device, initialValue));
        return HY_SUCCESS;
    });
}

void checkType(HyShareType type) {
    if (type != HY_SHARE_OPAQUE_FD)
        throw Failure{HY_ERROR_UNSUPPORTED, "a semaphore of the vulkan backend is a counter in memory, and no dma-buf",
                      "use HY_SHARE_OPAQUE_FD", "type"};
}

HyResult exportSemaphore(HyBackendSemaphore handle, HyShareType type, int64_t* outHandle) {
    const Semaphore& semaphore = *fromHandle(handle);
    return guarded(semaphore.device().host(), [&] {
        checkType(type);
        *outHandle = semaphore.share().release();
        return HY_SUCCESS;
    });
}

HyResult importSemaphore(HyBackendDevice handle, HyShareType type, int64_t descriptor,
                         HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        checkType(type);
        FileDescriptor file(
            descriptor >= 0 && descriptor <= INT32_MAX ? fcntl(static_cast<int>(descriptor), F_DUPFD_CLOEXEC, 0) : -1);
        if (!file)
            throw Failure{HY_ERROR_INVALID_ARGUMENT,
                          fmt::format("{} is not an open file descriptor of this process", descriptor),
                          "numbers of descriptors mean nothing to another process: send the descriptor", "handle"};
        *outSemaphore = toHandle<HyBackendSemaphore>(Semaphore::adopt(device, std::move(file)));
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendSemaphoreTable kSemaphoreTable{
    .structSize = sizeof(HyBackendSemaphoreTable),
    .create = createSemaphore,
    .destroy = destroySemaphore,
    .getValue = getValue,
    .signal = signal,
    .wait = wait,
    .createShareable = createShareable,
    .exportSemaphore = exportSemaphore,
    .importSemaphore = importSemaphore,
};

} // namespace halyard::vulkan
