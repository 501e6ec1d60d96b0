// Brings what devices did to the layers that asked for it.
#pragma once

#include "halyard/activity.h"

#include <mutex>
#include <shared_mutex>
#include <vector>

namespace halyard {

struct Device;

// Shared by an instance and its layers, which outlive it. Thread-safe.
class ActivityHub {
public:
    // Replaces the sink of one layer; null: none. When it returns, the old one neither runs nor will run.
    void setSink(const void* owner, HyActivitySink sink, void* user);
    // The device is open: its activities come here from when there is a sink.
    void watch(Device& device);
    // Devices are about to close and are not touched any more.
    void forgetDevices();

    // The number for what the calling thread submits (HyLayerHost::setCorrelation).
    static void setCorrelation(uint64_t id) { correlation_ = id; }
    static uint64_t correlation() { return correlation_; }

private:
    struct Sink {
        const void* owner;
        HyActivitySink call;
        void* user;
    };
    static void receive(void* device, const HyActivity* activity);
    void deliver(const HyActivity& activity);
    static void connect(Device& device);

    std::mutex devicesMutex_; // taken before the other one
    std::vector<Device*> devices_;
    std::shared_mutex sinksMutex_;
    std::vector<Sink> sinks_;
    static inline thread_local uint64_t correlation_ = 0;
};

} // namespace halyard
