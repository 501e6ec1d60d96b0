// Which work is known to come before which: a vector clock for every stream, and what the host has seen to be done.
#pragma once

#include "halyard/layer.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace halyard::layers {

// How far each stream has come, by the stream's number; a stream that is not in it has done nothing.
using Clock = std::unordered_map<uint32_t, uint64_t>;

// One piece of work of one stream.
struct Epoch {
    uint32_t stream = 0;
    uint64_t step = 0;
};

struct StreamOrder {
    uint32_t number = 0;
    HyDevice device = nullptr;
    uint64_t steps = 0; // submitted
    Clock after;        // what its next work comes after, other than its own
    bool uncertain = false;
    bool opaque = false;        // other processes order its work, also from now on
    HyStream capture = nullptr; // where the capture began that it is part of
};

// Not thread-safe: the layer's lock is held.
class Order {
public:
    StreamOrder& add(HyStream stream, HyDevice device) {
        StreamOrder& order = streams_[stream];
        order = {};
        order.number = ++count_;
        order.device = device;
        return order;
    }
    // Its work goes on, and is still waited for with the device.
    void remove(HyStream stream) {
        if (const StreamOrder* order = find(stream); order != nullptr && order->steps > done(order->number))
            past_.push_back(*order);
        streams_.erase(stream);
    }
    // Null for a handle that is no stream of this instance.
    StreamOrder* find(HyStream stream) {
        const auto known = streams_.find(stream);
        return known != streams_.end() ? &known->second : nullptr;
    }

    Epoch submit(StreamOrder& stream) { return {stream.number, ++stream.steps}; }
    // All of the stream's work so far and what it comes after.
    Clock snapshot(const StreamOrder& stream) const {
        Clock clock = stream.after;
        clock[stream.number] = stream.steps;
        return clock;
    }
    Clock snapshot(HyDevice device) const {
        Clock all;
        for (const auto& [handle, stream] : streams_)
            if (stream.device == device)
                merge(all, snapshot(stream));
        for (const StreamOrder& stream : past_)
            if (stream.device == device)
                merge(all, snapshot(stream));
        return all;
    }
    // The stream's next work comes after that.
    void join(StreamOrder& stream, const Clock& clock) {
        for (const auto& [number, step] : clock)
            if (number != stream.number && step > done(number))
                stream.after[number] = std::max(stream.after[number], step);
    }
    // The host knows that it is done.
    void complete(const Clock& clock) {
        merge(done_, clock);
        std::erase_if(past_, [&](const StreamOrder& stream) { return stream.steps <= done(stream.number); });
        for (auto& [handle, stream] : streams_) {
            std::erase_if(stream.after, [&](const auto& entry) { return entry.second <= done(entry.first); });
            if (stream.steps <= done(stream.number))
                stream.uncertain = stream.opaque;
        }
    }
    void endCapture(HyStream origin) {
        for (auto& [handle, stream] : streams_)
            stream.capture = stream.capture == origin ? nullptr : stream.capture;
    }
    bool isDone(Epoch epoch) const { return epoch.step <= done(epoch.stream); }
    bool isBefore(Epoch epoch, const StreamOrder& stream) const {
        if (epoch.stream == stream.number || isDone(epoch))
            return true;
        const auto known = stream.after.find(epoch.stream);
        return known != stream.after.end() && epoch.step <= known->second;
    }

private:
    static void merge(Clock& into, const Clock& from) {
        for (const auto& [number, step] : from)
            into[number] = std::max(into[number], step);
    }
    uint64_t done(uint32_t number) const {
        const auto known = done_.find(number);
        return known != done_.end() ? known->second : 0;
    }

    std::map<HyStream, StreamOrder> streams_;
    std::vector<StreamOrder> past_; // destroyed with work left
    Clock done_;
    uint32_t count_ = 0;
};

// What the values of a semaphore stand for.
struct Semaphore {
    HyDevice shared = nullptr;                        // not null: other processes signal it too
    std::map<uint64_t, Clock> signals;                // by value
    std::vector<std::pair<HyStream, uint64_t>> waits; // for values that nobody has promised yet
};

} // namespace halyard::layers
