// The objects behind handles, and how an entry point gets from one to the other. Objects are owned by their instance,
// which destroys what the application left.
#pragma once

#include "api/activity.h"
#include "api/handle_table.h"
#include "base/error.h"
#include "base/log.h"
#include "base/printer.h"
#include "cache/cache.h"
#include "halyard/backend.h"
#include "jit/client/compiler.h"
#include "layers/stack.h"
#include "loader/loader.h"
#include "memory/address_map.h"
#include "memory/device_pools.h"
#include "memory/virtual_space.h"
#include "spv/reflect.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace halyard {

struct Instance;
struct Device;
namespace graph {
class Captures;
class Lane;
} // namespace graph
struct BackendEvent;
class Bridge;
class PeerCopier;

struct Object {
    Object(ObjectType objectType, Instance* owner, Device* ownerDevice)
        : type(objectType), instance(owner), device(ownerDevice) {}
    virtual ~Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    // The instance has no more use for it: deletes it, now or when its last user ends.
    virtual void dispose() { delete this; }

    const ObjectType type;
    Instance* const instance;
    Device* const device; // null for an instance, itself for a device
    uint64_t handle = 0;
};

struct Device : Object {
    static constexpr ObjectType kType = ObjectType::Device;
    Device(Instance* owner, LoadedBackend* loaded)
        : Object(kType, owner, this), backend(loaded), tables(&loaded->tables) {}

    // Opens the backend's device at the first use; later calls cost one load. On failure the record is set, and the
    // next call tries again.
    HyResult ensureOpen() { return opened.load(std::memory_order_acquire) ? HY_SUCCESS : open(); }
    HyResult open();

    LoadedBackend* const backend;
    const BackendTables* const tables;
    HyDeviceProperties properties{};
    std::mutex openMutex;
    std::mutex restartMutex; // one restart at a time
    std::atomic<bool> opened{false};
    HyBackendDevice impl = nullptr;
    VirtualSpace virtualSpace;
    DevicePools pools;
};

struct Stream : Object {
    static constexpr ObjectType kType = ObjectType::Stream;
    explicit Stream(Device* owner) : Object(kType, owner->instance, owner), tables(owner->tables) {}
    ~Stream() override;

    const BackendTables* const tables;
    HyBackendStream impl = nullptr;
    StreamMemory memory{impl}; // what the pools keep for it
    // Not 0: calls have something to look at before they submit (graph/attention.h).
    std::atomic<uint32_t> attention{0};
    mutable std::mutex lanesMutex;
    std::vector<std::shared_ptr<graph::Lane>> lanes; // of replayed graphs: their failures are the stream's
};

struct Event : Object {
    static constexpr ObjectType kType = ObjectType::Event;
    explicit Event(Device* owner) : Object(kType, owner->instance, owner) {}
    ~Event() override;

    // The backend's event to wait for on another device: as long as somebody shares it, it is not recorded again.
    std::shared_ptr<BackendEvent> share();
    // The backend's event to record.
    HyResult fresh(HyBackendEvent& outImpl) {
        if (shared.load(std::memory_order_acquire)) [[unlikely]]
            return replace(outImpl);
        outImpl = impl.load(std::memory_order_relaxed);
        return HY_SUCCESS;
    }
    HyResult replace(HyBackendEvent& outImpl);
    // Gives a new event its only backend's event.
    void adopt(std::shared_ptr<BackendEvent> made);

    std::atomic<HyBackendEvent> impl{nullptr}; // one of `all`
    uint32_t flags = 0;
    std::atomic<bool> recorded{false};
    // As those of the stream when it was recorded.
    std::atomic<uint32_t> attention{0};
    mutable std::mutex lanesMutex;
    std::vector<std::shared_ptr<graph::Lane>> lanes;
    std::atomic<bool> shared{false};
    std::mutex allMutex;
    std::vector<std::shared_ptr<BackendEvent>> all; // none goes before the event: another thread may look at it
};

// What a module and the kernels made from it share.
struct ModuleState {
    explicit ModuleState(Device* owner) : device(owner) {}
    ~ModuleState() {
        if (impl != nullptr)
            device->tables->module.unload(impl);
    }
    ModuleState(const ModuleState&) = delete;
    ModuleState& operator=(const ModuleState&) = delete;

    Device* const device;
    HyBackendModule impl = nullptr;
    HyModuleFormat format = HY_MODULE_FORMAT_SPIRV;
    std::vector<uint32_t> words; // specialised SPIR-V
    std::array<uint8_t, 32> digest{};
    std::vector<std::byte> native; // of every other format
    spv::Reflection reflection;
};

struct Module : Object {
    static constexpr ObjectType kType = ObjectType::Module;
    explicit Module(std::shared_ptr<ModuleState> shared)
        : Object(kType, shared->device->instance, shared->device), state(std::move(shared)) {}

    const std::shared_ptr<ModuleState> state;
};

// What decides whether a launch needs no closer look (api/launch_path.h). The sizes are those of rows of invocations,
// which most launches are, or the one that the kernel requires.
struct UsualLaunch {
    static constexpr uint32_t kMaxParameters = 12;
    uint32_t never = 1; // 0: a launch may be usual
    uint32_t sizeZ = 0;
    uint64_t leastSizeXY = 0;                  // x in the low word, y in the high one
    uint64_t sizes = 0;                        // how many follow, in x
    uint64_t groups = 0;                       // rows may have 1 to so many workgroups
    uint8_t addressMasks[kMaxParameters] = {}; // bits that must be zero in the first byte of an argument
};

struct Kernel : Object {
    static constexpr ObjectType kType = ObjectType::Kernel;
    Kernel(std::shared_ptr<ModuleState> shared, const spv::KernelInfo& kernelInfo)
        : Object(kType, shared->device->instance, shared->device), module(std::move(shared)), info(kernelInfo) {}
    ~Kernel() override {
        if (impl != nullptr)
            device->tables->module.destroyKernel(impl);
    }

    // Graphs use a kernel after its handle is gone; each user ends with dispose(), as its instance does.
    void share() { users.fetch_add(1, std::memory_order_relaxed); }
    void dispose() override {
        if (users.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

    std::atomic<uint32_t> users{1};
    const std::shared_ptr<ModuleState> module;
    const spv::KernelInfo& info; // in module->reflection
    HyBackendKernel impl = nullptr;

    UsualLaunch usual;

    // Launch checks, ready to compare.
    uint32_t parameterCount = 0;
    uint32_t maxInvocations = 0;
    bool hasLocalParameters = false;
    struct PointerCheck {
        uint32_t parameter;
        uint32_t mask; // bits of the address that must be zero
    };
    std::vector<PointerCheck> pointerChecks; // of parameters whose code assumes an alignment
    bool hasRequiredSize = false;
    HyDim3 requiredSize{};
    HyDim3 suggestedSize{};
    uint32_t subgroupSize = 0;
    std::vector<HyBackendParameter> parameters;
    static constexpr size_t kMaxLengths = 256; // of what follows: a launch keeps them on its stack
    std::vector<uint32_t> lengthParameters;    // indices of parameters with a hidden length
    std::vector<uint32_t> lengthOffsets;
};

// What a backend's HyHostServices::context points to.
struct HostContext {
    Instance* instance = nullptr;
    std::string backend;
    HyHostServices services{};
};

struct Instance : Object {
    static constexpr ObjectType kType = ObjectType::Instance;
    Instance();
    ~Instance() override;

    const HyHostServices* makeServices(const std::string& backend);
    // Adds an object to the instance and gives it a handle. On failure the object is destroyed and the record set.
    template <typename T> T* adopt(std::unique_ptr<T> object);
    // REQUIRES: the object's handle was removed by the caller, so that no other thread destroys it.
    void destroy(Object* object);

    const std::shared_ptr<Log> sharedLog = std::make_shared<Log>(); // layers keep it until they are detached
    Log& log = *sharedLog;
    const std::shared_ptr<ActivityHub> activities = std::make_shared<ActivityHub>();
    Printer printer;
    Counters counters;
    Cache cache;
    Compiler compiler;
    AddressMap addresses;
    uint64_t shutdownTimeoutNs;
    std::atomic<uint64_t> streamCount{0}; // ever made: their numbers in messages
    LayerStackRef layers;                 // null: none. Set before the handle is given out.
    std::unique_ptr<graph::Captures> captures;
    std::vector<std::unique_ptr<HostContext>> hostContexts;
    LoadResult loaded;
    std::vector<std::unique_ptr<Device>> devices; // in the order that applications see, then duplicates
    size_t listedDevices = 0;                     // of these, how many hyDeviceGetCount tells of
    std::unique_ptr<Bridge> bridge;
    std::unique_ptr<PeerCopier> peers;

    std::mutex objectsMutex;
    std::set<Object*> objects;
};

template <typename T> T* Instance::adopt(std::unique_ptr<T> object) {
    T* raw = object.get();
    {
        const std::lock_guard lock(objectsMutex);
        objects.insert(raw);
    }
    raw->handle = HandleTable::insert(T::kType, raw);
    if (raw->handle == 0) {
        const std::lock_guard lock(objectsMutex);
        objects.erase(raw);
        fail(HY_ERROR_OUT_OF_HOST_MEMORY, "", "destroy objects that are no longer used",
             "no handle is left for another {}", objectTypeName(T::kType));
        return nullptr;
    }
    return object.release();
}

// Sets the record for a handle that find() refused. Returns HY_ERROR_INVALID_HANDLE or HY_ERROR_FORKED.
HyResult failHandle(uint64_t handle, ObjectType type, const char* argument);

// The object behind a handle, or null with the record set. `argument` names the parameter.
template <typename T, typename H> T* resolve(H handle, const char* argument, HyResult& result) {
    const auto word = reinterpret_cast<uint64_t>(handle);
    void* object = nullptr;
    if (!HandleTable::find(word, T::kType, object)) [[unlikely]] {
        result = failHandle(word, T::kType, argument);
        return nullptr;
    }
    return static_cast<T*>(object);
}

template <typename H> H toHandle(const Object* object) {
    return reinterpret_cast<H>(object->handle);
}

HyResult failStruct(const char* argument, uint32_t size, size_t v1Size, size_t ourSize);

// Runs the body of a cold entry point: names the call in the record of a failure, and turns exceptions into results.
template <typename Body> HyResult enter(const char* call, Body&& body) noexcept {
    try {
        return finishFailure(call, "", body());
    } catch (const std::bad_alloc&) {
        return finishFailure(call, "", fail(HY_ERROR_OUT_OF_HOST_MEMORY, "", "", "the host has no memory left"));
    } catch (const std::exception& fault) {
        return finishFailure(
            call, "", fail(HY_ERROR_INTERNAL, "", "this is a defect of Halyard: please report it", "{}", fault.what()));
    }
}

} // namespace halyard
