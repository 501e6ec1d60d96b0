// What a layer remembers of kernels, so that it asks the runtime once and not at each launch.
#pragma once

#include "halyard/layer.h"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace halyard::layers {

struct KernelParameter {
    HyParameterKind kind;
    uint32_t bytes;
    uint32_t offset; // in packed arguments
    bool readOnly;   // the module says that the kernel does not write through it
    std::string name;
};

struct KernelDescription {
    std::string name;
    std::vector<KernelParameter> parameters;
};

// Thread-safe. Descriptions live as long as the table, so that a name stays good after its kernel.
class KernelTable {
public:
    // Asks the runtime behind `next` about a kernel that was just made. Throws std::bad_alloc.
    void add(const HyLayerLink* next, HyKernel kernel);
    void remove(HyKernel kernel);
    // Null for a handle that is none.
    const KernelDescription* find(HyKernel kernel) const;

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<HyKernel, const KernelDescription*> live_;
    std::unordered_map<std::string, std::unique_ptr<KernelDescription>> known_; // by everything they say
};

// One launch, however it was asked for.
struct LaunchView {
    HyStream stream = nullptr;
    HyKernel kernel = nullptr;
    HyDim3 workgroups{}, workgroupSize{};
    const void* const* args = nullptr;
    const void* packedArgs = nullptr;
    uint64_t argCount = 0; // packed: bytes

    // Where the value of a parameter is; null when the caller gave none.
    const void* argument(const KernelDescription& kernel, size_t index) const;
};

// False when the structure is too old or too short to be a launch.
bool readLaunch(const HyLaunchDesc* desc, LaunchView& out);

} // namespace halyard::layers
