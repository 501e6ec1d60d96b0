// The library behind the device under test, driven as the runtime drives it: through its one exported function, with
// services of the tests' own.
#pragma once

#include "fixture.h"
#include "halyard/backend.h"

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <mutex>

namespace halyard::conformance {

// The runtime's side of the interface, without a compiler: there is at most one kernel for the target "host", made
// beforehand.
class BackendServices {
public:
    struct Error {
        HyResult code = HY_SUCCESS;
        std::string message;
    };

    explicit BackendServices(uint32_t structSize = sizeof(HyHostServices), uint32_t abi = HY_BACKEND_ABI) {
        table_.structSize = structSize;
        table_.abi = abi;
        table_.context = this;
        table_.log = [](void*, HyLogLevel, const char* message) { EXPECT_NE(message, nullptr); };
        table_.setError = [](void*, const HyBackendError* record) {
            error() = {record->code, record->message != nullptr ? record->message : ""};
        };
        table_.getEnv = [](void*, const char* name) -> const char* { return std::getenv(name); };
        table_.jitCompile = [](void* context, const HyJitRequest* request, HyJitArtifact* outArtifact) -> HyResult {
            auto& self = *static_cast<BackendServices*>(context);
            if (self.hostKernel_ != nullptr && std::strcmp(request->target, "host") == 0 &&
                self.hostKernelName_ == request->kernel) {
                outArtifact->data = self.hostKernel_;
                outArtifact->bytes = self.hostKernelBytes_;
                ++self.artifacts_;
                return HY_SUCCESS;
            }
            error() = {HY_ERROR_COMPILER_LOST, "these services have no compiler"};
            return HY_ERROR_COMPILER_LOST;
        };
        table_.jitRelease = [](void* context, HyJitArtifact*) {
            EXPECT_GT(static_cast<BackendServices*>(context)->artifacts_--, 0) << "nothing was compiled";
        };
        table_.cacheGet = [](void*, const void*, uint64_t, HyJitArtifact*) -> HyResult { return HY_ERROR_NOT_FOUND; };
        table_.cachePut = [](void*, const void*, uint64_t, const void*, uint64_t) {};
        table_.print = [](void*, const char*, uint64_t) {};
        table_.getCorrelation = [](void*) -> uint64_t { return 0; };
        // What an older runtime does not have is not there at all.
        if (structSize < sizeof table_)
            std::memset(reinterpret_cast<char*>(&table_) + structSize, 0, sizeof table_ - structSize);
    }
    BackendServices(const BackendServices&) = delete;
    BackendServices& operator=(const BackendServices&) = delete;

    const HyHostServices* table() const { return &table_; }
    // What jitCompile gives for the kernel of that name; 16-byte aligned, and there as long as these services are.
    void offerHostKernel(std::string name, const void* data, uint64_t bytes) {
        hostKernelName_ = std::move(name);
        hostKernel_ = data;
        hostKernelBytes_ = bytes;
    }
    // How many artifacts were given and not released.
    int artifacts() const { return artifacts_; }
    // What setError said last on this thread.
    static Error& error() {
        static thread_local Error last;
        return last;
    }

private:
    HyHostServices table_{};
    std::string hostKernelName_;
    const void* hostKernel_ = nullptr;
    uint64_t hostKernelBytes_ = 0;
    std::atomic<int> artifacts_{0};
};

// The call gives this code, and words were set for it.
inline testing::AssertionResult backendRefuses(HyResult expected, const std::function<HyResult()>& call) {
    BackendServices::error() = {};
    const HyResult result = call();
    const BackendServices::Error& error = BackendServices::error();
    if (result != expected)
        return testing::AssertionFailure()
               << hyResultName(result) << " came, not " << hyResultName(expected) << ": " << error.message;
    if (error.code != expected || error.message.empty())
        return testing::AssertionFailure() << "setError got " << hyResultName(error.code) << " with '" << error.message
                                           << "' before " << hyResultName(expected) << " was returned";
    return testing::AssertionSuccess();
}

#define EXPECT_DONE(expression) EXPECT_EQ(expression, HY_SUCCESS) << BackendServices::error().message
#define ASSERT_DONE(expression) ASSERT_EQ(expression, HY_SUCCESS) << BackendServices::error().message

// The library and its interface, opened once.
class BackendTest : public testing::Test {
protected:
    static void SetUpTestSuite() {
        HyInstance instance = nullptr;
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        HyDevice device = nullptr;
        ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
        properties_.structSize = sizeof properties_;
        ASSERT_OK(hyDeviceGetProperties(device, &properties_));
        uint32_t count = 0;
        ASSERT_OK(hyInstanceGetBackendCount(instance, &count));
        for (uint32_t i = 0; i < count; ++i) {
            HyBackendInfo info{};
            info.structSize = sizeof info;
            ASSERT_OK(hyInstanceGetBackend(instance, i, &info));
            if (info.status == HY_BACKEND_LOADED && std::string(info.name) == properties_.backend)
                path_ = info.libraryPath;
        }
        ASSERT_OK(hyInstanceDestroy(instance));
        ASSERT_FALSE(path_.empty()) << properties_.backend << " is not among the loaded backends";
        library_ = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(library_, nullptr) << dlerror();
        get_ = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library_, "hyBackendGetInterface"));
        ASSERT_NE(get_, nullptr) << path_ << " does not export hyBackendGetInterface";
        const BackendServices services;
        ASSERT_DONE(get_(HY_BACKEND_ABI, services.table(), &interface_));
        ASSERT_NE(interface_, nullptr);
    }
    void SetUp() override { ASSERT_NE(interface_, nullptr) << "the backend's library cannot be used"; }

    static bool claims(HyCapabilities capability) { return (properties_.capabilities & capability) == capability; }

    inline static std::string path_;
    inline static void* library_ = nullptr;
    inline static HyBackendGetInterfaceFn get_ = nullptr;
    inline static const HyBackendInterface* interface_ = nullptr;
    inline static HyDeviceProperties properties_{};
};

// An open device of it.
class BackendDeviceTest : public BackendTest {
protected:
    static constexpr uint64_t kLimitNs = 30'000'000'000;

    void SetUp() override {
        BackendTest::SetUp();
        if (HasFatalFailure())
            return;
        ASSERT_DONE(interface_->initialise(services.table(), &context));
        ASSERT_DONE(interface_->device->open(context, properties_.ordinal, &device));
    }
    void TearDown() override {
        if (device != nullptr) {
            EXPECT_DONE(interface_->device->close(device, kLimitNs));
        }
        if (context != nullptr)
            interface_->shutdown(context);
    }
    HyBackendStream makeStream() {
        HyBackendStreamDesc desc{};
        desc.structSize = sizeof desc;
        desc.label = "stream of a test";
        HyBackendStream made = nullptr;
        EXPECT_DONE(interface_->stream->create(device, &desc, &made));
        return made;
    }

    BackendServices services;
    HyBackendContext context = nullptr;
    HyBackendDevice device = nullptr;
};

} // namespace halyard::conformance
