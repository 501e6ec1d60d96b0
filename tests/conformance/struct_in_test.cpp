// Every structure that a call takes, in every size: of an older program, of a newer one, and of none.
#include "struct_fixture.h"

#include <ostream>

using namespace halyard::conformance;

namespace {

using Bytes = std::vector<uint8_t>;

template <typename T> Bytes bytesOf(const T& value) {
    const auto* first = reinterpret_cast<const uint8_t*>(&value);
    return Bytes(first, first + sizeof value);
}

template <typename T> T described() {
    T desc{};
    desc.structSize = sizeof desc;
    return desc;
}

struct InStruct {
    const char* name;     // of the structure and the call
    const char* call;     // "hyStreamCreate"
    const char* argument; // that the error record blames
    size_t oldest;        // size of the first published version
    bool mayBeNull;
    HyCapabilities needs;
    std::function<Bytes(StructTest&)> make; // right, complete
    std::function<HyResult(StructTest&, const void*)> pass;
};

template <typename T> const T* as(const void* pointer) {
    return static_cast<const T*>(pointer);
}

const std::vector<InStruct>& inStructs() {
    static const std::vector<InStruct> all = {
        {"InstanceCreate", "hyInstanceCreate", "desc", 48, true, 0,
         [](StructTest&) { return bytesOf(described<HyInstanceDesc>()); },
         [](StructTest&, const void* in) {
             HyInstance made = nullptr;
             const HyResult result = hyInstanceCreate(as<HyInstanceDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             if (made != nullptr) {
                 EXPECT_OK(hyInstanceDestroy(made));
             }
             return result;
         }},
        {"StreamCreate", "hyStreamCreate", "desc", 24, true, 0,
         [](StructTest&) { return bytesOf(described<HyStreamDesc>()); },
         [](StructTest& t, const void* in) {
             HyStream made = nullptr;
             const HyResult result = hyStreamCreate(t.device, as<HyStreamDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"SemaphoreCreate", "hySemaphoreCreate", "desc", 24, true, HY_CAP_TIMELINE_SEMAPHORES,
         [](StructTest&) { return bytesOf(described<HySemaphoreDesc>()); },
         [](StructTest& t, const void* in) {
             HySemaphore made = nullptr;
             const HyResult result = hySemaphoreCreate(t.device, as<HySemaphoreDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"MemoryPoolCreate", "hyMemoryPoolCreate", "desc", 24, true, 0,
         [](StructTest&) { return bytesOf(described<HyMemoryPoolDesc>()); },
         [](StructTest& t, const void* in) {
             HyMemoryPool made = nullptr;
             const HyResult result = hyMemoryPoolCreate(t.device, as<HyMemoryPoolDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"PhysicalMemoryCreate", "hyPhysicalMemoryCreate", "desc", 24, false, HY_CAP_VIRTUAL_MEMORY,
         [](StructTest& t) {
             auto desc = described<HyPhysicalMemoryDesc>();
             EXPECT_OK(hyVirtualGetGranularity(t.device, &desc.bytes, nullptr));
             return bytesOf(desc);
         },
         [](StructTest& t, const void* in) {
             HyPhysicalMemory made = nullptr;
             const HyResult result = hyPhysicalMemoryCreate(t.device, as<HyPhysicalMemoryDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"ModuleLoad", "hyModuleLoad", "desc", 48, false, HY_CAP_KERNELS,
         [](StructTest&) {
             auto desc = described<HyModuleDesc>();
             desc.data = grid_cl_spv;
             desc.dataBytes = grid_cl_spv_size;
             return bytesOf(desc);
         },
         [](StructTest& t, const void* in) {
             HyModule made = nullptr;
             const HyResult result = hyModuleLoad(t.device, as<HyModuleDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"KernelCreateEx", "hyKernelCreateEx", "desc", 32, false, HY_CAP_KERNELS,
         [](StructTest&) {
             auto desc = described<HyKernelDesc>();
             desc.name = "add_one";
             return bytesOf(desc);
         },
         [](StructTest& t, const void* in) {
             HyKernel made = nullptr;
             const HyResult result = hyKernelCreateEx(t.module, as<HyKernelDesc>(in), &made);
             EXPECT_EQ(made != nullptr, result == HY_SUCCESS);
             return result;
         }},
        {"Memcpy3DAsync", "hyMemcpy3DAsync", "copy", 88, false, 0, [](StructTest& t) { return bytesOf(t.copy); },
         [](StructTest& t, const void* in) { return hyMemcpy3DAsync(t.stream, as<HyCopy3D>(in)); }},
        {"MemFill3DAsync", "hyMemFill3DAsync", "fill", 80, false, 0, [](StructTest& t) { return bytesOf(t.fill); },
         [](StructTest& t, const void* in) { return hyMemFill3DAsync(t.stream, as<HyFill3D>(in)); }},
        {"LaunchKernelEx", "hyLaunchKernelEx", "desc", 104, false, HY_CAP_KERNELS,
         [](StructTest& t) {
             HyLaunchDesc desc = t.launch;
             desc.stream = t.stream;
             return bytesOf(desc);
         },
         [](StructTest&, const void* in) { return hyLaunchKernelEx(as<HyLaunchDesc>(in)); }},
        {"GraphAddKernelNode", "hyGraphAddKernelNode", "desc", 104, false, HY_CAP_KERNELS,
         [](StructTest& t) { return bytesOf(t.launch); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             return hyGraphAddKernelNode(t.graph, nullptr, 0, "n", as<HyLaunchDesc>(in), &node);
         }},
        {"GraphAddCopy3DNode", "hyGraphAddCopy3DNode", "copy", 88, false, 0,
         [](StructTest& t) { return bytesOf(t.copy); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             return hyGraphAddCopy3DNode(t.graph, nullptr, 0, "n", as<HyCopy3D>(in), &node);
         }},
        {"GraphAddFill3DNode", "hyGraphAddFill3DNode", "fill", 80, false, 0,
         [](StructTest& t) { return bytesOf(t.fill); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             return hyGraphAddFill3DNode(t.graph, nullptr, 0, "n", as<HyFill3D>(in), &node);
         }},
        {"GraphExecUpdateKernelNode", "hyGraphExecUpdateKernelNode", "desc", 104, false, HY_CAP_KERNELS,
         [](StructTest& t) { return bytesOf(t.launch); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             HyGraphExec exec = t.execOf(&node, [&](HyGraphNode* out) {
                 return hyGraphAddKernelNode(t.graph, nullptr, 0, "n", &t.launch, out);
             });
             return hyGraphExecUpdateKernelNode(exec, node, as<HyLaunchDesc>(in));
         }},
        {"GraphExecUpdateCopy3DNode", "hyGraphExecUpdateCopy3DNode", "copy", 88, false, 0,
         [](StructTest& t) { return bytesOf(t.copy); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             HyGraphExec exec = t.execOf(
                 &node, [&](HyGraphNode* out) { return hyGraphAddCopy3DNode(t.graph, nullptr, 0, "n", &t.copy, out); });
             return hyGraphExecUpdateCopy3DNode(exec, node, as<HyCopy3D>(in));
         }},
        {"GraphExecUpdateFill3DNode", "hyGraphExecUpdateFill3DNode", "fill", 80, false, 0,
         [](StructTest& t) { return bytesOf(t.fill); },
         [](StructTest& t, const void* in) {
             HyGraphNode node = 0;
             HyGraphExec exec = t.execOf(
                 &node, [&](HyGraphNode* out) { return hyGraphAddFill3DNode(t.graph, nullptr, 0, "n", &t.fill, out); });
             return hyGraphExecUpdateFill3DNode(exec, node, as<HyFill3D>(in));
         }},
    };
    return all;
}

// One way of passing a structure. Sizes are relative to `from`; what is beyond the structure is zero but for one byte.
struct Form {
    enum class From { Nothing, Oldest, Whole };
    const char* name;
    From from;
    int difference;
    int markFromTail; // the byte set to 1: counted from the first behind the structure; negative: none
    HyResult expected;
};
constexpr Form kForms[] = {
    {"Whole", Form::From::Whole, 0, -1, HY_SUCCESS},
    {"OldestVersion", Form::From::Oldest, 0, -1, HY_SUCCESS},
    {"LongerByOne", Form::From::Whole, 1, -1, HY_SUCCESS},
    {"LongerByEight", Form::From::Whole, 8, -1, HY_SUCCESS},
    {"LongerByPages", Form::From::Whole, 10000, -1, HY_SUCCESS},
    {"NoSize", Form::From::Nothing, 0, -1, HY_ERROR_INVALID_STRUCT},
    {"SizeAlone", Form::From::Nothing, 4, -1, HY_ERROR_INVALID_STRUCT},
    {"HeadAlone", Form::From::Nothing, 16, -1, HY_ERROR_INVALID_STRUCT},
    {"OneBelowOldest", Form::From::Oldest, -1, -1, HY_ERROR_INVALID_STRUCT},
    {"UnknownFirstByte", Form::From::Whole, 8, 0, HY_ERROR_INVALID_STRUCT},
    {"UnknownLastByte", Form::From::Whole, 8, 7, HY_ERROR_INVALID_STRUCT},
    {"UnknownByteFarBehind", Form::From::Whole, 10000, 9999, HY_ERROR_INVALID_STRUCT},
};

void PrintTo(const InStruct& item, std::ostream* out) {
    *out << item.call;
}
void PrintTo(const Form& form, std::ostream* out) {
    *out << form.name;
}

class StructIn : public StructTest, public testing::WithParamInterface<std::tuple<InStruct, Form>> {};
INSTANTIATE_TEST_SUITE_P(Calls, StructIn, testing::Combine(testing::ValuesIn(inStructs()), testing::ValuesIn(kForms)),
                         [](const auto& about) {
                             return std::string(std::get<0>(about.param).name) + "_" + std::get<1>(about.param).name;
                         });

TEST_P(StructIn, IsReadByItsSize) {
    const auto& [item, form] = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    const Bytes whole = item.make(*this);
    const size_t base = form.from == Form::From::Whole    ? whole.size()
                        : form.from == Form::From::Oldest ? item.oldest
                                                          : 0;
    const size_t size = base + static_cast<size_t>(static_cast<ptrdiff_t>(form.difference));
    GuardedStruct passed(std::max<size_t>(size, sizeof(uint32_t)));
    ASSERT_NE(passed.data(), nullptr);
    std::memcpy(passed.data(), whole.data(), std::min(whole.size(), passed.bytes()));
    passed.setStructSize(static_cast<uint32_t>(size));
    if (form.markFromTail >= 0)
        passed.data()[whole.size() + static_cast<size_t>(form.markFromTail)] = 1;
    if (form.expected == HY_SUCCESS) {
        EXPECT_OK(item.pass(*this, passed.data()));
    } else {
        EXPECT_TRUE(failsWith(form.name, form.expected, item.call, item.argument,
                              [&] { return item.pass(*this, passed.data()); }));
    }
    EXPECT_EQ(passed.structSize(), size) << "the caller's structure was changed";
    // Whatever became of it, the right one works.
    EXPECT_OK(item.pass(*this, whole.data()));
    synchronize();
}

class StructHead : public StructTest, public testing::WithParamInterface<InStruct> {};
INSTANTIATE_TEST_SUITE_P(Calls, StructHead, testing::ValuesIn(inStructs()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(StructHead, UnknownFlagIsRefused) {
    const InStruct& item = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    for (const uint32_t flag : {1u << 31, 1u << 16, ~0u}) {
        Bytes bytes = item.make(*this);
        std::memcpy(bytes.data() + 4, &flag, sizeof flag);
        EXPECT_TRUE(failsWith("unknown flag", HY_ERROR_INVALID_ARGUMENT, item.call, "flags", [&] {
            return item.pass(*this, bytes.data());
        })) << flag;
    }
}

TEST_P(StructHead, NextIsRefused) {
    const InStruct& item = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    Bytes bytes = item.make(*this);
    const void* next = bytes.data();
    std::memcpy(bytes.data() + 8, &next, sizeof next);
    EXPECT_TRUE(
        failsWith("next", HY_ERROR_INVALID_STRUCT, item.call, "next", [&] { return item.pass(*this, bytes.data()); }));
}

TEST_P(StructHead, NullIsAsDocumented) {
    const InStruct& item = GetParam();
    if (!has(item.needs))
        GTEST_SKIP() << item.call << " needs a capability that the device does not claim";
    if (item.mayBeNull) {
        EXPECT_OK(item.pass(*this, nullptr));
    } else {
        EXPECT_TRUE(failsWith("null", HY_ERROR_INVALID_ARGUMENT, item.call, item.argument,
                              [&] { return item.pass(*this, nullptr); }));
    }
}

} // namespace
