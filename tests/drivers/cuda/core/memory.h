// Which addresses are memory, and whose.
#pragma once

#include "ptx/program.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <vector>

namespace halyard::softcuda {

class Heap;
class Context;

enum class MemoryKind { Device, Pinned, Registered, Managed, Mapping, Imported, External };

struct Range {
    uint64_t begin = 0, bytes = 0;
    std::byte* host = nullptr; // where the bytes are
    MemoryKind kind = MemoryKind::Device;
    uint32_t device = 0;                   // where it lives, or whose context made it
    const Context* owner = nullptr;        // null: of the device, not of a context
    uint32_t flags = 0;                    // of the call that made it
    uint32_t readers = ~0u, writers = ~0u; // one bit a device
    uint64_t id = 0;                       // never used twice
    uint64_t mapBegin = 0, mapBytes = 0;   // Imported, External: the pages
    std::shared_ptr<void> keep;

    uint64_t end() const { return begin + bytes; }
    bool isDevice() const {
        return kind == MemoryKind::Device || kind == MemoryKind::Mapping || kind == MemoryKind::Imported ||
               kind == MemoryKind::External;
    }
    // Reachable at its address by the host.
    bool isHost() const { return !isDevice(); }
};

class AddressSpace {
public:
    // False when a part of it is taken.
    bool insert(Range range);
    // The range that begins there.
    std::optional<Range> remove(uint64_t begin);
    // Those of a context.
    std::vector<Range> removeOf(const Context* owner);
    // The range that holds the address.
    std::optional<Range> find(uint64_t address) const;
    // Whether a range touches these bytes.
    bool touches(uint64_t begin, uint64_t bytes) const;
    // The host's pointer to bytes that lie in one range, or in mappings side by side; null otherwise,
    // and when the mappings have no access.
    std::byte* span(uint64_t begin, uint64_t bytes) const;
    // Changes who may use the range that begins at `begin` and has `bytes`.
    bool setAccess(uint64_t begin, uint64_t bytes, uint32_t device, bool read, bool write);

    uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    // After a change that takes away access.
    void changed() { generation_.fetch_add(1, std::memory_order_acq_rel); }

private:
    const Range* at(uint64_t address) const;

    mutable std::shared_mutex mutex_;
    std::map<uint64_t, Range> ranges_;
    std::atomic<uint64_t> generation_{1};
    uint64_t nextId_ = 0;
};

} // namespace halyard::softcuda
