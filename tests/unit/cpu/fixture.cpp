#include "fixture.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <thread>

namespace halyard::cpu_test {

namespace {

constexpr uint32_t kModuleWords[] = {0x07230203, 0x00010400, 0, 1, 0};
constexpr uint8_t kDigest[32] = {1, 2, 3};

Services& servicesOf(void* context) {
    return *static_cast<Services*>(context);
}

} // namespace

Error& Services::error() {
    static thread_local Error error;
    return error;
}

Services::Services() {
    table_.structSize = sizeof table_;
    table_.abi = HY_BACKEND_ABI;
    table_.context = this;
    table_.log = [](void* context, HyLogLevel level, const char* message) {
        Services& self = servicesOf(context);
        if (level <= HY_LOG_WARNING) {
            const std::scoped_lock lock(self.mutex_);
            self.warnings_.emplace_back(message);
        }
    };
    table_.setError = [](void*, const HyBackendError* record) {
        const auto text = [](const char* words) { return std::string(words != nullptr ? words : ""); };
        error() = {record->code, text(record->message), text(record->argument), text(record->hint)};
    };
    table_.getEnv = [](void* context, const char* name) -> const char* {
        const auto& environment = servicesOf(context).environment;
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
    };
    table_.jitCompile = [](void* context, const HyJitRequest* request, HyJitArtifact* outArtifact) {
        return servicesOf(context).compile(*request, *outArtifact);
    };
    table_.jitRelease = [](void* context, HyJitArtifact* artifact) {
        std::free(artifact->owner);
        servicesOf(context).liveArtifacts.fetch_sub(1);
    };
}

std::vector<std::string> Services::warnings() const {
    const std::scoped_lock lock(mutex_);
    return warnings_;
}

HyResult Services::compile(const HyJitRequest& request, HyJitArtifact& outArtifact) {
    compiles.fetch_add(1);
    EXPECT_STREQ(request.target, "host");
    EXPECT_EQ(std::memcmp(request.spirv, kModuleWords, sizeof kModuleWords), 0);
    EXPECT_EQ(std::memcmp(request.spirvDigest, kDigest, sizeof kDigest), 0);
    std::string name = request.kernel;
    const uint32_t* size = request.workgroupSize;
    if (size[0] != 0) {
        sizedCompiles.fetch_add(1);
        std::this_thread::sleep_for(std::chrono::milliseconds(sizedCompileDelayMs.load()));
        name += "_" + std::to_string(size[0]) + "_" + std::to_string(size[1]) + "_" + std::to_string(size[2]);
    }
    std::ifstream file(std::string(CPU_KERNELS) + "/" + name + ".so", std::ios::binary);
    if (!file || (size[0] != 0 && failSizedCompiles)) {
        error() = {HY_ERROR_COMPILE_FAILED, "no " + name, "", ""};
        return HY_ERROR_COMPILE_FAILED;
    }
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    outArtifact.owner = std::malloc(bytes.size());
    std::memcpy(outArtifact.owner, bytes.data(), bytes.size());
    outArtifact.data = outArtifact.owner;
    outArtifact.bytes = bytes.size();
    liveArtifacts.fetch_add(1);
    return HY_SUCCESS;
}

HyBackendParameter value(uint32_t bytes, uint32_t offset) {
    return {HY_PARAMETER_VALUE, bytes, bytes, offset};
}

HyBackendParameter pointer(uint32_t offset) {
    return {HY_PARAMETER_GLOBAL_POINTER, 8, 8, offset};
}

HyBackendParameter localPointer(uint32_t offset) {
    return {HY_PARAMETER_LOCAL_POINTER, 8, 8, offset};
}

const HyBackendInterface& cpuInterface() {
    static const HyBackendInterface* interface = [] {
        void* library = dlopen(CPU_LIBRARY, RTLD_NOW | RTLD_LOCAL);
        EXPECT_NE(library, nullptr) << dlerror();
        const auto get = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, "hyBackendGetInterface"));
        const Services services;
        const HyBackendInterface* found = nullptr;
        EXPECT_EQ(get(HY_BACKEND_ABI, services.table(), &found), HY_SUCCESS);
        return found;
    }();
    return *interface;
}

Device::Device(const char* variable, const char* value) {
    services_.environment.emplace(variable, value);
    // Two threads wherever the tests run, so that what they say of sharing and overlap holds on one processor too.
    services_.environment.emplace("HALYARD_CPU_THREADS", "2");
    EXPECT_EQ(cpuInterface().initialise(services_.table(), &context_), HY_SUCCESS);
    EXPECT_EQ(cpuInterface().device->open(context_, 0, &device_), HY_SUCCESS);
}

Device::~Device() {
    if (device_ != nullptr) {
        EXPECT_EQ(close(kLong), HY_SUCCESS) << Services::error().message;
    }
}

HyResult Device::close(uint64_t timeoutNs) {
    for (HyBackendKernel kernel : kernels_) {
        EXPECT_EQ(cpuInterface().module->destroyKernel(kernel), HY_SUCCESS);
    }
    for (HyBackendModule module : modules_) {
        EXPECT_EQ(cpuInterface().module->unload(module), HY_SUCCESS);
    }
    for (HyBackendEvent event : events_) {
        EXPECT_EQ(cpuInterface().event->destroy(event), HY_SUCCESS);
    }
    for (HyBackendStream stream : streams_) {
        EXPECT_EQ(cpuInterface().stream->destroy(stream), HY_SUCCESS);
    }
    const HyResult result = cpuInterface().device->close(std::exchange(device_, nullptr), timeoutNs);
    cpuInterface().shutdown(context_);
    EXPECT_EQ(services_.liveArtifacts.load(), 0u);
    return result;
}

HyBackendStream Device::stream(int32_t priority) {
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    desc.priority = priority;
    HyBackendStream stream = nullptr;
    EXPECT_EQ(cpuInterface().stream->create(device_, &desc, &stream), HY_SUCCESS) << Services::error().message;
    streams_.push_back(stream);
    return stream;
}

HyBackendEvent Device::event(uint32_t flags) {
    HyBackendEvent event = nullptr;
    EXPECT_EQ(cpuInterface().event->create(device_, flags, &event), HY_SUCCESS);
    events_.push_back(event);
    return event;
}

HyBackendModule Device::module() {
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = HY_MODULE_FORMAT_SPIRV;
    desc.data = kModuleWords;
    desc.dataBytes = sizeof kModuleWords;
    desc.spirvDigest = kDigest;
    HyBackendModule module = nullptr;
    EXPECT_EQ(cpuInterface().module->load(device_, &desc, &module), HY_SUCCESS);
    modules_.push_back(module);
    return module;
}

HyResult Device::tryKernel(const char* name, std::vector<HyBackendParameter> parameters, HyBackendKernel* out,
                           HyDim3 required, std::vector<uint32_t> lengthOffsets, uint32_t argumentBytes) {
    auto text = std::make_unique<KernelText>();
    *text = {name, std::move(parameters), std::move(lengthOffsets)};
    HyBackendKernelDesc desc{};
    desc.structSize = sizeof desc;
    desc.name = text->name.c_str();
    desc.parameters = text->parameters.data();
    desc.parameterCount = static_cast<uint32_t>(text->parameters.size());
    desc.argumentBytes = argumentBytes;
    if (argumentBytes == 0) {
        for (const HyBackendParameter& parameter : text->parameters) {
            desc.argumentBytes = (parameter.offset + parameter.bytes + 7) / 8 * 8;
        }
        desc.argumentBytes += static_cast<uint32_t>(text->lengthOffsets.size()) * 8;
    }
    desc.requiredWorkgroupSize = required;
    desc.lengthOffsets = text->lengthOffsets.data();
    desc.lengthCount = static_cast<uint32_t>(text->lengthOffsets.size());
    const HyResult result = cpuInterface().module->createKernel(module(), &desc, out);
    if (result == HY_SUCCESS) {
        kernels_.push_back(*out);
        texts_.push_back(std::move(text));
    }
    return result;
}

HyBackendKernel Device::kernel(const char* name, std::vector<HyBackendParameter> parameters) {
    HyBackendKernel kernel = nullptr;
    EXPECT_EQ(tryKernel(name, std::move(parameters), &kernel), HY_SUCCESS) << Services::error().message;
    return kernel;
}

void* Device::allocate(uint64_t bytes) {
    HyDevicePtr ptr = 0;
    void* host = nullptr;
    EXPECT_EQ(cpuInterface().memory->allocate(device_, bytes, &ptr, &host), HY_SUCCESS) << Services::error().message;
    return host;
}

HyResult Device::launch(HyBackendStream stream, HyBackendKernel kernel, HyDim3 groups, HyDim3 size,
                        std::vector<const void*> args, const std::vector<uint64_t>& lengths) {
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = groups;
    launch.workgroupSize = size;
    launch.args = args.data();
    launch.argCount = static_cast<uint32_t>(args.size());
    launch.bufferLengths = lengths.data();
    launch.clusterSize = {1, 1, 1};
    return cpuInterface().stream->launch(stream, kernel, &launch);
}

bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 10'000; ++i) {
        if (done()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

} // namespace halyard::cpu_test

// Asking for memory that no machine has must fail under the sanitizers as it does without them, not end the test.
extern "C" __attribute__((visibility("default"), used)) const char* __asan_default_options() {
    return "allocator_may_return_null=1";
}
extern "C" __attribute__((visibility("default"), used)) const char* __tsan_default_options() {
    return "allocator_may_return_null=1";
}
