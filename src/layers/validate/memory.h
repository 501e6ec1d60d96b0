// Allocations, and who used which part of them last.
#pragma once

#include "layers/validate/findings.h"
#include "layers/validate/order.h"
#include "layers/validate/site.h"

#include <optional>

namespace halyard::layers {

// How launches count, whose reach inside an allocation nobody can see.
enum class RaceMode { Off, Exact, Allocation };

// One use of memory by work of a stream.
struct Access {
    Epoch epoch;
    uint64_t begin = 0, end = 0; // addresses
    bool write = false;
    bool exact = false; // the bounds are known; else the work may use less
    bool uncertain = false;
    std::string what; // "kernel 'saxpy' on stream 2"
    Site site;
};

struct Allocation {
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    HyDevice device = nullptr;
    const char* kind = "allocation";
    std::optional<Site> made; // not known for memory that came another way than by a call seen here
    std::optional<Site> freed;
    std::string freedBy; // "hyMemFree"
    std::vector<Access> accesses;

    uint64_t end() const { return base + bytes; }
    std::string text() const;
};

// Not thread-safe: the layer's lock is held.
class Memory {
public:
    Memory(const HyLayerHost& host, Findings& findings, Order& order, RaceMode mode)
        : host_(host), findings_(findings), order_(order), mode_(mode) {}

    Allocation& add(HyDevicePtr base, uint64_t bytes, HyDevice device, const char* kind);
    // Moves it to those that are gone; nothing happens when the address begins none.
    void remove(HyDevicePtr base, const char* call);
    void forgetDevice(HyDevice device);
    // A call gave the address out: it is live again, whoever knows as what.
    void reappear(HyDevicePtr address);

    // The live allocation that contains the address, or that ends there; null when there is none.
    Allocation* find(HyDevicePtr address);
    // The one that was there last, for an address that is in no live one.
    const Allocation* findGone(HyDevicePtr address) const;
    const std::map<HyDevicePtr, Allocation>& live() const { return live_; }

    // Reports what of the work of `stream` conflicts with earlier work that nothing orders before it, and notes the
    // access.
    void use(Allocation& allocation, const StreamOrder& stream, Access access, const char* findingKind = "race");

private:
    static constexpr size_t kMostGone = 4096;
    static constexpr size_t kMostAccesses = 128;
    bool conflict(const Access& before, const Access& now) const;

    const HyLayerHost& host_;
    Findings& findings_;
    Order& order_;
    const RaceMode mode_;
    std::map<HyDevicePtr, Allocation> live_; // by base
    std::map<HyDevicePtr, Allocation> gone_; // by base; none overlaps a live one
};

} // namespace halyard::layers
