// The template backend: it loads as any other, and is honest about what it cannot do.
#include "fixture.h"

#include "null/symbols.h"

#include <cstring>

namespace halyard::test {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class NullBackendTest : public LoaderTest {
protected:
    NullBackendTest() { places_.libraryDirectory = NULL_LIBRARY_DIRECTORY; }
    ~NullBackendTest() override {
        unsetenv("HALYARD_NULL_DEVICE");
        // Backends of the build that lie beside this one are found with it.
        for (const auto& backend : result_.backends)
            shutDownBackend(*backend, log_);
    }

    LoadedBackend* loadWithDevice() {
        setenv("HALYARD_NULL_DEVICE", "1", 1);
        places_.replacingFiles = std::string(NULL_LIBRARY_DIRECTORY) + "/halyard/backends.d/90-null.json";
        load();
        EXPECT_EQ(result_.backends.size(), 1u);
        return result_.backends.empty() ? nullptr : result_.backends.front().get();
    }
};

void expectUnsupported(HyResult result, const char* words) {
    EXPECT_EQ(result, HY_ERROR_UNSUPPORTED);
    HyErrorInfo info{};
    info.structSize = sizeof info;
    ASSERT_EQ(hyGetLastError(&info), HY_SUCCESS);
    EXPECT_EQ(info.code, HY_ERROR_UNSUPPORTED);
    EXPECT_THAT(info.message, HasSubstr(words));
}

TEST_F(NullBackendTest, FoundBesideTheLibraryAndWithoutADeviceUnlessAsked) {
    load();
    const BackendRecord& seen = record("null");
    EXPECT_EQ(seen.status, HY_BACKEND_SKIPPED);
    EXPECT_THAT(seen.reason, AllOf(HasSubstr("template"), HasSubstr("HALYARD_NULL_DEVICE=1")));
}

TEST_F(NullBackendTest, DescribesItsDevice) {
    const LoadedBackend* backend = loadWithDevice();
    ASSERT_NE(backend, nullptr);
    EXPECT_EQ(backend->deviceCount, 1u);
    HyDeviceProperties properties;
    std::memset(&properties, 0xee, sizeof properties);
    properties.structSize = sizeof properties;
    ASSERT_EQ(backend->tables.device.getProperties(backend->context, 0, &properties), HY_SUCCESS);
    EXPECT_EQ(properties.type, HY_DEVICE_TYPE_OTHER);
    EXPECT_STREQ(properties.name, "null (template: runs nothing)");
    EXPECT_STREQ(properties.backend, "null");
    EXPECT_THAT(properties.driver, testing::StartsWith("glibc "));
    EXPECT_EQ(properties.capabilities, 0u);
    EXPECT_EQ(properties.pciBus, ~0u);
    EXPECT_EQ(properties.ordinal, 0xeeeeeeeeu); // the runtime's field
}

TEST_F(NullBackendTest, OpensAndAnswersUnsupportedToTheRest) {
    const LoadedBackend* backend = loadWithDevice();
    ASSERT_NE(backend, nullptr);
    const BackendTables& tables = backend->tables;
    HyBackendDevice device = nullptr;
    ASSERT_EQ(tables.device.open(backend->context, 0, &device), HY_SUCCESS);
    uint64_t number = 0;
    HyDevicePtr pointer = 0;
    void* host = nullptr;
    HyBackendStream stream = nullptr;
    HyBackendEvent event = nullptr;
    HyBackendModule module = nullptr;
    HyNativeHandle handle{};
    expectUnsupported(tables.device.getMemoryInfo(device, &number, &number), "cannot tell its free memory");
    expectUnsupported(tables.device.synchronize(device, 0), "cannot wait for work");
    expectUnsupported(tables.device.getNativeHandle(device, &handle), "cannot give a native handle");
    expectUnsupported(tables.memory.allocate(device, 256, &pointer, &host), "cannot allocate memory");
    expectUnsupported(tables.memory.registerHost(device, &number, 8, &pointer), "cannot register host memory");
    expectUnsupported(tables.memory.getAddressRange(device, &pointer, &number), "memory.getAddressRange");
    expectUnsupported(tables.stream.create(device, nullptr, &stream), "cannot create streams");
    expectUnsupported(tables.event.create(device, 0, &event), "cannot create events");
    expectUnsupported(tables.module.load(device, nullptr, &module), "cannot load modules");
    EXPECT_EQ(tables.device.close(device, 0), HY_SUCCESS);
}

TEST(NullSymbolsTest, CompleteDriver) {
    null::Symbols symbols;
    const null::SymbolReport report = null::loadSymbols(MOCK_DIRECTORY "/null_driver_complete.so", symbols);
    EXPECT_EQ(report.fault, "");
    EXPECT_EQ(report.missingOptional, "");
    EXPECT_STREQ(symbols.gnu_get_libc_version(), "7.1");
    EXPECT_STREQ(symbols.gnu_get_libc_release(), "mock");
}

TEST(NullSymbolsTest, MissingOptionalFunctionOnlySwitchesItsFeatureOff) {
    null::Symbols symbols;
    const null::SymbolReport report = null::loadSymbols(MOCK_DIRECTORY "/null_driver_without_optional.so", symbols);
    EXPECT_EQ(report.fault, "");
    EXPECT_EQ(report.missingOptional, "gnu_get_libc_release");
    EXPECT_EQ(symbols.gnu_get_libc_release, nullptr);
    EXPECT_STREQ(symbols.gnu_get_libc_version(), "7.1");
}

TEST(NullSymbolsTest, MissingRequiredFunctionNamesItself) {
    null::Symbols symbols;
    const null::SymbolReport report = null::loadSymbols(MOCK_DIRECTORY "/null_driver_without_required.so", symbols);
    EXPECT_THAT(report.fault, AllOf(HasSubstr("too old"), HasSubstr("lacks gnu_get_libc_version")));
}

TEST(NullSymbolsTest, MissingDriver) {
    null::Symbols symbols;
    EXPECT_THAT(null::loadSymbols("libhalyard-absent.so.1", symbols).fault,
                AllOf(HasSubstr("cannot be opened"), HasSubstr("libhalyard-absent.so.1")));
}

} // namespace
} // namespace halyard::test
