// Thousands of objects at once, allocations of every extreme size, and numbers near 2^64 in copies and fills.
#include "fixture.h"

#include "limits_cl.spv.h"

#include <algorithm>
#include <ostream>
#include <set>

using namespace halyard::conformance;

namespace {

class Extremes : public DeviceTest {
public:
    bool has(HyCapabilities capability) const { return (properties.capabilities & capability) == capability; }
    HyModule theModule() {
        if (module == nullptr)
            module = loadModule(limits_cl_spv, limits_cl_spv_size);
        return module;
    }
    using DeviceTest::device;
    using DeviceTest::properties;
    using DeviceTest::stream;

    HyModule module = nullptr;
};

// A kind of object: how to make one, use it, and end it.
struct Kind {
    const char* name;
    HyCapabilities needs;
    size_t count;
    std::function<HyResult(Extremes&, uint64_t*)> make;
    std::function<HyResult(Extremes&, uint64_t)> use, end;
};
void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}
template <typename T> T handle(uint64_t word) {
    return reinterpret_cast<T>(word);
}
template <typename T, typename Make> HyResult made(uint64_t* out, Make make) {
    T object = nullptr;
    const HyResult result = make(&object);
    *out = reinterpret_cast<uint64_t>(object);
    return result;
}

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"Streams", 0, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyStream>(out, [&](HyStream* o) { return hyStreamCreate(t.device, nullptr, o); });
         },
         [](Extremes&, uint64_t w) { return hyStreamSynchronize(handle<HyStream>(w), 1'000'000'000); },
         [](Extremes&, uint64_t w) { return hyStreamDestroy(handle<HyStream>(w)); }},
        {"Events", 0, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyEvent>(out, [&](HyEvent* o) { return hyEventCreate(t.device, 0, o); });
         },
         [](Extremes& t, uint64_t w) { return hyEventRecord(handle<HyEvent>(w), t.stream); },
         [](Extremes&, uint64_t w) { return hyEventDestroy(handle<HyEvent>(w)); }},
        {"TimingEvents", HY_CAP_TIMING, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyEvent>(out, [&](HyEvent* o) { return hyEventCreate(t.device, HY_EVENT_TIMING, o); });
         },
         [](Extremes& t, uint64_t w) { return hyEventRecord(handle<HyEvent>(w), t.stream); },
         [](Extremes&, uint64_t w) { return hyEventDestroy(handle<HyEvent>(w)); }},
        {"Semaphores", HY_CAP_TIMELINE_SEMAPHORES, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HySemaphore>(out, [&](HySemaphore* o) { return hySemaphoreCreate(t.device, nullptr, o); });
         },
         [](Extremes&, uint64_t w) { return hySemaphoreSignal(handle<HySemaphore>(w), 1); },
         [](Extremes&, uint64_t w) { return hySemaphoreDestroy(handle<HySemaphore>(w)); }},
        {"Modules", HY_CAP_KERNELS, 2000,
         [](Extremes& t, uint64_t* out) {
             HyModuleDesc desc{};
             desc.structSize = sizeof desc;
             desc.data = limits_cl_spv;
             desc.dataBytes = limits_cl_spv_size;
             return made<HyModule>(out, [&](HyModule* o) { return hyModuleLoad(t.device, &desc, o); });
         },
         [](Extremes&, uint64_t w) {
             uint32_t count = 0;
             return hyModuleGetKernelCount(handle<HyModule>(w), &count);
         },
         [](Extremes&, uint64_t w) { return hyModuleDestroy(handle<HyModule>(w)); }},
        {"Kernels", HY_CAP_KERNELS, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyKernel>(out, [&](HyKernel* o) { return hyKernelCreate(t.theModule(), "spin", o); });
         },
         [](Extremes&, uint64_t w) {
             HyKernelInfo info{};
             info.structSize = sizeof info;
             return hyKernelGetInfo(handle<HyKernel>(w), &info);
         },
         [](Extremes&, uint64_t w) { return hyKernelDestroy(handle<HyKernel>(w)); }},
        {"Allocations", 0, 5000, [](Extremes& t, uint64_t* out) { return hyMemAlloc(t.device, 300, out); },
         [](Extremes& t, uint64_t w) {
             const uint32_t value = static_cast<uint32_t>(w);
             return hyMemFillAsync(t.stream, w, &value, sizeof value, 75);
         },
         [](Extremes& t, uint64_t w) { return hyMemFree(t.device, w); }},
        {"PoolAllocations", 0, 5000, [](Extremes& t, uint64_t* out) { return hyMemAllocAsync(t.stream, 300, out); },
         [](Extremes& t, uint64_t w) {
             const uint32_t value = static_cast<uint32_t>(w);
             return hyMemFillAsync(t.stream, w, &value, sizeof value, 75);
         },
         [](Extremes& t, uint64_t w) { return hyMemFreeAsync(t.stream, w); }},
        {"Pools", 0, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyMemoryPool>(out, [&](HyMemoryPool* o) { return hyMemoryPoolCreate(t.device, nullptr, o); });
         },
         [](Extremes&, uint64_t w) { return hyMemoryPoolTrim(handle<HyMemoryPool>(w), 0); },
         [](Extremes&, uint64_t w) { return hyMemoryPoolDestroy(handle<HyMemoryPool>(w)); }},
        {"Graphs", 0, 2000,
         [](Extremes& t, uint64_t* out) {
             return made<HyGraph>(out, [&](HyGraph* o) { return hyGraphCreate(t.device, 0, o); });
         },
         [](Extremes&, uint64_t w) {
             HyGraphNode node = 0;
             return hyGraphAddEmptyNode(handle<HyGraph>(w), nullptr, 0, "n", &node);
         },
         [](Extremes&, uint64_t w) { return hyGraphDestroy(handle<HyGraph>(w)); }},
    };
    return all;
}

class Thousands : public Extremes, public testing::WithParamInterface<Kind> {};
INSTANTIATE_TEST_SUITE_P(Limits, Thousands, testing::ValuesIn(kinds()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(Thousands, LiveAtOnce) {
    const Kind& kind = GetParam();
    if (!has(kind.needs))
        GTEST_SKIP() << "the device does not claim the capability behind " << kind.name;
    std::vector<uint64_t> all(kind.count);
    for (uint64_t& word : all)
        ASSERT_OK(kind.make(*this, &word));
    EXPECT_EQ(std::set<uint64_t>(all.begin(), all.end()).size(), all.size()) << "two are the same";
    for (const uint64_t word : all)
        ASSERT_OK(kind.use(*this, word));
    synchronize();
    // Every other one first, so that what is left must not suffer from what went.
    for (size_t i = 0; i < all.size(); i += 2)
        ASSERT_OK(kind.end(*this, all[i]));
    for (size_t i = 1; i < all.size(); i += 2) {
        if (std::string(kind.name) != "Semaphores") { // signalled already
            ASSERT_OK(kind.use(*this, all[i])) << i;
        }
    }
    synchronize();
    for (size_t i = 1; i < all.size(); i += 2)
        ASSERT_OK(kind.end(*this, all[i]));
    EXPECT_LT(kind.end(*this, all[0]), 0) << "ended twice";
}

TEST_P(Thousands, ComeAndGo) {
    const Kind& kind = GetParam();
    if (!has(kind.needs))
        GTEST_SKIP() << "the device does not claim the capability behind " << kind.name;
    for (size_t i = 0; i < 2 * kind.count; ++i) {
        uint64_t word = 0;
        ASSERT_OK(kind.make(*this, &word)) << i;
        ASSERT_OK(kind.end(*this, word)) << i;
    }
}

// ---- Allocations --------------------------------------------------------------------------------------------------

struct Allocator {
    const char* name;
    const char* call;
    HyCapabilities needs;
    HyResult beyond; // the code for more than there is
    std::function<HyResult(Extremes&, uint64_t, HyDevicePtr*)> allocate;
    std::function<HyResult(Extremes&, HyDevicePtr)> free;
};
void PrintTo(const Allocator& allocator, std::ostream* out) {
    *out << allocator.name;
}
const std::vector<Allocator>& allocators() {
    const auto freeNow = [](Extremes& t, HyDevicePtr ptr) { return hyMemFree(t.device, ptr); };
    static const std::vector<Allocator> all = {
        {"MemAlloc", "hyMemAlloc", 0, HY_ERROR_OUT_OF_DEVICE_MEMORY,
         [](Extremes& t, uint64_t bytes, HyDevicePtr* out) { return hyMemAlloc(t.device, bytes, out); }, freeNow},
        {"MemAllocAsync", "hyMemAllocAsync", 0, HY_ERROR_OUT_OF_DEVICE_MEMORY,
         [](Extremes& t, uint64_t bytes, HyDevicePtr* out) { return hyMemAllocAsync(t.stream, bytes, out); },
         [](Extremes& t, HyDevicePtr ptr) { return hyMemFreeAsync(t.stream, ptr); }},
        {"MemAllocManaged", "hyMemAllocManaged", HY_CAP_MANAGED_MEMORY, HY_ERROR_OUT_OF_DEVICE_MEMORY,
         [](Extremes& t, uint64_t bytes, HyDevicePtr* out) { return hyMemAllocManaged(t.device, bytes, out); },
         freeNow},
        {"MemAllocShareable", "hyMemAllocShareable", HY_CAP_IPC, HY_ERROR_OUT_OF_DEVICE_MEMORY,
         [](Extremes& t, uint64_t bytes, HyDevicePtr* out) { return hyMemAllocShareable(t.device, bytes, out); },
         freeNow},
        {"HostAlloc", "hyHostAlloc", HY_CAP_HOST_REGISTRATION, HY_ERROR_OUT_OF_HOST_MEMORY,
         [](Extremes& t, uint64_t bytes, HyDevicePtr* out) {
             void* pointer = nullptr;
             HyDevicePtr ptr = 0;
             const HyResult result = hyHostAlloc(t.device, bytes, 0, &pointer, &ptr);
             if (result == HY_SUCCESS)
                 *out = hyHostAddress(pointer);
             return result;
         },
         [](Extremes& t, HyDevicePtr ptr) { return hyHostFree(t.device, reinterpret_cast<void*>(ptr)); }},
    };
    return all;
}

class Sizes : public Extremes, public testing::WithParamInterface<Allocator> {
protected:
    void SetUp() override {
        Extremes::SetUp();
        if (!HasFatalFailure() && !has(GetParam().needs))
            GTEST_SKIP() << "the device does not claim the capability behind " << GetParam().call;
    }
};
INSTANTIATE_TEST_SUITE_P(Limits, Sizes, testing::ValuesIn(allocators()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(Sizes, NothingIsRefused) {
    HyDevicePtr ptr = 99;
    EXPECT_TRUE(failsWith("0 bytes", HY_ERROR_INVALID_ARGUMENT, GetParam().call, "bytes",
                          [&] { return GetParam().allocate(*this, 0, &ptr); }));
    EXPECT_EQ(ptr, 99u);
}

TEST_P(Sizes, OddOnesAreWhole) {
    for (const uint64_t bytes : {1ull, 2ull, 3ull, 4095ull, 4097ull, 65537ull, (1ull << 20) + 1}) {
        HyDevicePtr ptr = 0;
        ASSERT_OK(GetParam().allocate(*this, bytes, &ptr));
        const uint8_t value = 0x5a;
        EXPECT_OK(hyMemFillAsync(stream, ptr, &value, 1, bytes));
        EXPECT_EQ(download<uint8_t>(ptr + bytes - 1, 1)[0], value) << bytes;
        EXPECT_OK(GetParam().free(*this, ptr));
    }
}

TEST_P(Sizes, MoreThanThereIsIsRefused) {
    for (const uint64_t bytes : {uint64_t{1} << 50, (uint64_t{1} << 63) - 1, uint64_t{1} << 63, UINT64_MAX - 4096,
                                 UINT64_MAX - 1, UINT64_MAX}) {
        HyDevicePtr ptr = 99;
        hyClearLastError();
        EXPECT_EQ(GetParam().allocate(*this, bytes, &ptr), GetParam().beyond) << bytes << ": " << lastError().message;
        EXPECT_STREQ(lastError().call, GetParam().call);
        EXPECT_EQ(ptr, 99u);
    }
    HyDevicePtr ptr = 0;
    EXPECT_OK(GetParam().allocate(*this, 4096, &ptr)) << "the device is as it was";
}

TEST_F(Extremes, MoreThanTheLargestAllocationIsRefused) {
    HyDevicePtr ptr = 99;
    if (properties.maxAllocation == 0 || properties.maxAllocation == UINT64_MAX)
        GTEST_SKIP() << "the driver does not tell its largest allocation";
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAlloc, device, properties.maxAllocation + 1, &ptr);
    EXPECT_EQ(ptr, 99u);
}

TEST_F(Extremes, TheLargestAllocationThatFitsIsGiven) {
    uint64_t free = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &free, nullptr));
    if (free == UINT64_MAX)
        GTEST_SKIP() << "the driver does not tell free memory";
    // Others take memory meanwhile: half of what is free is left for them.
    const uint64_t bytes = std::min(properties.maxAllocation, free / 2);
    HyDevicePtr ptr = 0;
    ASSERT_OK(hyMemAlloc(device, bytes, &ptr)) << bytes;
    const uint32_t mark = 0xfeedbeef;
    const HyDevicePtr last = ptr + (bytes - 4) / 4 * 4;
    EXPECT_OK(hyMemFillAsync(stream, last, &mark, 4, 1));
    EXPECT_EQ(download<uint32_t>(last, 1)[0], mark);
    EXPECT_OK(hyMemFree(device, ptr));
}

// ---- Numbers near 2^64 --------------------------------------------------------------------------------------------

constexpr uint64_t k2to32 = uint64_t{1} << 32, k2to60 = uint64_t{1} << 60, k2to63 = uint64_t{1} << 63;
constexpr uint64_t kBytes = 4096;

struct Overflow {
    const char* name;
    const char* call;
    // Tries it on two buffers of kBytes.
    std::function<HyResult(HyStream, HyDevicePtr, HyDevicePtr)> attempt;
};
void PrintTo(const Overflow& overflow, std::ostream* out) {
    *out << overflow.name;
}

HyCopy3D boxOf(HyDevicePtr dst, HyDevicePtr src) {
    HyCopy3D copy{};
    copy.structSize = sizeof copy;
    copy.dst = dst;
    copy.src = src;
    copy.dstRowPitch = copy.srcRowPitch = 16;
    copy.dstSlicePitch = copy.srcSlicePitch = 64;
    copy.widthBytes = 16;
    copy.height = 4;
    copy.depth = 4;
    return copy;
}
HyFill3D fillOf(HyDevicePtr dst, const void* pattern) {
    HyFill3D fill{};
    fill.structSize = sizeof fill;
    fill.dst = dst;
    fill.rowPitch = 16;
    fill.slicePitch = 64;
    fill.width = 4;
    fill.height = 4;
    fill.depth = 4;
    fill.pattern = pattern;
    fill.patternBytes = 4;
    return fill;
}
const uint64_t kPattern[2] = {0x7777777777777777, 0x7777777777777777};

// Tries a copy of a box after `change`.
template <typename Change> Overflow copyBox(const char* name, Change change) {
    return {name, "hyMemcpy3DAsync", [change](HyStream stream, HyDevicePtr dst, HyDevicePtr src) {
                HyCopy3D copy = boxOf(dst, src);
                change(copy);
                return hyMemcpy3DAsync(stream, &copy);
            }};
}
template <typename Change> Overflow fillBox(const char* name, Change change) {
    return {name, "hyMemFill3DAsync", [change](HyStream stream, HyDevicePtr dst, HyDevicePtr) {
                HyFill3D fill = fillOf(dst, kPattern);
                change(fill);
                return hyMemFill3DAsync(stream, &fill);
            }};
}
Overflow copyLine(const char* name, uint64_t offset, uint64_t bytes) {
    return {name, "hyMemcpyAsync", [offset, bytes](HyStream stream, HyDevicePtr dst, HyDevicePtr src) {
                return hyMemcpyAsync(stream, dst + offset, src, bytes);
            }};
}
Overflow readLine(const char* name, uint64_t offset, uint64_t bytes) {
    return {name, "hyMemcpyAsync", [offset, bytes](HyStream stream, HyDevicePtr dst, HyDevicePtr src) {
                return hyMemcpyAsync(stream, dst, src + offset, bytes);
            }};
}
Overflow copyPlane(const char* name, uint64_t dstPitch, uint64_t srcPitch, uint64_t width, uint64_t height) {
    return {name, "hyMemcpy2DAsync", [=](HyStream stream, HyDevicePtr dst, HyDevicePtr src) {
                return hyMemcpy2DAsync(stream, dst, dstPitch, src, srcPitch, width, height);
            }};
}
Overflow fillLine(const char* name, uint64_t offset, uint32_t patternBytes, uint64_t count) {
    return {name, "hyMemFillAsync", [=](HyStream stream, HyDevicePtr dst, HyDevicePtr) {
                return hyMemFillAsync(stream, dst + offset, kPattern, patternBytes, count);
            }};
}

const std::vector<Overflow>& overflows() {
    static const std::vector<Overflow> all = {
        copyLine("CopyOneByteTooMany", 0, kBytes + 1),
        copyLine("CopyOneByteBehind", kBytes - 1, 2),
        copyLine("CopyTwoTo63", 0, k2to63),
        copyLine("CopyMost", 0, UINT64_MAX),
        copyLine("CopyMostBehind", 1, UINT64_MAX),
        copyLine("CopyAlmostMost", 16, UINT64_MAX - 15),
        readLine("ReadOneByteTooMany", 0, kBytes + 1),
        readLine("ReadOneByteBehind", kBytes - 1, 2),
        readLine("ReadMost", 0, UINT64_MAX),
        copyPlane("PlaneRowsWrapToNothing", k2to32, k2to32, 16, k2to32 + 1),
        copyPlane("PlaneDstPitchWraps", k2to63, 16, 16, 3),
        copyPlane("PlaneSrcPitchWraps", 16, k2to63, 16, 3),
        copyPlane("PlaneMostRows", 16, 16, 16, UINT64_MAX),
        copyPlane("PlaneMostWidth", UINT64_MAX, UINT64_MAX, UINT64_MAX, 1),
        copyPlane("PlaneMostOfAll", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX),
        copyPlane("PlaneWidthPushesOver", UINT64_MAX - 8, UINT64_MAX - 8, 16, 2),
        copyPlane("PlanePitchBelowWidth", 15, 16, 16, 2),
        copyPlane("PlaneSrcPitchBelowWidth", 16, 15, 16, 2),
        copyPlane("PlaneOneRowTooMany", 16, 16, 16, kBytes / 16 + 1),
        copyBox("BoxDstSlicesWrap",
                [](HyCopy3D& c) {
                    c.dstSlicePitch = k2to63;
                    c.depth = 3;
                }),
        copyBox("BoxSrcSlicesWrap",
                [](HyCopy3D& c) {
                    c.srcSlicePitch = k2to63;
                    c.depth = 3;
                }),
        copyBox("BoxSliceTimesDepthWraps",
                [](HyCopy3D& c) {
                    c.dstSlicePitch = c.srcSlicePitch = k2to32;
                    c.depth = k2to32 + 1;
                }),
        copyBox("BoxRowsWrap",
                [](HyCopy3D& c) {
                    c.dstRowPitch = c.srcRowPitch = k2to63;
                    c.height = 2;
                }),
        copyBox("BoxMostRows", [](HyCopy3D& c) { c.height = UINT64_MAX; }),
        copyBox("BoxMostSlices", [](HyCopy3D& c) { c.depth = UINT64_MAX; }),
        copyBox("BoxMostWidth", [](HyCopy3D& c) { c.widthBytes = UINT64_MAX; }),
        copyBox("BoxSliceBelowRows", [](HyCopy3D& c) { c.dstSlicePitch = 63; }),
        copyBox("BoxSrcSliceBelowRows", [](HyCopy3D& c) { c.srcSlicePitch = 63; }),
        copyBox("BoxRowBelowWidth", [](HyCopy3D& c) { c.srcRowPitch = 8; }),
        copyBox("BoxOneSliceTooMany", [](HyCopy3D& c) { c.depth = kBytes / 64 + 1; }),
        copyBox("BoxPitchesNearTheEnd",
                [](HyCopy3D& c) {
                    c.dstRowPitch = c.srcRowPitch = UINT64_MAX;
                    c.height = 2;
                    c.depth = 1;
                }),
        fillLine("FillOneTooMany", 0, 4, kBytes / 4 + 1),
        fillLine("FillBytesWrapToSixteen", 0, 16, k2to60 + 1),
        fillLine("FillBytesWrapToNothing", 0, 16, k2to60),
        fillLine("FillMost", 0, 1, UINT64_MAX),
        fillLine("FillMostOfEight", 0, 8, UINT64_MAX),
        fillLine("FillBehind", kBytes - 4, 4, 2),
        fillBox("FillBoxWidthWraps",
                [](HyFill3D& f) {
                    f.width = (uint64_t{1} << 62) + 4;
                    f.height = f.depth = 1;
                }),
        fillBox("FillBoxRowsWrap",
                [](HyFill3D& f) {
                    f.rowPitch = k2to63;
                    f.height = 3;
                    f.depth = 1;
                }),
        fillBox("FillBoxSlicesWrap",
                [](HyFill3D& f) {
                    f.slicePitch = k2to63;
                    f.depth = 3;
                }),
        fillBox("FillBoxMostRows", [](HyFill3D& f) { f.height = UINT64_MAX; }),
        fillBox("FillBoxMostSlices", [](HyFill3D& f) { f.depth = UINT64_MAX; }),
        fillBox("FillBoxRowBelowWidth", [](HyFill3D& f) { f.rowPitch = 12; }),
        fillBox("FillBoxSliceBelowRows", [](HyFill3D& f) { f.slicePitch = 60; }),
        fillBox("FillBoxOneRowTooMany",
                [](HyFill3D& f) {
                    f.height = kBytes / 16 + 1;
                    f.depth = 1;
                }),
    };
    return all;
}

class Overflows : public Extremes, public testing::WithParamInterface<Overflow> {};
INSTANTIATE_TEST_SUITE_P(Limits, Overflows, testing::ValuesIn(overflows()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(Overflows, AreRefusedAndTouchNothing) {
    const std::vector<uint8_t> before(kBytes, 0x11);
    const HyDevicePtr dst = upload(before), src = upload(std::vector<uint8_t>(kBytes, 0x22));
    hyClearLastError();
    const HyResult result = GetParam().attempt(stream, dst, src);
    EXPECT_TRUE(result == HY_ERROR_INVALID_ADDRESS || result == HY_ERROR_INVALID_ARGUMENT)
        << hyResultName(result) << ": " << lastError().message;
    EXPECT_STREQ(lastError().call, GetParam().call);
    EXPECT_STRNE(lastError().argument, "");
    EXPECT_OK(hyStreamQuery(stream)) << "the stream is as it was";
    EXPECT_EQ(download<uint8_t>(dst, kBytes), before);
}

// The same numbers where they mean nothing: pitches of what has one row.
TEST_F(Extremes, PitchesOfOneRowDoNotMatter) {
    const HyDevicePtr dst = allocate(kBytes), src = upload(std::vector<uint8_t>(kBytes, 0x33));
    EXPECT_OK(hyMemcpy2DAsync(stream, dst, UINT64_MAX, src, UINT64_MAX, kBytes, 1));
    EXPECT_EQ(download<uint8_t>(dst, kBytes), std::vector<uint8_t>(kBytes, 0x33));
    HyCopy3D copy = boxOf(dst, src);
    copy.dstSlicePitch = copy.srcSlicePitch = UINT64_MAX;
    copy.depth = 1;
    EXPECT_OK(hyMemcpy3DAsync(stream, &copy));
    HyFill3D fill = fillOf(dst, kPattern);
    fill.rowPitch = fill.slicePitch = UINT64_MAX;
    fill.height = fill.depth = 1;
    EXPECT_OK(hyMemFill3DAsync(stream, &fill));
    EXPECT_EQ(download<uint8_t>(dst, 16), std::vector<uint8_t>(16, 0x77));
}

TEST_F(Extremes, NothingIsNothingWhateverTheRest) {
    const HyDevicePtr dst = upload(std::vector<uint8_t>(64, 0x44));
    EXPECT_OK(hyMemcpyAsync(stream, dst, dst, 0));
    EXPECT_OK(hyMemcpy2DAsync(stream, dst, UINT64_MAX, dst, UINT64_MAX, 0, UINT64_MAX));
    EXPECT_OK(hyMemcpy2DAsync(stream, dst, UINT64_MAX, dst, UINT64_MAX, UINT64_MAX, 0));
    EXPECT_OK(hyMemFillAsync(stream, dst, kPattern, 8, 0));
    HyCopy3D copy = boxOf(dst, dst);
    copy.depth = 0;
    copy.height = UINT64_MAX;
    EXPECT_OK(hyMemcpy3DAsync(stream, &copy));
    HyFill3D fill = fillOf(dst, kPattern);
    fill.width = 0;
    fill.height = UINT64_MAX;
    EXPECT_OK(hyMemFill3DAsync(stream, &fill));
    EXPECT_EQ(download<uint8_t>(dst, 64), std::vector<uint8_t>(64, 0x44));
}

} // namespace
