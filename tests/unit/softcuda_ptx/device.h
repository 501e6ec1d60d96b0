// A device's memory and the loading and running of PTX on it, for tests.
#pragma once

#include "ptx/program.h"

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard::softcuda::ptx::test {

// Allocations at addresses that are not the host's.
class TestMemory final : public Memory {
public:
    std::byte* resolve(uint64_t address, uint64_t bytes, bool write, uint64_t* begin, uint64_t* end) override;
    uint64_t generation() const override { return generation_; }
    uint64_t allocate(uint64_t bytes, uint64_t alignment) override;
    void free(uint64_t address) override;
    size_t allocations() const { return blocks_.size(); }
    uint64_t limit = uint64_t(1) << 30; // bytes of one allocation
    bool readOnly = false;

private:
    std::map<uint64_t, std::vector<std::byte>> blocks_;
    uint64_t next_ = 0x700000000, generation_ = 1;
};

class Device {
public:
    // Loads "body" behind the head of a module; an error fails the test and gives null.
    Program* load(const std::string& body, uint32_t version = 87, uint32_t processor = 90);
    // The log of a module that does not load, or "".
    std::string refusal(const std::string& body, LoadStatus expected = LoadStatus::InvalidPtx, uint32_t version = 87,
                        uint32_t processor = 90);
    template <class T> uint64_t buffer(const std::vector<T>& values) {
        const uint64_t address = memory.allocate(values.size() * sizeof(T), 256);
        std::memcpy(host(address, values.size() * sizeof(T)), values.data(), values.size() * sizeof(T));
        return address;
    }
    template <class T> std::vector<T> read(uint64_t address, size_t count) {
        std::vector<T> values(count);
        std::memcpy(values.data(), host(address, count * sizeof(T)), count * sizeof(T));
        return values;
    }
    std::byte* host(uint64_t address, uint64_t bytes);
    // Runs the first kernel with 64-bit parameters.
    std::optional<Fault> run(uint32_t blocks, uint32_t threads, std::vector<uint64_t> parameters,
                             uint32_t dynamicShared = 0, bool cooperative = false);
    // Likewise, and a fault fails the test.
    void expectRuns(uint32_t blocks, uint32_t threads, std::vector<uint64_t> parameters, uint32_t dynamicShared = 0,
                    bool cooperative = false);

    TestMemory memory;
    std::unique_ptr<Program> program;
    std::atomic<bool> stop{false};
};

// The module's head, for .target sm_`processor`.
std::string head(uint32_t version = 87, uint32_t processor = 90);
// A kernel k(.u64 out, .u64 in) with registers %r, %rd, %f, %p, %rs, %fd; %rd1 is out, %rd2 in, %r1 %tid.x; at the end
// of the body %rd3 is &out[%r1] of 4 bytes.
std::string kernel(const std::string& body, const std::string& before = "");

} // namespace halyard::softcuda::ptx::test
