// A stream of the driver, and what this backend keeps for it: the names of the kernels it launched last, and memory
// that kernels and copies need in its order.
#pragma once

#include "device.h"
#include "stream_gate.h"
#include "timeline.h"

#include <array>

namespace halyard::cuda {

// The memory behind the printf of a stream's kernels, which take turns with it.
struct PrintMemory {
    CUdeviceptr device = 0;  // a HyPtxPrintBuffer
    uint8_t* host = nullptr; // its pinned copy
};

class StreamProfile;

// Thread-safe. Kept by its handle, by the device's closing, and by calls in progress.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    // Takes over `handle`, unless it is foreign. `label` is for messages: "stream 3", "stream 'upload'".
    Stream(std::shared_ptr<Device> device, CUstream handle, std::string label);
    ~Stream();

    Device& device() const { return *device_; }
    const std::shared_ptr<Device>& sharedDevice() const { return device_; }
    CUstream handle() const { return handle_; }
    const std::string& label() const { return label_; }

    // HY_SUCCESS, or the failure with the record set.
    HyResult check(CUresult code, const char* what) { return device_->check(code, what); }
    // HY_SUCCESS, HY_NOT_READY, or the failure.
    HyResult query();
    HyResult synchronize(uint64_t deadline);
    // As synchronize, of what the driver knows.
    HyResult finish(uint64_t deadline);
    // All work is done. False also when the stream failed.
    bool idle();

    // A kernel was launched; `name` is the device's own copy. Costs a few instructions.
    void note(const char* name) {
        const uint64_t at = launched_.fetch_add(1, std::memory_order_relaxed);
        names_[at % kNames].store(name, std::memory_order_relaxed);
    }
    // Appends the names of kernels that may still run, each once.
    void addSuspects(std::vector<std::string_view>& names) const;

    // What the stream waits for that is not the driver's. It may outlive the stream.
    const std::shared_ptr<StreamGate>& gate() { return gate_; }
    // Later work waits until the timeline is at `value`; the host does not. `keep` lives as long. A failure has the
    // record set. Throws std::bad_alloc.
    HyResult waitFor(Timeline& timeline, uint64_t value, std::shared_ptr<void> keep);
    // No other stream of this process has it or had it.
    uint64_t number() const { return number_; }
    // A failure of the stream's own, which the driver knows nothing of: the first one stays. What was submitted goes
    // on.
    HyResult failed() const { return failed_.load(std::memory_order_acquire); }
    // `status` of work of a stream, which may be gone, or the stream's own failure before it.
    static HyResult statusAfter(const std::weak_ptr<Stream>& stream, HyResult status) {
        const std::shared_ptr<Stream> caller = stream.lock();
        return status == HY_SUCCESS && caller != nullptr ? caller->failed() : status;
    }
    void failWith(HyResult result, const std::string& message, uint64_t signal = UINT64_MAX) noexcept;
    // Signals of semaphores are numbered, so that an event can tell whether it was recorded behind the one that failed.
    uint64_t nextSignal() { return signals_.fetch_add(1, std::memory_order_relaxed) + 1; }
    uint64_t signals() const { return signals_.load(std::memory_order_relaxed); }
    // HY_SUCCESS, or the failure of one of the first `signals` signals with the record set.
    HyResult usableAfter(uint64_t signals) {
        return failed() == HY_SUCCESS || failedSignal_ > signals ? HY_SUCCESS : repeatFailure();
    }
    // HY_SUCCESS, or that failure with the record set.
    HyResult usable() { return failed() == HY_SUCCESS ? HY_SUCCESS : repeatFailure(); }

    // Its commands that were timed; made at the first use. Throws std::bad_alloc.
    std::shared_ptr<StreamProfile> profile();

    // Held while several commands of one kind must follow each other.
    std::mutex& submitMutex() { return submitMutex_; }
    // Made at the first use. REQUIRES: submitMutex is held.
    HyResult printMemory(PrintMemory& out);
    HyResult gridBarrier(CUdeviceptr& out);
    // Pinned memory that copies from and to pageable memory go through.
    HyResult staging(uint8_t*& out);
    static constexpr uint32_t kPrintBytes = 1 << 20;
    static constexpr uint64_t kStagingBytes = 8 << 20;

private:
    HyResult queryDriver();
    static constexpr size_t kNames = 16;
    [[gnu::cold]] HyResult repeatFailure();

    const std::shared_ptr<Device> device_;
    const CUstream handle_;
    const std::string label_;
    const uint64_t number_;
    std::atomic<uint64_t> launched_{0};
    std::atomic<uint64_t> seenDone_{0}; // launches that are known to have ended
    std::array<std::atomic<const char*>, kNames> names_{};
    std::mutex submitMutex_;
    PrintMemory print_;
    CUdeviceptr grid_ = 0;
    uint8_t* staging_ = nullptr;
    const std::shared_ptr<StreamGate> gate_;
    std::mutex profileMutex_;
    std::shared_ptr<StreamProfile> profile_;
    std::atomic<HyResult> failed_{HY_SUCCESS};
    std::atomic<uint64_t> signals_{0};
    uint64_t failedSignal_ = 0; // written before failed_
    std::mutex failureMutex_;
    std::string failure_;
};

} // namespace halyard::cuda
