/* Halyard for C++: host, managed and virtual memory, and memory of other processes. Part of halyard.hpp, whose
 * conventions hold. */
#ifndef HALYARD_VIRTUAL_MEMORY_HPP
#define HALYARD_VIRTUAL_MEMORY_HPP

#include "halyard/halyard.hpp"

namespace halyard {

namespace detail {

/* An address of a device and how to give it back. */
template <HyResult (*Release)(HyDevice, HyDevicePtr)> class Memory {
public:
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    Memory(Memory&& other) noexcept : device_(other.device_), address_(std::exchange(other.address_, 0)) {}
    Memory& operator=(Memory&& other) noexcept {
        Memory taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(address_, taken.address_);
        return *this;
    }
    ~Memory() {
        if (address_ != 0) {
            static_cast<void>(Release(device_, address_));
        }
    }

    /* What copies and kernels take. */
    const HyDevicePtr& address() const { return address_; }

protected:
    explicit Memory(Device device) : device_(device.get()) {}

    HyDevice device_;
    HyDevicePtr address_ = 0;
};

inline std::uint64_t bytesOf(const char* call, std::uint64_t size, std::uint64_t each) {
    if (size > UINT64_MAX / each) {
        throw Error(HY_ERROR_OUT_OF_DEVICE_MEMORY, call, "size", "more bytes than 64 bits can count", "");
    }
    return size * each;
}

} // namespace detail

/* ---- Host memory ------------------------------------------------------------------------------------------------ */

/* Zeroed host memory for `size` values of T that the device reaches. Needs HY_CAP_HOST_REGISTRATION. */
template <typename T> class HostBuffer {
    static_assert(std::is_trivially_copyable<T>::value, "memory that a device reaches holds plain bytes");

public:
    HostBuffer(Device device, std::uint64_t size) : device_(device.get()), size_(size) {
        void* pointer = nullptr;
        check(hyHostAlloc(device_, detail::bytesOf("halyard::HostBuffer", size, sizeof(T)), 0, &pointer, &address_));
        values_ = static_cast<T*>(pointer);
    }
    HostBuffer(const HostBuffer&) = delete;
    HostBuffer& operator=(const HostBuffer&) = delete;
    HostBuffer(HostBuffer&& other) noexcept
        : device_(other.device_), values_(std::exchange(other.values_, nullptr)),
          address_(std::exchange(other.address_, 0)), size_(std::exchange(other.size_, 0)) {}
    HostBuffer& operator=(HostBuffer&& other) noexcept {
        HostBuffer taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(values_, taken.values_);
        std::swap(address_, taken.address_);
        std::swap(size_, taken.size_);
        return *this;
    }
    /* Waits for submitted work of the device, as hyHostFree does. */
    ~HostBuffer() {
        if (values_ != nullptr) {
            static_cast<void>(hyHostFree(device_, values_));
        }
    }

    T* data() const { return values_; }
    T& operator[](std::uint64_t index) const { return values_[index]; }
    std::uint64_t size() const { return size_; }
    /* What kernels take. */
    const HyDevicePtr& address() const { return address_; }

private:
    HyDevice device_;
    T* values_ = nullptr;
    HyDevicePtr address_ = 0;
    std::uint64_t size_;
};

/* ---- Managed memory --------------------------------------------------------------------------------------------- */

/* Memory for `size` values of T with one address for host and device; contents undefined. Needs HY_CAP_MANAGED_MEMORY.
 */
template <typename T> class ManagedBuffer : public detail::Memory<hyMemFree> {
    static_assert(std::is_trivially_copyable<T>::value, "memory that a device reaches holds plain bytes");

public:
    ManagedBuffer(Device device, std::uint64_t size) : Memory(device), size_(size) {
        check(hyMemAllocManaged(device_, detail::bytesOf("halyard::ManagedBuffer", size, sizeof(T)), &address_));
    }

    T* data() const { return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address_)); }
    T& operator[](std::uint64_t index) const { return data()[index]; }
    std::uint64_t size() const { return size_; }

    void advise(HyMemoryAdvice advice) const { check(hyMemAdvise(device_, address_, size_ * sizeof(T), advice)); }
    /* In stream order, to the stream's device. */
    void prefetch(const Stream& stream) const {
        check(hyMemPrefetchAsync(stream.get(), address_, size_ * sizeof(T), device_));
    }
    void prefetchToHost(const Stream& stream) const {
        check(hyMemPrefetchAsync(stream.get(), address_, size_ * sizeof(T), nullptr));
    }

private:
    std::uint64_t size_;
};

/* ---- Virtual memory --------------------------------------------------------------------------------------------- */

/* Memory without an address; mappings keep it when this object goes. */
class PhysicalMemory : public detail::Handle<HyPhysicalMemory, hyPhysicalMemoryDestroy> {
public:
    /* flags: 0 or HY_PHYSICAL_MEMORY_SHAREABLE. */
    PhysicalMemory(Device device, std::uint64_t bytes, std::uint32_t flags = 0) {
        auto desc = detail::sized<HyPhysicalMemoryDesc>();
        desc.flags = flags;
        desc.bytes = bytes;
        check(hyPhysicalMemoryCreate(device.get(), &desc, &handle_));
    }
    /* Memory that another process exported; `handle` stays the caller's. */
    static PhysicalMemory imported(Device device, HyShareType type, std::int64_t handle, std::uint64_t bytes) {
        PhysicalMemory memory;
        check(hyPhysicalMemoryImport(device.get(), type, handle, bytes, &memory.handle_));
        return memory;
    }

    /* A new handle that the caller owns. */
    std::int64_t exported(HyShareType type) const {
        std::int64_t handle = 0;
        check(hyPhysicalMemoryExport(handle_, type, &handle));
        return handle;
    }

private:
    PhysicalMemory() = default;
};

/* Reserved addresses. Its end unmaps everything in it, after waiting for submitted work of the device. */
class AddressRange {
public:
    /* alignment: a power of two, or 0 for the device's choice. */
    AddressRange(Device device, std::uint64_t bytes, std::uint64_t alignment = 0)
        : device_(device.get()), bytes_(bytes) {
        check(hyVirtualReserve(device_, bytes, alignment, &address_));
    }
    AddressRange(const AddressRange&) = delete;
    AddressRange& operator=(const AddressRange&) = delete;
    AddressRange(AddressRange&& other) noexcept
        : device_(other.device_), address_(std::exchange(other.address_, 0)), bytes_(std::exchange(other.bytes_, 0)),
          mapped_(std::move(other.mapped_)) {}
    AddressRange& operator=(AddressRange&& other) noexcept {
        AddressRange taken(std::move(other));
        std::swap(device_, taken.device_);
        std::swap(address_, taken.address_);
        std::swap(bytes_, taken.bytes_);
        std::swap(mapped_, taken.mapped_);
        return *this;
    }
    ~AddressRange() {
        if (address_ != 0) {
            for (const auto& [offset, bytes] : mapped_) {
                static_cast<void>(hyVirtualUnmap(device_, address_ + offset, bytes));
            }
            static_cast<void>(hyVirtualFree(device_, address_));
        }
    }

    const HyDevicePtr& address() const { return address_; }
    std::uint64_t bytes() const { return bytes_; }

    /* Maps `bytes` of memory, from `memoryOffset` on, at `offset` of this range, and gives access to it. */
    void map(std::uint64_t offset, std::uint64_t bytes, const PhysicalMemory& memory, std::uint64_t memoryOffset = 0,
             HyMemoryAccess access = HY_ACCESS_READ_WRITE) {
        mapped_.emplace_back(offset, bytes);
        const HyResult result = hyVirtualMap(device_, address_ + offset, bytes, memory.get(), memoryOffset);
        if (result < 0) {
            mapped_.pop_back();
            throw Error::fromLastError(result);
        }
        setAccess(offset, bytes, access);
    }
    /* One mapping, as map() made it. */
    void unmap(std::uint64_t offset, std::uint64_t bytes) {
        check(hyVirtualUnmap(device_, address_ + offset, bytes));
        for (auto mapping = mapped_.begin(); mapping != mapped_.end(); ++mapping) {
            if (mapping->first == offset) {
                mapped_.erase(mapping);
                break;
            }
        }
    }
    void setAccess(std::uint64_t offset, std::uint64_t bytes, HyMemoryAccess access) const {
        check(hyVirtualSetAccess(device_, address_ + offset, bytes, access));
    }

private:
    HyDevice device_;
    HyDevicePtr address_ = 0;
    std::uint64_t bytes_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> mapped_; // offset, bytes
};

/* ---- Memory of other processes ---------------------------------------------------------------------------------- */

/* Device memory that other processes can open by handle(). Needs HY_CAP_IPC. */
class ShareableMemory : public detail::Memory<hyMemFree> {
public:
    ShareableMemory(Device device, std::uint64_t bytes) : Memory(device) {
        check(hyMemAllocShareable(device_, bytes, &address_));
    }
    HyIpcHandle handle() const {
        HyIpcHandle handle = {};
        check(hyMemGetIpcHandle(device_, address_, &handle));
        return handle;
    }
};

/* Such memory, opened by its handle. */
class OpenedMemory : public detail::Memory<hyMemCloseIpcHandle> {
public:
    OpenedMemory(Device device, const HyIpcHandle& handle) : Memory(device) {
        check(hyMemOpenIpcHandle(device_, &handle, &address_));
    }
};

namespace detail {

template <typename T> struct AddressArgument {
    static const void* pointer(const T& memory) { return &memory.address(); }
    static bool fits(const HyParameterInfo& parameter) { return parameter.kind == HY_PARAMETER_GLOBAL_POINTER; }
};
template <typename T> struct Argument<HostBuffer<T>> : AddressArgument<HostBuffer<T>> {};
template <typename T> struct Argument<ManagedBuffer<T>> : AddressArgument<ManagedBuffer<T>> {};
template <> struct Argument<AddressRange> : AddressArgument<AddressRange> {};
template <> struct Argument<ShareableMemory> : AddressArgument<ShareableMemory> {};
template <> struct Argument<OpenedMemory> : AddressArgument<OpenedMemory> {};

} // namespace detail

} // namespace halyard

#endif /* HALYARD_VIRTUAL_MEMORY_HPP */
