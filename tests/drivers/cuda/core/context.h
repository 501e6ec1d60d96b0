// A context: its error, its streams, and what is running in it.
#pragma once

#include "status.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace halyard::softcuda {

class Device;
class Stream;

class Context : public std::enable_shared_from_this<Context> {
public:
    static std::shared_ptr<Context> create(Device& device, uint32_t flags, bool primary);
    Context(Device& device, uint32_t flags, bool primary) : device_(device), primary_(primary), flags_(flags) {}

    Device& device() const { return device_; }
    uint64_t handle() const { return handle_; }
    bool isPrimary() const { return primary_; }
    uint32_t flags() const { return flags_; }
    void setFlags(uint32_t flags) { flags_ = flags; }

    // The error that every call gets from now on: the first one stays.
    void fail(Status status);
    Status status() const { return static_cast<Status>(error_.load()); }
    // The context goes; nothing that runs in it may wait for anything.
    bool stopping() const { return stopping_.load(); }

    std::shared_ptr<Stream> createStream(uint32_t flags, int priority);
    // The default stream: ordered with every stream that was not created as non-blocking.
    std::shared_ptr<Stream> defaultStream();
    // All streams with work, destroyed ones too.
    std::vector<std::shared_ptr<Stream>> streams();
    // Waits for all work.
    Status synchronize();

    // A flag that goes up when the context stops, for as long as a kernel runs.
    void addRunning(std::atomic<bool>* stop);
    void removeRunning(std::atomic<bool>* stop);

    // Stops what runs, waits for it, and frees everything of the context. Once.
    void shutDown();

    // Held while a command is put into a stream that the default stream is ordered with.
    std::mutex orderMutex;
    std::atomic<bool> defaultUsed{false};
    // Held while a host function runs.
    std::mutex hostFunctionMutex;

private:
    Device& device_;
    const bool primary_;
    uint64_t handle_ = 0;
    std::atomic<uint32_t> flags_;
    std::atomic<int> error_{0};
    std::atomic<bool> stopping_{false};
    std::mutex mutex_;
    std::vector<std::weak_ptr<Stream>> streams_;
    std::shared_ptr<Stream> default_;
    std::set<std::atomic<bool>*> running_;
};

// The calling thread's stack of contexts.
std::shared_ptr<Context> currentContext();
// The handle on top, whether it lives or not; zero when there is none.
uint64_t currentHandle();
void setCurrent(uint64_t handle);
bool pushCurrent(uint64_t handle);
uint64_t popCurrent();

} // namespace halyard::softcuda
