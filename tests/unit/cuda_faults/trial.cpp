#include "trial.h"

#include <vector>

namespace halyard::test {
namespace {

constexpr uint64_t kLimit = 10'000'000'000;
constexpr uint64_t kBytes = 4096;

} // namespace

Report& lastError() {
    thread_local Report error;
    return error;
}

bool Trial::step(const char* name, HyResult result) {
    if (result == HY_SUCCESS)
        return true;
    report_ = lastError();
    report_.step = name;
    report_.result = result;
    return false;
}

bool Trial::open() {
    return step("initialise", api_.initialise(&services_, &context_)) &&
           step("open", api_.device->open(context_, 0, &device_));
}

bool Trial::start() {
    if (!open())
        return false;
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    desc.label = "stream 'trial'";
    void* host = nullptr;
    return step("stream", api_.stream->create(device_, &desc, &stream_)) &&
           step("allocate", api_.memory->allocate(device_, kBytes, &memory_, &host));
}

bool Trial::load(const std::string& ptx, const char* name) {
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = HY_MODULE_FORMAT_PTX;
    desc.data = ptx.data();
    desc.dataBytes = ptx.size();
    const HyBackendParameter parameter{HY_PARAMETER_GLOBAL_POINTER, 8, 8, 0};
    HyBackendKernelDesc kernel{};
    kernel.structSize = sizeof kernel;
    kernel.name = name;
    kernel.parameters = &parameter;
    kernel.parameterCount = 1;
    kernel.argumentBytes = 8;
    return step("module", api_.module->load(device_, &desc, &module_)) &&
           step("kernel", api_.module->createKernel(module_, &kernel, &kernel_));
}

bool Trial::launch() {
    const void* args[1] = {&memory_};
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.workgroupSize = launch.clusterSize = {1, 1, 1};
    launch.argCount = 1;
    launch.args = args;
    return step("launch", api_.stream->launch(stream_, kernel_, &launch));
}

bool Trial::wait(uint64_t timeoutNs) {
    return step("wait", api_.stream->synchronize(stream_, timeoutNs));
}

bool Trial::reset(uint64_t timeoutNs) {
    return step("reset", api_.device->reset(device_, timeoutNs));
}

bool Trial::fillThenReadBack() {
    const uint32_t ten = 10;
    if (!step("fill", api_.stream->fill(stream_, memory_, &ten, sizeof ten, kBytes / sizeof ten)) || !launch() ||
        !step("copy",
              api_.stream->copy(stream_, hyHostAddress(&found_), memory_, sizeof found_, HY_BACKEND_COPY_DST_HOST)) ||
        !wait(kLimit))
        return false;
    if (found_ == 15)
        return true;
    report_ = {"value", HY_ERROR_INTERNAL, "read " + std::to_string(found_) + " instead of 15", "", 0};
    return false;
}

uint64_t Trial::freeBytes() {
    uint64_t free = 0;
    uint64_t total = 0;
    return api_.device->getMemoryInfo(device_, &free, &total) == HY_SUCCESS ? free : 0;
}

HyCapabilities Trial::capabilities() {
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    return api_.device->getProperties(context_, 0, &properties) == HY_SUCCESS ? properties.capabilities : 0;
}

HyResult Trial::close(uint64_t timeoutNs) {
    // As the runtime does: what stuck work uses is left to the device's end. Kept where a leak checker finds it.
    if (device_ != nullptr && api_.device->synchronize(device_, timeoutNs) == HY_ERROR_TIMEOUT) {
        static std::vector<const void*>& left = *new std::vector<const void*>;
        left.insert(left.end(), {kernel_, module_, stream_, device_, context_});
        kernel_ = nullptr;
        module_ = nullptr;
        memory_ = 0;
        stream_ = nullptr;
    }
    if (kernel_ != nullptr)
        api_.module->destroyKernel(kernel_);
    if (module_ != nullptr)
        api_.module->unload(module_);
    if (memory_ != 0)
        api_.memory->free(device_, memory_);
    if (stream_ != nullptr)
        api_.stream->destroy(stream_);
    const HyResult result = device_ != nullptr ? api_.device->close(device_, timeoutNs) : HY_SUCCESS;
    if (context_ != nullptr)
        api_.shutdown(context_);
    kernel_ = nullptr;
    module_ = nullptr;
    memory_ = 0;
    stream_ = nullptr;
    device_ = nullptr;
    context_ = nullptr;
    return result;
}

Trial::~Trial() {
    close(kLimit);
}

} // namespace halyard::test
