/* Halyard for C++: RAII types over the calls of halyard.h. Header-only, C++17, needs only libhalyard.so.
 *
 *     halyard::Instance instance;
 *     halyard::Device device = instance.device(0);                    // the best one
 *     halyard::Stream stream(device);
 *     halyard::Module module(device, spirv, spirvBytes);
 *     halyard::Kernel saxpy(module, "saxpy");
 *     halyard::Buffer<float> x(device, n), y(device, n);
 *     x.upload(stream, hostX);  y.upload(stream, hostY);              // std::vector<float>
 *     saxpy.launch(stream, halyard::groups(n, 256), {256, 1, 1}, 2.0f, x, y, n);
 *     y.download(stream, hostY);
 *     stream.synchronize();
 *
 * Conventions, beyond those of halyard.h:
 *  - A call that fails throws halyard::Error, which carries every word of HyErrorInfo. Nothing else is thrown, but
 * std::bad_alloc.
 *  - Objects that own a handle can be moved, not copied; a moved-from object holds null and every call on it throws.
 * Destructors never throw. Device is a plain reference: copy it freely. get() gives the C handle, for calls that this
 * header does not wrap.
 *  - Objects may outlive their instance: the instance destroys what is left in it, and the late destructor does
 * nothing.
 *  - Thread safety is that of the C call. Moving or destroying an object while another thread uses it is forbidden. */
#ifndef HALYARD_HALYARD_HPP
#define HALYARD_HALYARD_HPP

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "halyard/halyard.h"

namespace halyard {

/* ---- Errors --------------------------------------------------------------------------------------------------- */

/* A call that failed. what() is one line for a person: the call, the argument, what failed, the driver's words and what
 * to do. */
class Error : public std::runtime_error {
public:
    HyResult code;
    std::string call;
    std::string argument;
    std::string message;
    std::string hint;
    std::string backend;
    std::string nativeName;
    std::int64_t nativeCode = 0;

    /* From the calling thread's error record, when that is about `result`; else from the code alone. */
    static Error fromLastError(HyResult result) {
        HyErrorInfo info = {};
        info.structSize = sizeof info;
        if (hyGetLastError(&info) != HY_SUCCESS || info.code != result) {
            return Error(result, "", "", "", "");
        }
        Error error(result, info.call, info.argument, info.message, info.hint, info.backend, info.nativeName,
                    info.nativeCode);
        return error;
    }

    /* From words of the caller's own. */
    Error(HyResult result, std::string inCall, std::string atArgument, std::string words, std::string advice,
          std::string ofBackend = {}, std::string driverName = {}, std::int64_t driverCode = 0)
        : std::runtime_error(line(result, inCall, atArgument, words, advice, ofBackend, driverName, driverCode)),
          code(result), call(std::move(inCall)), argument(std::move(atArgument)), message(std::move(words)),
          hint(std::move(advice)), backend(std::move(ofBackend)), nativeName(std::move(driverName)),
          nativeCode(driverCode) {}

private:
    static std::string line(HyResult result, const std::string& call, const std::string& argument,
                            const std::string& message, const std::string& hint, const std::string& backend,
                            const std::string& nativeName, std::int64_t nativeCode) {
        std::string text = call.empty() ? std::string() : call + ": ";
        text += hyResultName(result);
        if (!argument.empty()) {
            text += " (" + argument + ")";
        }
        if (!message.empty()) {
            text += ": " + message;
        }
        if (!nativeName.empty() || nativeCode != 0) {
            text += " [" + backend + " " + nativeName + " " + std::to_string(nativeCode) + "]";
        }
        if (!hint.empty()) {
            text += ". " + hint;
        }
        return text;
    }
};

/* Throws the thread's last error when `result` is negative; else returns it (HY_SUCCESS or HY_NOT_READY). For C calls
 * beside this header. */
inline HyResult check(HyResult result) {
    if (result < 0) {
        throw Error::fromLastError(result);
    }
    return result;
}

namespace detail {

/* Owns one C handle. A destructor has nobody to tell, so the result of Destroy is dropped: its only failure is that the
 * instance went first. */
template <typename T, HyResult (*Destroy)(T)> class Handle {
public:
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        Handle taken(std::move(other));
        std::swap(handle_, taken.handle_);
        return *this;
    }
    ~Handle() {
        if (handle_ != nullptr) {
            static_cast<void>(Destroy(handle_));
        }
    }

    /* The C handle; still owned by this object. */
    T get() const { return handle_; }

protected:
    T handle_ = nullptr;
};

template <typename T> T sized() {
    T structure;
    std::memset(&structure, 0, sizeof structure);
    structure.structSize = sizeof structure;
    return structure;
}

} // namespace detail

/* ---- Launch sizes --------------------------------------------------------------------------------------------------
 */

/* Workgroups that cover `total` invocations, `size` a group, in one dimension. Both must be at least 1. */
constexpr HyDim3 groups(std::uint64_t total, std::uint32_t size) {
    return HyDim3{static_cast<std::uint32_t>((total + size - 1) / size), 1, 1};
}

/* The same in two dimensions. */
constexpr HyDim3 groups(std::uint64_t width, std::uint64_t height, std::uint32_t sizeX, std::uint32_t sizeY) {
    return HyDim3{groups(width, sizeX).x, groups(height, sizeY).x, 1};
}

/* ---- Devices -------------------------------------------------------------------------------------------------------
 */

/* A device of an instance. Not owned: valid as long as the instance. */
class Device {
public:
    explicit Device(HyDevice device) : device_(device) {}

    HyDevice get() const { return device_; }

    HyDeviceProperties properties() const {
        auto properties = detail::sized<HyDeviceProperties>();
        check(hyDeviceGetProperties(device_, &properties));
        return properties;
    }

    /* Bytes that can be allocated now, and in all; UINT64_MAX where the driver does not tell. */
    std::pair<std::uint64_t, std::uint64_t> memoryInfo() const {
        std::uint64_t free = 0;
        std::uint64_t total = 0;
        check(hyDeviceGetMemoryInfo(device_, &free, &total));
        return {free, total};
    }

    /* Waits for all work of this instance on the device. */
    void synchronize(std::uint64_t timeoutNs = HY_TIMEOUT_INFINITE) const {
        check(hyDeviceSynchronize(device_, timeoutNs));
    }

    /* What this device can do with memory of `peer`, another one. */
    HyPeerAccess peerAccess(Device peer) const {
        HyPeerAccess access = 0;
        check(hyDeviceGetPeerAccess(device_, peer.get(), &access));
        return access;
    }
    void enablePeerAccess(Device peer) const { check(hyDeviceEnablePeerAccess(device_, peer.get())); }

private:
    HyDevice device_;
};

/* ---- Instance
 * -------------------------------------------------------------------------------------------------------- */

/* The loaded backends and their devices. Keep it as long as anything made from it is used. */
class Instance : public detail::Handle<HyInstance, hyInstanceDestroy> {
public:
    Instance() { check(hyInstanceCreate(nullptr, &handle_)); }

    /* `desc` as for hyInstanceCreate: log callback, device filter. */
    explicit Instance(const HyInstanceDesc& desc) { check(hyInstanceCreate(&desc, &handle_)); }

    std::uint32_t deviceCount() const {
        std::uint32_t count = 0;
        check(hyDeviceGetCount(handle_, &count));
        return count;
    }

    /* By position, the best first. Throws HY_ERROR_NOT_FOUND beyond deviceCount(). */
    Device device(std::uint32_t index) const {
        HyDevice device = nullptr;
        check(hyDeviceGet(handle_, index, &device));
        return Device(device);
    }

    /* By selector: "cuda:1", "cpu", "uuid:...". */
    Device device(const std::string& selector) const {
        HyDevice device = nullptr;
        check(hyDeviceFind(handle_, selector.c_str(), &device));
        return Device(device);
    }
    Device device(const char* selector) const { return device(std::string(selector)); }

    std::vector<Device> devices() const {
        std::vector<Device> all;
        for (std::uint32_t i = 0, count = deviceCount(); i < count; ++i) {
            all.push_back(device(i));
        }
        return all;
    }

    /* Every backend that the loader considered, loaded or not. The strings belong to the instance. */
    std::vector<HyBackendInfo> backends() const {
        std::uint32_t count = 0;
        check(hyInstanceGetBackendCount(handle_, &count));
        std::vector<HyBackendInfo> all(count, detail::sized<HyBackendInfo>());
        for (std::uint32_t i = 0; i < count; ++i) {
            check(hyInstanceGetBackend(handle_, i, &all[i]));
        }
        return all;
    }

    HyCounters counters() const {
        auto counters = detail::sized<HyCounters>();
        check(hyInstanceGetCounters(handle_, &counters));
        return counters;
    }
};

/* ---- Events and streams
 * ---------------------------------------------------------------------------------------------- */

class Stream;

/* A point in a stream's work. */
class Event : public detail::Handle<HyEvent, hyEventDestroy> {
public:
    /* `timing`: keep the time of completion, for elapsedNs; needs HY_CAP_TIMING. */
    explicit Event(Device device, bool timing = false) {
        check(hyEventCreate(device.get(), timing ? HY_EVENT_TIMING : 0u, &handle_));
    }

    /* One that other processes open by ipcHandle(). Needs HY_CAP_IPC_EVENTS. */
    static Event interprocess(Device device) {
        Event event;
        check(hyEventCreate(device.get(), HY_EVENT_INTERPROCESS, &event.handle_));
        return event;
    }
    static Event opened(Device device, const HyIpcHandle& handle) {
        Event event;
        check(hyEventOpenIpcHandle(device.get(), &handle, &event.handle_));
        return event;
    }
    HyIpcHandle ipcHandle() const {
        HyIpcHandle handle = {};
        check(hyEventGetIpcHandle(handle_, &handle));
        return handle;
    }

    /* The event now stands for all work submitted to `stream` so far. */
    inline void record(const Stream& stream);

    /* True when the recorded work is done. */
    bool query() const { return check(hyEventQuery(handle_)) == HY_SUCCESS; }

    void synchronize(std::uint64_t timeoutNs = HY_TIMEOUT_INFINITE) const {
        check(hyEventSynchronize(handle_, timeoutNs));
    }

    /* Nanoseconds of device time from `start` to this event; both made with timing and done. */
    std::uint64_t elapsedNs(const Event& start) const {
        std::uint64_t nanoseconds = 0;
        check(hyEventElapsed(start.get(), handle_, &nanoseconds));
        return nanoseconds;
    }

private:
    Event() = default;
};

/* A counter that only grows, set and waited for by the host and by streams. Needs HY_CAP_TIMELINE_SEMAPHORES. */
class Semaphore : public detail::Handle<HySemaphore, hySemaphoreDestroy> {
public:
    explicit Semaphore(Device device, std::uint64_t initialValue = 0) {
        auto desc = detail::sized<HySemaphoreDesc>();
        desc.initialValue = initialValue;
        check(hySemaphoreCreate(device.get(), &desc, &handle_));
    }
    /* One that other processes import. Needs HY_CAP_SHARE_SEMAPHORES. */
    static Semaphore shareable(Device device, std::uint64_t initialValue = 0) {
        auto desc = detail::sized<HySemaphoreDesc>();
        desc.flags = HY_SEMAPHORE_SHAREABLE;
        desc.initialValue = initialValue;
        Semaphore semaphore;
        check(hySemaphoreCreate(device.get(), &desc, &semaphore.handle_));
        return semaphore;
    }
    /* The descriptor stays the caller's. */
    static Semaphore imported(Device device, int descriptor) {
        Semaphore semaphore;
        check(hySemaphoreImport(device.get(), HY_SHARE_OPAQUE_FD, descriptor, &semaphore.handle_));
        return semaphore;
    }
    /* A new descriptor, which the caller closes. */
    int exportDescriptor() const {
        std::int64_t descriptor = -1;
        check(hySemaphoreExport(handle_, HY_SHARE_OPAQUE_FD, &descriptor));
        return static_cast<int>(descriptor);
    }

    std::uint64_t value() const {
        std::uint64_t value = 0;
        check(hySemaphoreGetValue(handle_, &value));
        return value;
    }
    /* From the host; `value` must be above the one there is. */
    void signal(std::uint64_t value) const { check(hySemaphoreSignal(handle_, value)); }
    /* On the host. */
    void wait(std::uint64_t value, std::uint64_t timeoutNs = HY_TIMEOUT_INFINITE) const {
        check(hySemaphoreWait(handle_, value, timeoutNs));
    }

private:
    Semaphore() = default;
};

/* An ordered, asynchronous queue of work. */
class Stream : public detail::Handle<HyStream, hyStreamDestroy> {
public:
    /* priority: 0 normal, negative more urgent; a hint. name: what messages and traces call it; copied. */
    explicit Stream(Device device, std::int32_t priority = 0, const char* name = nullptr) {
        auto desc = detail::sized<HyStreamDesc>();
        desc.priority = priority;
        desc.name = name;
        check(hyStreamCreate(device.get(), &desc, &handle_));
    }

    /* True when all submitted work is done. */
    bool query() const { return check(hyStreamQuery(handle_)) == HY_SUCCESS; }

    /* Waits for all work submitted before the call. */
    void synchronize(std::uint64_t timeoutNs = HY_TIMEOUT_INFINITE) const {
        check(hyStreamSynchronize(handle_, timeoutNs));
    }

    /* Work submitted after this waits for what `event` last recorded. */
    void wait(const Event& event) const { check(hyStreamWaitEvent(handle_, event.get())); }
    /* Work submitted after this waits until the semaphore is at `value`. */
    void wait(const Semaphore& semaphore, std::uint64_t value) const {
        check(hyStreamWaitSemaphore(handle_, semaphore.get(), value));
    }
    /* Sets the semaphore once all work submitted so far is done. */
    void signal(const Semaphore& semaphore, std::uint64_t value) const {
        check(hyStreamSignalSemaphore(handle_, semaphore.get(), value));
    }

    /* Calls `function(status)` on a thread of the runtime once all work submitted so far is done, and holds later work
     * up until it returned; see hyStreamHostFunction. It must not call Halyard. */
    void hostFunction(std::function<void(HyResult)> function) const {
        auto owned = std::make_unique<std::function<void(HyResult)>>(std::move(function));
        check(hyStreamHostFunction(
            handle_,
            [](void* user, HyResult status) {
                const std::unique_ptr<std::function<void(HyResult)>> call(
                    static_cast<std::function<void(HyResult)>*>(user));
                (*call)(status);
            },
            owned.get()));
        owned.release();
    }

    /* Copies between any two of host and device memory; host memory stays the runtime's until the stream passes the
     * copy. */
    void copy(HyDevicePtr dst, HyDevicePtr src, std::uint64_t bytes) const {
        check(hyMemcpyAsync(handle_, dst, src, bytes));
    }
};

inline void Event::record(const Stream& stream) {
    check(hyEventRecord(handle_, stream.get()));
}

/* ---- Memory
 * ----------------------------------------------------------------------------------------------------------- */

/* A pool of its own for stream-ordered memory (halyard/memory_pool.h). Buffers made from it may outlive it. */
class MemoryPool : public detail::Handle<HyMemoryPool, hyMemoryPoolDestroy> {
public:
    /* releaseThreshold: free bytes that it keeps when a call has waited for work. */
    MemoryPool(Device device, std::uint64_t releaseThreshold) {
        auto desc = detail::sized<HyMemoryPoolDesc>();
        desc.releaseThreshold = releaseThreshold;
        check(hyMemoryPoolCreate(device.get(), &desc, &handle_));
    }

    void setReleaseThreshold(std::uint64_t bytes) const { check(hyMemoryPoolSetReleaseThreshold(handle_, bytes)); }

    /* Gives free memory back to the device, down to `minBytesToKeep` reserved. */
    void trim(std::uint64_t minBytesToKeep = 0) const { check(hyMemoryPoolTrim(handle_, minBytesToKeep)); }

    HyMemoryPoolStatistics statistics() const {
        auto statistics = detail::sized<HyMemoryPoolStatistics>();
        check(hyMemoryPoolGetStatistics(handle_, &statistics));
        return statistics;
    }

    void resetPeak() const { check(hyMemoryPoolResetPeak(handle_)); }
};

/* Device memory for `size` values of T. As a kernel argument it is its address. */
template <typename T> class Buffer {
    static_assert(std::is_trivially_copyable<T>::value, "device memory holds plain bytes");

public:
    /* Contents undefined. size: values, at least 1. */
    Buffer(Device device, std::uint64_t size) : device_(device.get()), size_(size) {
        requireCountable();
        check(hyMemAlloc(device_, size * sizeof(T), &address_));
    }
    /* Stream-ordered, from the device's default pool: for work of `stream` from now on, until the destructor puts the
     * memory back at the end of `stream`, without waiting. `stream` must be of `device`. */
    Buffer(Device device, const Stream& stream, std::uint64_t size)
        : device_(device.get()), stream_(stream.get()), size_(size) {
        requireCountable();
        check(hyMemAllocAsync(stream_, size * sizeof(T), &address_));
    }
    /* The same from a pool of `device`. */
    Buffer(Device device, const Stream& stream, const MemoryPool& pool, std::uint64_t size)
        : device_(device.get()), stream_(stream.get()), size_(size) {
        requireCountable();
        check(hyMemAllocFromPoolAsync(stream_, pool.get(), size * sizeof(T), &address_));
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept
        : device_(other.device_), stream_(other.stream_), address_(std::exchange(other.address_, 0)),
          size_(std::exchange(other.size_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(stream_, taken.stream_);
        std::swap(address_, taken.address_);
        std::swap(size_, taken.size_);
        return *this;
    }
    /* Waits for submitted work of the device, as hyMemFree does, unless it was made on a stream that is still there. */
    ~Buffer() {
        if (address_ != 0 && (stream_ == nullptr || hyMemFreeAsync(stream_, address_) != HY_SUCCESS)) {
            static_cast<void>(hyMemFree(device_, address_));
        }
    }

    const HyDevicePtr& address() const { return address_; }
    /* The address of value `index`. */
    HyDevicePtr at(std::uint64_t index) const { return address_ + index * sizeof(T); }
    std::uint64_t size() const { return size_; }
    std::uint64_t bytes() const { return size_ * sizeof(T); }

    /* Copies `count` values from the host to value `first` and on. `values` must stay until the stream passes the copy.
     */
    void upload(const Stream& stream, const T* values, std::uint64_t count, std::uint64_t first = 0) {
        requireRange("halyard::Buffer::upload", first, count);
        stream.copy(at(first), hyHostAddress(values), count * sizeof(T));
    }
    void upload(const Stream& stream, const std::vector<T>& values) { upload(stream, values.data(), values.size()); }

    /* Copies `count` values from value `first` and on to the host. `values` is theirs until the stream passes the copy.
     */
    void download(const Stream& stream, T* values, std::uint64_t count, std::uint64_t first = 0) const {
        requireRange("halyard::Buffer::download", first, count);
        stream.copy(hyHostAddress(values), at(first), count * sizeof(T));
    }
    /* Fills the vector as it is sized; it is not resized. */
    void download(const Stream& stream, std::vector<T>& values) const {
        download(stream, values.data(), values.size());
    }

    /* Writes `value` everywhere. T must have 1, 2, 4, 8 or 16 bytes. */
    void fill(const Stream& stream, const T& value) {
        static_assert(sizeof(T) <= 16 && (sizeof(T) & (sizeof(T) - 1)) == 0, "patterns have 1, 2, 4, 8 or 16 bytes");
        check(hyMemFillAsync(stream.get(), address_, &value, sizeof(T), size_));
    }

private:
    void requireCountable() const {
        if (size_ > UINT64_MAX / sizeof(T)) {
            throw Error(HY_ERROR_OUT_OF_DEVICE_MEMORY, "halyard::Buffer", "size", "more bytes than 64 bits can count",
                        "");
        }
    }
    void requireRange(const char* call, std::uint64_t first, std::uint64_t count) const {
        if (first > size_ || count > size_ - first) {
            throw Error(HY_ERROR_INVALID_ADDRESS, call, "count",
                        "values " + std::to_string(first) + " to " + std::to_string(first + count) +
                            " of a buffer of " + std::to_string(size_),
                        "");
        }
    }

    HyDevice device_;
    HyStream stream_ = nullptr; // that it was made on, or null
    HyDevicePtr address_ = 0;
    std::uint64_t size_;
};

/* Host memory that the device can reach, for as long as this object lives; the memory itself stays the caller's. Needs
 * HY_CAP_HOST_REGISTRATION. */
class HostRegistration {
public:
    HostRegistration(Device device, void* pointer, std::uint64_t bytes) : device_(device.get()), pointer_(pointer) {
        check(hyHostRegister(device_, pointer, bytes, &address_));
    }
    HostRegistration(const HostRegistration&) = delete;
    HostRegistration& operator=(const HostRegistration&) = delete;
    HostRegistration(HostRegistration&& other) noexcept
        : device_(other.device_), pointer_(std::exchange(other.pointer_, nullptr)),
          address_(std::exchange(other.address_, 0)) {}
    HostRegistration& operator=(HostRegistration&& other) noexcept {
        HostRegistration taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(pointer_, taken.pointer_);
        std::swap(address_, taken.address_);
        return *this;
    }
    ~HostRegistration() {
        if (pointer_ != nullptr) {
            static_cast<void>(hyHostUnregister(device_, pointer_));
        }
    }

    /* What kernels take. */
    const HyDevicePtr& address() const { return address_; }

private:
    HyDevice device_;
    void* pointer_;
    HyDevicePtr address_ = 0;
};

/* ---- Modules and kernels
 * ------------------------------------------------------------------------------------------------ */

/* The value of the specialisation constant with this SpecId. bool, integers and floating-point numbers of up to 8
 * bytes. */
template <typename T> HySpecConstant specConstant(std::uint32_t id, T value) {
    static_assert(std::is_arithmetic<T>::value && sizeof(T) <= 8, "specialisation constants are numbers");
    HySpecConstant constant = {id, static_cast<std::uint32_t>(sizeof(T)), 0};
    std::memcpy(&constant.value, &value, sizeof(T));
    return constant;
}

/* A checked module. Kernels made from it do not need it any more. */
class Module : public detail::Handle<HyModule, hyModuleDestroy> {
public:
    /* `data` is copied. flags: 0 or HY_MODULE_FAST_MATH. */
    Module(Device device, const void* data, std::uint64_t bytes, const std::vector<HySpecConstant>& specConstants = {},
           std::uint32_t flags = 0, HyModuleFormat format = HY_MODULE_FORMAT_AUTO) {
        auto desc = detail::sized<HyModuleDesc>();
        desc.flags = flags;
        desc.data = data;
        desc.dataBytes = bytes;
        desc.format = format;
        desc.specConstantCount = static_cast<std::uint32_t>(specConstants.size());
        desc.specConstants = specConstants.empty() ? nullptr : specConstants.data();
        check(hyModuleLoad(device.get(), &desc, &handle_));
    }

    std::vector<std::string> kernelNames() const {
        std::uint32_t count = 0;
        check(hyModuleGetKernelCount(handle_, &count));
        std::vector<std::string> names;
        for (std::uint32_t i = 0; i < count; ++i) {
            const char* name = nullptr;
            check(hyModuleGetKernelName(handle_, i, &name));
            names.emplace_back(name);
        }
        return names;
    }
};

/* The argument of a Workgroup pointer parameter: that many bytes of workgroup memory. */
struct LocalMemory {
    std::uint64_t bytes;
};

namespace detail {

/* How one C++ value becomes one element of hyLaunchKernel's args, and what the kernel's parameter must look like. */
template <typename T> struct Argument {
    static_assert(std::is_trivially_copyable<T>::value, "kernel arguments are plain values, Buffers or LocalMemory");
    static_assert(!std::is_pointer<T>::value, "a host pointer means nothing to a kernel: pass a Buffer");
    static const void* pointer(const T& value) { return &value; }
    static bool fits(const HyParameterInfo& parameter) {
        return parameter.bytes == sizeof(T) && parameter.kind != HY_PARAMETER_LOCAL_POINTER;
    }
};

template <typename T> struct Argument<Buffer<T>> {
    static const void* pointer(const Buffer<T>& buffer) { return &buffer.address(); }
    static bool fits(const HyParameterInfo& parameter) { return parameter.kind == HY_PARAMETER_GLOBAL_POINTER; }
};

template <> struct Argument<HostRegistration> {
    static const void* pointer(const HostRegistration& memory) { return &memory.address(); }
    static bool fits(const HyParameterInfo& parameter) { return parameter.kind == HY_PARAMETER_GLOBAL_POINTER; }
};

template <> struct Argument<LocalMemory> {
    static const void* pointer(const LocalMemory& memory) { return &memory.bytes; }
    static bool fits(const HyParameterInfo& parameter) { return parameter.kind == HY_PARAMETER_LOCAL_POINTER; }
};

} // namespace detail

/* A kernel, ready to launch. */
class Kernel : public detail::Handle<HyKernel, hyKernelDestroy> {
public:
    /* Compiles or takes from the cache. */
    Kernel(const Module& module, const std::string& name) {
        check(hyKernelCreate(module.get(), name.c_str(), &handle_));
        const HyKernelInfo about = info();
        for (std::uint32_t i = 0; i < about.parameterCount; ++i) {
            auto parameter = detail::sized<HyParameterInfo>();
            check(hyKernelGetParameter(handle_, i, &parameter));
            parameters_.push_back(parameter);
        }
    }

    HyKernelInfo info() const {
        auto info = detail::sized<HyKernelInfo>();
        check(hyKernelGetInfo(handle_, &info));
        return info;
    }

    /* The parameters in order; their names belong to the kernel. */
    const std::vector<HyParameterInfo>& parameters() const { return parameters_; }

    /* A good workgroup size for a grid of `globalSize` invocations. */
    HyDim3 suggestWorkgroupSize(HyDim3 globalSize) const {
        HyDim3 size = {};
        check(hyKernelSuggestWorkgroupSize(handle_, globalSize, &size));
        return size;
    }

    /* Runs `workgroups` workgroups of `workgroupSize` invocations with these arguments: Buffers, LocalMemory, and plain
     * values (a push-constant block is one struct). The number of arguments and their sizes are checked here, so a
     * double for a float parameter is an error and not a wrong result: HY_ERROR_INVALID_KERNEL_ARGS. Values are copied
     * before the call returns. */
    template <typename... Arguments>
    void launch(const Stream& stream, HyDim3 workgroups, HyDim3 workgroupSize, const Arguments&... arguments) const {
        requireFits<Arguments...>();
        const std::array<const void*, sizeof...(Arguments) + 1> pointers = {
            detail::Argument<Arguments>::pointer(arguments)..., nullptr};
        check(hyLaunchKernel(stream.get(), handle_, workgroups, workgroupSize, 0, pointers.data(),
                             static_cast<std::uint32_t>(sizeof...(Arguments))));
    }

    /* Calls use(const HyLaunchDesc&) with that launch but for its stream, checked as launch() does: for graphs. */
    template <typename Use, typename... Arguments>
    void describe(Use&& use, HyDim3 workgroups, HyDim3 workgroupSize, const Arguments&... arguments) const {
        requireFits<Arguments...>();
        const std::array<const void*, sizeof...(Arguments) + 1> pointers = {
            detail::Argument<Arguments>::pointer(arguments)..., nullptr};
        auto desc = detail::sized<HyLaunchDesc>();
        desc.kernel = handle_;
        desc.workgroups = workgroups;
        desc.workgroupSize = workgroupSize;
        desc.args = pointers.data();
        desc.argCount = static_cast<std::uint32_t>(sizeof...(Arguments));
        use(desc);
    }

private:
    template <typename... Arguments> void requireFits() const {
        if (sizeof...(Arguments) == parameters_.size()) {
            std::size_t index = 0;
            static_cast<void>(index);
            (requireFit<Arguments>(index++), ...);
        }
    }
    template <typename T> void requireFit(std::size_t index) const {
        const HyParameterInfo& parameter = parameters_[index];
        if (!detail::Argument<T>::fits(parameter)) {
            static const char* const kinds[] = {"a value", "a device address", "workgroup memory",
                                                "a push-constant block"};
            throw Error(HY_ERROR_INVALID_KERNEL_ARGS, "halyard::Kernel::launch",
                        "argument " + std::to_string(index) + " " + parameter.name,
                        std::string("the kernel takes ") +
                            (parameter.kind < 4 ? kinds[parameter.kind] : "another kind") + " of " +
                            std::to_string(parameter.bytes) + " bytes, and was given a type of " +
                            std::to_string(sizeof(T)) + " bytes or of another kind",
                        "Pass a Buffer, LocalMemory, or a value of the parameter's own type");
        }
    }

    std::vector<HyParameterInfo> parameters_;
};

/* ---- Graphs and capture ---------------------------------------------------------------------------------------- */

/* Work described once and launched often. Nodes are HyGraphNode numbers; `before`: the nodes that a new one runs after.
 */
class Graph : public detail::Handle<HyGraph, hyGraphDestroy> {
public:
    explicit Graph(Device device) { check(hyGraphCreate(device.get(), 0, &handle_)); }
    /* Takes over a graph, for example from hyStreamEndCapture. */
    explicit Graph(HyGraph owned) { handle_ = owned; }

    /* Kernel::launch as a node. */
    template <typename... Arguments>
    HyGraphNode addKernel(const std::vector<HyGraphNode>& before, const std::string& name, const Kernel& kernel,
                          HyDim3 workgroups, HyDim3 workgroupSize, const Arguments&... arguments) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        kernel.describe(
            [&](const HyLaunchDesc& desc) {
                check(hyGraphAddKernelNode(handle_, before.data(), count(before), name.c_str(), &desc, &node));
            },
            workgroups, workgroupSize, arguments...);
        return node;
    }
    HyGraphNode addCopy(const std::vector<HyGraphNode>& before, const std::string& name, HyDevicePtr dst,
                        HyDevicePtr src, std::uint64_t bytes) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        check(hyGraphAddCopyNode(handle_, before.data(), count(before), name.c_str(), dst, src, bytes, &node));
        return node;
    }
    /* Writes `value`, of 1, 2, 4, 8 or 16 bytes, to the whole buffer. */
    template <typename T>
    HyGraphNode addFill(const std::vector<HyGraphNode>& before, const std::string& name, const Buffer<T>& buffer,
                        const T& value) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        check(hyGraphAddFillNode(handle_, before.data(), count(before), name.c_str(), buffer.address(), &value,
                                 sizeof(T), buffer.size(), &node));
        return node;
    }
    HyGraphNode addEmpty(const std::vector<HyGraphNode>& before, const std::string& name = {}) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        check(hyGraphAddEmptyNode(handle_, before.data(), count(before), name.c_str(), &node));
        return node;
    }
    HyGraphNode addChild(const std::vector<HyGraphNode>& before, const std::string& name, const Graph& child) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        check(hyGraphAddChildGraphNode(handle_, before.data(), count(before), name.c_str(), child.get(), &node));
        return node;
    }
    void addDependency(HyGraphNode from, HyGraphNode to) { check(hyGraphAddDependencies(handle_, &from, &to, 1)); }

    Graph clone() const {
        HyGraph copy = nullptr;
        check(hyGraphClone(handle_, &copy));
        return Graph(copy);
    }

    /* In the order in which they were added. */
    std::vector<HyGraphNode> nodes() const {
        std::uint32_t total = 0;
        check(hyGraphGetNodeCount(handle_, &total));
        std::vector<HyGraphNode> all(total);
        for (std::uint32_t i = 0; i < total; ++i) {
            check(hyGraphGetNode(handle_, i, &all[i]));
        }
        return all;
    }

    /* The graph in the DOT language. flags: 0 or HY_GRAPH_DOT_DETAILS. */
    std::string dot(std::uint32_t flags = 0) const {
        std::uint64_t bytes = 0;
        check(hyGraphExportDot(handle_, flags, nullptr, 0, &bytes));
        std::string text(bytes, '\0');
        check(hyGraphExportDot(handle_, flags, &text[0], bytes, &bytes));
        text.resize(bytes - 1);
        return text;
    }

private:
    static std::uint32_t count(const std::vector<HyGraphNode>& nodes) {
        return static_cast<std::uint32_t>(nodes.size());
    }
};

/* A graph that can be launched. */
class GraphExec : public detail::Handle<HyGraphExec, hyGraphExecDestroy> {
public:
    /* flags: 0 or HY_GRAPH_INSTANTIATE_REPLAY. */
    explicit GraphExec(const Graph& graph, std::uint32_t flags = 0) {
        check(hyGraphInstantiate(graph.get(), flags, &handle_));
    }

    void launch(const Stream& stream) const { check(hyGraphLaunch(handle_, stream.get())); }

    /* What a kernel node does in later launches. */
    template <typename... Arguments>
    void updateKernel(HyGraphNode node, const Kernel& kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                      const Arguments&... arguments) {
        kernel.describe([&](const HyLaunchDesc& desc) { check(hyGraphExecUpdateKernelNode(handle_, node, &desc)); },
                        workgroups, workgroupSize, arguments...);
    }
    void updateCopy(HyGraphNode node, HyDevicePtr dst, HyDevicePtr src, std::uint64_t bytes) {
        check(hyGraphExecUpdateCopyNode(handle_, node, dst, src, bytes));
    }
    template <typename T> void updateFill(HyGraphNode node, const Buffer<T>& buffer, const T& value) {
        check(hyGraphExecUpdateFillNode(handle_, node, buffer.address(), &value, sizeof(T), buffer.size()));
    }
    /* Everything that the nodes of a graph of the same shape do. */
    void update(const Graph& graph) { check(hyGraphExecUpdate(handle_, graph.get())); }
};

/* Captures what this thread does with a stream from the construction to end(); without end(), forgets it. */
class Capture {
public:
    explicit Capture(const Stream& stream) : stream_(stream.get()) { check(hyStreamBeginCapture(stream_, 0)); }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture() {
        if (stream_ != nullptr) {
            static_cast<void>(hyStreamAbortCapture(stream_));
        }
    }

    Graph end() {
        HyGraph graph = nullptr;
        check(hyStreamEndCapture(stream_, &graph));
        stream_ = nullptr;
        return Graph(graph);
    }

private:
    HyStream stream_;
};

} // namespace halyard

/* The rest of the interface, by domain. */
#include "halyard/virtual_memory.hpp"

#endif /* HALYARD_HALYARD_HPP */
