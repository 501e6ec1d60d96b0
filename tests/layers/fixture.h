// What tests of layers share: an instance with layers, and what it logs.
#pragma once

#include "../conformance/fixture.h"
#include "layers_cl.spv.h"

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>

namespace halyard::layers {

using conformance::lastError;

// A variable of the environment for the life of the object. Made before any other thread.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
};

// Lines of the instance's log, as "source: message".
struct Lines {
    std::mutex mutex;
    std::vector<std::string> all;

    static void receive(void* user, HyLogLevel, const char* source, const char* message) {
        auto& self = *static_cast<Lines*>(user);
        const std::lock_guard lock(self.mutex);
        self.all.push_back(std::string(source) + ": " + message);
    }
    std::vector<std::string> from(const std::string& source) {
        const std::lock_guard lock(mutex);
        std::vector<std::string> some;
        for (const std::string& line : all)
            if (line.starts_with(source + ": "))
                some.push_back(line.substr(source.size() + 2));
        return some;
    }
};

inline HyInstanceDesc describe(const char* layers, Lines& lines, HyLogLevel level = HY_LOG_INFO) {
    HyInstanceDesc desc{};
    desc.structSize = sizeof desc;
    desc.logCallback = Lines::receive;
    desc.logUser = &lines;
    desc.logLevel = level;
    desc.layers = layers;
    return desc;
}

inline std::string readFile(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// The cpu under some layers, with a stream and the two kernels.
class LayerTest : public conformance::DeviceTest {
protected:
    explicit LayerTest(const char* layers) : layers_(layers) {}
    void SetUp() override {
        const HyInstanceDesc desc = describe(layers_, lines);
        ASSERT_OK(hyInstanceCreate(&desc, &instance));
        ASSERT_OK(hyDeviceFind(instance, conformance::deviceUnderTest(), &device));
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        module = loadModule(layers_cl_spv, layers_cl_spv_size);
        scale = makeKernel(module, "scale");
        increment = makeKernel(module, "increment");
    }
    void TearDown() override { destroyAll(); }
    // Leaves nothing behind that would be a leak.
    void destroyAll() {
        if (instance == nullptr)
            return;
        EXPECT_OK(hyKernelDestroy(scale));
        EXPECT_OK(hyKernelDestroy(increment));
        EXPECT_OK(hyModuleDestroy(module));
        EXPECT_OK(hyStreamDestroy(stream));
        EXPECT_OK(hyInstanceDestroy(instance));
        instance = nullptr;
    }
    HyResult launchIncrement(HyStream on, HyDevicePtr data) {
        const void* args[] = {&data};
        return hyLaunchKernel(on, increment, {kCount, 1, 1}, {1, 1, 1}, 0, args, 1);
    }
    HyResult launchScale(HyStream on, HyDevicePtr out, HyDevicePtr in) {
        const float factor = 2;
        const void* args[] = {&out, &in, &factor};
        return hyLaunchKernel(on, scale, {kCount, 1, 1}, {1, 1, 1}, 0, args, 3);
    }

    static constexpr uint32_t kCount = 16;
    static constexpr uint64_t kBytes = kCount * sizeof(float);
    Lines lines;
    HyModule module = nullptr;
    HyKernel scale = nullptr, increment = nullptr;

private:
    const char* const layers_;
};

} // namespace halyard::layers
