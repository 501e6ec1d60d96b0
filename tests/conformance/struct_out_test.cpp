// Every structure that a call fills, in every size: not a byte beyond what the caller has.
#include "struct_fixture.h"

#include <ostream>

using namespace halyard::conformance;

namespace {

struct OutStruct {
    const char* name; // of the call
    const char* call;
    const char* argument;
    size_t oldest, size;
    HyCapabilities needs;
    std::function<HyResult(StructTest&, void*)> fill;
};

template <typename T> T* as(void* pointer) {
    return static_cast<T*>(pointer);
}

const std::vector<OutStruct>& outStructs() {
    static const std::vector<OutStruct> all = {
        {"InstanceGetBackend", "hyInstanceGetBackend", "outInfo", 72, sizeof(HyBackendInfo), 0,
         [](StructTest& t, void* out) { return hyInstanceGetBackend(t.instance, 0, as<HyBackendInfo>(out)); }},
        {"InstanceGetCounters", "hyInstanceGetCounters", "outCounters", 72, sizeof(HyCounters), 0,
         [](StructTest& t, void* out) { return hyInstanceGetCounters(t.instance, as<HyCounters>(out)); }},
        {"DeviceGetProperties", "hyDeviceGetProperties", "outProperties", 528, sizeof(HyDeviceProperties), 0,
         [](StructTest& t, void* out) { return hyDeviceGetProperties(t.device, as<HyDeviceProperties>(out)); }},
        {"DeviceGetCooperativeMatrix", "hyDeviceGetCooperativeMatrix", "outInfo", 40, sizeof(HyCooperativeMatrixInfo),
         HY_CAP_COOPERATIVE_MATRIX,
         [](StructTest& t, void* out) {
             return hyDeviceGetCooperativeMatrix(t.device, 0, as<HyCooperativeMatrixInfo>(out));
         }},
        {"PointerGetInfo", "hyPointerGetInfo", "outInfo", 48, sizeof(HyPointerInfo), 0,
         [](StructTest& t, void* out) { return hyPointerGetInfo(t.instance, t.buffer + 5, as<HyPointerInfo>(out)); }},
        {"KernelGetInfo", "hyKernelGetInfo", "outInfo", 64, sizeof(HyKernelInfo), HY_CAP_KERNELS,
         [](StructTest& t, void* out) { return hyKernelGetInfo(t.kernel, as<HyKernelInfo>(out)); }},
        {"KernelGetParameter", "hyKernelGetParameter", "outInfo", 32, sizeof(HyParameterInfo), HY_CAP_KERNELS,
         [](StructTest& t, void* out) { return hyKernelGetParameter(t.kernel, 0, as<HyParameterInfo>(out)); }},
        {"KernelGetOccupancy", "hyKernelGetOccupancy", "outOccupancy", 24, sizeof(HyOccupancy), HY_CAP_OCCUPANCY,
         [](StructTest& t, void* out) {
             return hyKernelGetOccupancy(t.kernel, {16, 1, 1}, 0, as<HyOccupancy>(out));
         }},
        {"GraphGetNodeInfo", "hyGraphGetNodeInfo", "outInfo", 144, sizeof(HyGraphNodeInfo), 0,
         [](StructTest& t, void* out) {
             uint32_t count = 0;
             HyGraphNode node = 0;
             EXPECT_OK(hyGraphGetNodeCount(t.graph, &count));
             EXPECT_OK(count == 0 ? hyGraphAddEmptyNode(t.graph, nullptr, 0, "a node", &node)
                                  : hyGraphGetNode(t.graph, 0, &node));
             return hyGraphGetNodeInfo(t.graph, node, as<HyGraphNodeInfo>(out));
         }},
        {"StreamGetCaptureInfo", "hyStreamGetCaptureInfo", "outInfo", 32, sizeof(HyCaptureInfo), 0,
         [](StructTest& t, void* out) { return hyStreamGetCaptureInfo(t.stream, as<HyCaptureInfo>(out)); }},
        {"MemoryPoolGetStatistics", "hyMemoryPoolGetStatistics", "outStatistics", 40, sizeof(HyMemoryPoolStatistics), 0,
         [](StructTest& t, void* out) {
             HyMemoryPool pool = nullptr;
             EXPECT_OK(hyDeviceGetDefaultMemoryPool(t.device, &pool));
             return hyMemoryPoolGetStatistics(pool, as<HyMemoryPoolStatistics>(out));
         }},
    };
    return all;
}

struct Form {
    enum class From { Nothing, Oldest, Whole };
    const char* name;
    From from;
    int difference;
    HyResult expected;
};
constexpr Form kForms[] = {
    {"Whole", Form::From::Whole, 0, HY_SUCCESS},
    {"OldestVersion", Form::From::Oldest, 0, HY_SUCCESS},
    {"LongerByEight", Form::From::Whole, 8, HY_SUCCESS},
    {"LongerByPages", Form::From::Whole, 10000, HY_SUCCESS},
    {"NoSize", Form::From::Nothing, 0, HY_ERROR_INVALID_STRUCT},
    {"SizeAlone", Form::From::Nothing, 4, HY_ERROR_INVALID_STRUCT},
    {"OneBelowOldest", Form::From::Oldest, -1, HY_ERROR_INVALID_STRUCT},
};

void PrintTo(const OutStruct& item, std::ostream* out) {
    *out << item.call;
}
void PrintTo(const Form& form, std::ostream* out) {
    *out << form.name;
}

constexpr uint8_t kUntouched = 0xab;

class StructOut : public StructTest, public testing::WithParamInterface<std::tuple<OutStruct, Form>> {};
INSTANTIATE_TEST_SUITE_P(Calls, StructOut, testing::Combine(testing::ValuesIn(outStructs()), testing::ValuesIn(kForms)),
                         [](const auto& about) {
                             return std::string(std::get<0>(about.param).name) + "_" + std::get<1>(about.param).name;
                         });

TEST_P(StructOut, IsFilledByItsSize) {
    const auto& [item, form] = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    GuardedStruct whole(item.size);
    ASSERT_NE(whole.data(), nullptr);
    whole.setStructSize(static_cast<uint32_t>(item.size));
    ASSERT_OK(item.fill(*this, whole.data()));

    const size_t base = form.from == Form::From::Whole ? item.size : form.from == Form::From::Oldest ? item.oldest : 0;
    const size_t size = base + static_cast<size_t>(static_cast<ptrdiff_t>(form.difference));
    GuardedStruct asked(std::max<size_t>(size, sizeof(uint32_t)));
    ASSERT_NE(asked.data(), nullptr);
    std::memset(asked.data(), kUntouched, asked.bytes());
    asked.setStructSize(static_cast<uint32_t>(size));
    if (form.expected == HY_SUCCESS) {
        ASSERT_OK(item.fill(*this, asked.data()));
        const size_t shared = std::min(size, item.size);
        EXPECT_EQ(std::memcmp(asked.data() + 4, whole.data() + 4, shared - 4), 0) << "what both sizes have differs";
        for (size_t i = shared; i < asked.bytes(); ++i)
            ASSERT_EQ(asked.data()[i], 0) << "byte " << i << ", which this version does not know";
    } else {
        EXPECT_TRUE(failsWith(form.name, form.expected, item.call, item.argument,
                              [&] { return item.fill(*this, asked.data()); }));
        for (size_t i = 4; i < asked.bytes(); ++i)
            ASSERT_EQ(asked.data()[i], kUntouched) << "byte " << i;
    }
    EXPECT_EQ(asked.structSize(), size) << "structSize is the caller's";
}

class StructOutNull : public StructTest, public testing::WithParamInterface<OutStruct> {};
INSTANTIATE_TEST_SUITE_P(Calls, StructOutNull, testing::ValuesIn(outStructs()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(StructOutNull, IsRefused) {
    const OutStruct& item = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    EXPECT_TRUE(failsWith("null", HY_ERROR_INVALID_ARGUMENT, item.call, item.argument,
                          [&] { return item.fill(*this, nullptr); }));
}

// hyGetLastError leaves the record alone, whatever it is asked.
TEST_F(StructTest, ErrorRecordIsFilledByItsSize) {
    constexpr size_t kOldest = 64;
    ASSERT_EQ(hyStreamQuery(nullptr), HY_ERROR_INVALID_HANDLE);
    for (const size_t size : {size_t(0), size_t(4), kOldest - 1, kOldest, sizeof(HyErrorInfo) + 8}) {
        GuardedStruct asked(std::max<size_t>(size, 4));
        ASSERT_NE(asked.data(), nullptr);
        std::memset(asked.data(), kUntouched, asked.bytes());
        asked.setStructSize(static_cast<uint32_t>(size));
        const HyResult result = hyGetLastError(reinterpret_cast<HyErrorInfo*>(asked.data()));
        EXPECT_EQ(result, size < kOldest ? HY_ERROR_INVALID_STRUCT : HY_SUCCESS) << size;
        for (size_t i = 4; size < kOldest && i < asked.bytes(); ++i)
            ASSERT_EQ(asked.data()[i], kUntouched) << size << ": byte " << i;
        EXPECT_EQ(asked.structSize(), size);
        EXPECT_EQ(lastError().code, HY_ERROR_INVALID_HANDLE);
        EXPECT_STREQ(lastError().call, "hyStreamQuery");
    }
}

TEST_F(StructTest, NativeHandleIsFilledByItsSize) {
    constexpr size_t kOldest = 24;
    HyNativeHandle whole{};
    whole.structSize = sizeof whole;
    if (hyGetNativeHandle(kernel, &whole) == HY_ERROR_UNSUPPORTED)
        GTEST_SKIP() << "the device has no native object behind a kernel";
    GuardedStruct asked(kOldest);
    ASSERT_NE(asked.data(), nullptr);
    asked.setStructSize(kOldest);
    EXPECT_OK(hyGetNativeHandle(kernel, reinterpret_cast<HyNativeHandle*>(asked.data())));
    EXPECT_EQ(std::memcmp(asked.data() + 4, reinterpret_cast<const uint8_t*>(&whole) + 4, kOldest - 4), 0);
    asked.setStructSize(kOldest - 1);
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outHandle", hyGetNativeHandle, kernel,
                 reinterpret_cast<HyNativeHandle*>(asked.data()));
}

} // namespace
