// A loaded PTX module and its launches: what the driver's entry points use of the interpreter.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halyard::softcuda::ptx {

// The memory of the device as kernels see it.
class Memory {
public:
    virtual ~Memory() = default;
    // The host's pointer to `bytes` at the device address, or null when that is not all inside one allocation that may
    // be used so. Thread-safe and fast: called for each access that misses the interpreter's own cache of ranges.
    // `*rangeBegin` and `*rangeEnd` become the addresses for which the same translation holds.
    virtual std::byte* resolve(uint64_t address, uint64_t bytes, bool write, uint64_t* rangeBegin,
                               uint64_t* rangeEnd) = 0;
    // Changes whenever an allocation goes, so that the interpreter drops its cache.
    virtual uint64_t generation() const = 0;
    // For the module's .global and .const variables. Zero when there is no memory left.
    virtual uint64_t allocate(uint64_t bytes, uint64_t alignment) = 0;
    virtual void free(uint64_t address) = 0;
};

struct LoadOptions {
    uint32_t maxVersion = 90; // 78 for PTX 7.8
    uint32_t processor = 90;  // sm_90
};

enum class LoadStatus { Ok, InvalidPtx, UnsupportedVersion, NoBinaryForDevice, OutOfMemory };

struct FunctionInfo {
    std::string name;
    struct Parameter {
        uint32_t offset = 0, bytes = 0;
    };
    std::vector<Parameter> parameters;
    uint32_t parameterBytes = 0;
    uint32_t staticSharedBytes = 0, localBytes = 0, constBytes = 0;
    uint32_t registers = 0; // an estimate, at most 255
    uint32_t maxThreads = 1024;
    std::array<uint32_t, 3> requiredThreads{};
};

enum class FaultKind {
    IllegalAddress,
    MisalignedAddress,
    IllegalInstruction,
    Trap,
    Stopped,
    InvalidAddressSpace,
    StackError
};
struct Fault {
    FaultKind kind = FaultKind::IllegalInstruction;
    std::string words; // the instruction, its line, block and thread
    uint64_t address = 0;
};

struct Launch {
    uint32_t function = 0; // index in functions()
    std::array<uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
    uint32_t dynamicSharedBytes = 0;
    const std::byte* parameters = nullptr; // FunctionInfo::parameterBytes; copied before run() returns
    bool cooperative = false;              // all blocks must be resident
};

// Not changed by launches, but for its variables in the device's memory. Launches may run at the same time.
class Program {
public:
    virtual ~Program() = default; // frees its variables
    static LoadStatus load(std::string_view text, const LoadOptions& options, Memory& memory,
                           std::unique_ptr<Program>& out, std::string& log);
    virtual const std::vector<FunctionInfo>& functions() const = 0;
    // Address and size of a .global variable, or nothing.
    virtual std::optional<std::pair<uint64_t, uint64_t>> global(std::string_view name) const = 0;
    // Runs the launch on the calling thread to its end. Blocks make progress in turn when they are resident together:
    // up to 16, or all of a cooperative launch. Polls `stop` every few thousand instructions: Fault Stopped.
    virtual std::optional<Fault> run(const Launch& launch, const std::atomic<bool>& stop) = 0;
};

} // namespace halyard::softcuda::ptx
