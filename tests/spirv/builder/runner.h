// Runs modules on a device through the public interface. A refusal or failure is a value here, with the runtime's
// words, so that a test can expect it, report it, or try a smaller module.
#pragma once

#include "builder/module.h"
#include "halyard/halyard.h"

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace halyard::spirvtest {

using Bytes = std::vector<uint8_t>;

// What became of a load or a launch.
struct Outcome {
    HyResult code = HY_SUCCESS;
    std::string call;    // the call that failed: "hyModuleLoad"
    std::string message; // what the runtime said

    bool ok() const { return code == HY_SUCCESS; }
    // "hyModuleLoad gave HY_ERROR_UNSUPPORTED_SPIRV: ..."
    std::string text() const;
};

// One argument of a launch.
struct Argument {
    enum class Kind { Buffer, Value, Local, Address };
    Kind kind = Kind::Buffer;
    Bytes bytes;             // a buffer's contents, before and after the launch; or the value
    uint64_t localBytes = 0; // of workgroup memory
    size_t target = 0; // Address: the number of the buffer argument before this one whose device address is the value

    static Argument buffer(Bytes bytes) { return {Kind::Buffer, std::move(bytes)}; }
    // `count` bytes that the kernel will write; they start as 0xa5, so that what stays unwritten shows.
    static Argument output(size_t count) { return buffer(Bytes(count, 0xa5)); }
    template <typename T> static Argument value(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        const auto* first = reinterpret_cast<const uint8_t*>(&value);
        return {Kind::Value, Bytes(first, first + sizeof value)};
    }
    static Argument local(uint64_t bytes) { return {Kind::Local, {}, bytes}; }
    // The 64-bit address of another argument's buffer, by value.
    static Argument addressOf(size_t argument) { return {Kind::Address, {}, 0, argument}; }
};

struct Launch {
    std::string kernel;
    HyDim3 workgroups = {1, 1, 1};
    HyDim3 workgroupSize = {1, 1, 1};
    std::vector<Argument> arguments; // buffers hold their contents after the launch when run() returns
};

// A module on a device. Not thread-safe; several may be used at once by different threads.
class Program {
public:
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    // Compiles one kernel without running it.
    Outcome prepare(const std::string& kernel);
    // Compiles the kernel, copies the buffers there, launches once, waits (at most a minute), and copies them back.
    Outcome run(Launch& launch);

private:
    friend class TestDevice;
    Program(HyDevice device, HyModule module) : device_(device), module_(module) {}

    HyDevice device_;
    HyModule module_;
};

// A device by selector, with an instance of its own.
class TestDevice {
public:
    // Null, with the reason in *why, when there is no such device.
    static std::unique_ptr<TestDevice> open(const std::string& selector, std::string* why);
    ~TestDevice();
    TestDevice(const TestDevice&) = delete;
    TestDevice& operator=(const TestDevice&) = delete;

    const std::string& selector() const { return selector_; }
    const HyDeviceProperties& properties() const { return properties_; }
    // Loads a module. *program is set on success, and must go before the device does. flags: as HyModuleDesc has them.
    Outcome load(const Words& words, std::unique_ptr<Program>* program,
                 const std::vector<HySpecConstant>& constants = {}, uint32_t flags = 0);
    // load, then Program::run.
    Outcome run(const Words& words, Launch& launch, const std::vector<HySpecConstant>& constants = {});

private:
    TestDevice() = default;

    std::string selector_;
    HyInstance instance_ = nullptr;
    HyDevice device_ = nullptr;
    HyDeviceProperties properties_ = {};
};

} // namespace halyard::spirvtest
