#include "builder/runner.h"

namespace halyard::spirvtest {

namespace {

constexpr uint64_t kLimitNs = 60'000'000'000;

Outcome outcome(HyResult code) {
    if (code == HY_SUCCESS) {
        return {};
    }
    HyErrorInfo info = {};
    info.structSize = sizeof info;
    if (hyGetLastError(&info) != HY_SUCCESS) {
        return {code, "", "no error record"};
    }
    std::string message = info.message;
    if (info.hint[0] != '\0') {
        message += std::string(". ") + info.hint;
    }
    return {code, info.call, message};
}

// The device memory of a launch, freed with it.
class Memory {
public:
    explicit Memory(HyDevice device) : device_(device) {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() {
        for (HyDevicePtr address : addresses_) {
            static_cast<void>(hyMemFree(device_, address));
        }
    }
    HyResult allocate(uint64_t bytes, HyDevicePtr* address) {
        const HyResult result = hyMemAlloc(device_, bytes, address);
        if (result == HY_SUCCESS) {
            addresses_.push_back(*address);
        }
        return result;
    }

private:
    HyDevice device_;
    std::vector<HyDevicePtr> addresses_;
};

// A stream of its own for each launch, since a failure sticks to its stream.
struct StreamHandle {
    HyStream stream = nullptr;
    ~StreamHandle() {
        if (stream != nullptr) {
            static_cast<void>(hyStreamDestroy(stream));
        }
    }
};

struct KernelHandle {
    HyKernel kernel = nullptr;
    ~KernelHandle() {
        if (kernel != nullptr) {
            static_cast<void>(hyKernelDestroy(kernel));
        }
    }
};

} // namespace

std::string Outcome::text() const {
    return ok() ? "success" : call + " gave " + hyResultName(code) + ": " + message;
}

Program::~Program() {
    static_cast<void>(hyModuleDestroy(module_));
}

Outcome Program::prepare(const std::string& kernel) {
    KernelHandle handle;
    return outcome(hyKernelCreate(module_, kernel.c_str(), &handle.kernel));
}

Outcome Program::run(Launch& launch) {
    KernelHandle handle;
    HyResult result = hyKernelCreate(module_, launch.kernel.c_str(), &handle.kernel);
    if (result != HY_SUCCESS) {
        return outcome(result);
    }
    StreamHandle queue;
    result = hyStreamCreate(device_, nullptr, &queue.stream);
    if (result != HY_SUCCESS) {
        return outcome(result);
    }
    const HyStream stream = queue.stream;
    Memory memory(device_);
    std::vector<HyDevicePtr> addresses(launch.arguments.size());
    std::vector<const void*> pointers;
    for (size_t i = 0; i < launch.arguments.size(); ++i) {
        Argument& argument = launch.arguments[i];
        if (argument.kind == Argument::Kind::Value) {
            pointers.push_back(argument.bytes.data());
            continue;
        }
        if (argument.kind == Argument::Kind::Address) {
            pointers.push_back(&addresses.at(argument.target));
            continue;
        }
        if (argument.kind == Argument::Kind::Local) {
            pointers.push_back(&argument.localBytes);
            continue;
        }
        result = memory.allocate(argument.bytes.size(), &addresses[i]);
        if (result == HY_SUCCESS) {
            result = hyMemcpyAsync(stream, addresses[i], hyHostAddress(argument.bytes.data()), argument.bytes.size());
        }
        if (result != HY_SUCCESS) {
            return outcome(result);
        }
        pointers.push_back(&addresses[i]);
    }
    result = hyLaunchKernel(stream, handle.kernel, launch.workgroups, launch.workgroupSize, 0, pointers.data(),
                            static_cast<uint32_t>(pointers.size()));
    for (size_t i = 0; i < launch.arguments.size() && result == HY_SUCCESS; ++i) {
        Argument& argument = launch.arguments[i];
        if (argument.kind == Argument::Kind::Buffer) {
            result = hyMemcpyAsync(stream, hyHostAddress(argument.bytes.data()), addresses[i], argument.bytes.size());
        }
    }
    if (result == HY_SUCCESS) {
        result = hyStreamSynchronize(stream, kLimitNs);
    }
    return outcome(result);
}

std::unique_ptr<TestDevice> TestDevice::open(const std::string& selector, std::string* why) {
    std::unique_ptr<TestDevice> device(new TestDevice);
    device->selector_ = selector;
    device->properties_.structSize = sizeof device->properties_;
    HyResult result = hyInstanceCreate(nullptr, &device->instance_);
    if (result == HY_SUCCESS) {
        result = hyDeviceFind(device->instance_, selector.c_str(), &device->device_);
    }
    if (result == HY_SUCCESS) {
        result = hyDeviceGetProperties(device->device_, &device->properties_);
    }
    if (result != HY_SUCCESS) {
        *why = outcome(result).text();
        return nullptr;
    }
    return device;
}

TestDevice::~TestDevice() {
    if (instance_ != nullptr) {
        static_cast<void>(hyInstanceDestroy(instance_));
    }
}

Outcome TestDevice::load(const Words& words, std::unique_ptr<Program>* program,
                         const std::vector<HySpecConstant>& constants, uint32_t flags) {
    HyModuleDesc desc = {};
    desc.structSize = sizeof desc;
    desc.flags = flags;
    desc.data = words.data();
    desc.dataBytes = words.size() * sizeof(uint32_t);
    desc.format = HY_MODULE_FORMAT_SPIRV;
    desc.specConstantCount = static_cast<uint32_t>(constants.size());
    desc.specConstants = constants.empty() ? nullptr : constants.data();
    HyModule module = nullptr;
    const HyResult result = hyModuleLoad(device_, &desc, &module);
    if (result != HY_SUCCESS) {
        return outcome(result);
    }
    program->reset(new Program(device_, module));
    return {};
}

Outcome TestDevice::run(const Words& words, Launch& launch, const std::vector<HySpecConstant>& constants) {
    std::unique_ptr<Program> program;
    const Outcome loaded = load(words, &program, constants);
    return loaded.ok() ? program->run(launch) : loaded;
}

} // namespace halyard::spirvtest
