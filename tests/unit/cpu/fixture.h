// Drives the cpu backend as the runtime does: through its one exported function, with services of the test's own. The
// compiler is replaced by files: kernel "ids" for workgroups of 64 x 1 x 1 is kernels/ids_64_1_1.so, and kernels/ids.so
// is its general code.
#pragma once

#include "halyard/backend.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard::cpu_test {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLong = 60 * kSecond;

// The words that the backend set last on this thread.
struct Error {
    HyResult code = HY_SUCCESS;
    std::string message;
    std::string argument;
    std::string hint;
};

// The runtime's side of the interface.
class Services {
public:
    Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    const HyHostServices* table() const { return &table_; }
    static Error& error();
    std::vector<std::string> warnings() const;

    std::map<std::string, std::string> environment;
    std::atomic<uint32_t> compiles{0};      // all of them
    std::atomic<uint32_t> sizedCompiles{0}; // those for one workgroup size
    std::atomic<uint32_t> liveArtifacts{0}; // not yet released
    std::atomic<bool> failSizedCompiles{false};
    std::atomic<uint32_t> sizedCompileDelayMs{0};

private:
    HyResult compile(const HyJitRequest& request, HyJitArtifact& outArtifact);

    HyHostServices table_{};
    mutable std::mutex mutex_;
    std::vector<std::string> warnings_;
};

HyBackendParameter value(uint32_t bytes, uint32_t offset);
HyBackendParameter pointer(uint32_t offset);
HyBackendParameter localPointer(uint32_t offset);

const HyBackendInterface& cpuInterface();

// One open device. Closing checks that all work ended.
class Device {
public:
    Device() : Device("HALYARD_CPU_THREADS", "2") {}
    // With one environment variable.
    Device(const char* variable, const char* value);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    HyResult close(uint64_t timeoutNs);

    HyBackendStream stream(int32_t priority = 0);
    HyBackendEvent event(uint32_t flags = 0);
    HyBackendModule module();
    HyResult tryKernel(const char* name, std::vector<HyBackendParameter> parameters, HyBackendKernel* out,
                       HyDim3 required = {0, 0, 0}, std::vector<uint32_t> lengthOffsets = {},
                       uint32_t argumentBytes = 0);
    HyBackendKernel kernel(const char* name, std::vector<HyBackendParameter> parameters);
    // Device memory as the host sees it, zeroed; lives as long as the device.
    template <class T = uint32_t> T* memory(uint64_t count) { return static_cast<T*>(allocate(count * sizeof(T))); }
    void* allocate(uint64_t bytes);

    HyResult launch(HyBackendStream stream, HyBackendKernel kernel, HyDim3 groups, HyDim3 size,
                    std::vector<const void*> args, const std::vector<uint64_t>& lengths = {});
    void run(HyBackendStream stream, HyBackendKernel kernel, uint32_t groups, uint32_t size,
             std::vector<const void*> args) {
        ASSERT_EQ(launch(stream, kernel, {groups, 1, 1}, {size, 1, 1}, std::move(args)), HY_SUCCESS)
            << Services::error().message;
    }
    void wait(HyBackendStream stream) {
        ASSERT_EQ(cpuInterface().stream->synchronize(stream, kLong), HY_SUCCESS) << Services::error().message;
    }

    HyBackendDevice handle() const { return device_; }
    HyBackendContext context() const { return context_; }
    Services& services() { return services_; }

private:
    // What a kernel's description points to, which must live as long as the kernel.
    struct KernelText {
        std::string name;
        std::vector<HyBackendParameter> parameters;
        std::vector<uint32_t> lengthOffsets;
    };

    Services services_;
    HyBackendContext context_ = nullptr;
    HyBackendDevice device_ = nullptr;
    std::vector<HyBackendStream> streams_;
    std::vector<HyBackendEvent> events_;
    std::vector<HyBackendModule> modules_;
    std::vector<HyBackendKernel> kernels_;
    std::vector<std::unique_ptr<KernelText>> texts_;
};

// Polls until `done` answers true or ten seconds have passed.
bool eventually(const std::function<bool()>& done);

} // namespace halyard::cpu_test
