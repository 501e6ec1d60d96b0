// The size rule, with an older and a newer caller played by buffers of their sizes.
#include "base/struct_size.h"

#include "halyard/backend.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <vector>

namespace halyard {
namespace {

// A structure that has grown once: the first version ended before `later`.
struct Desc {
    uint32_t structSize;
    uint32_t flags;
    const void* next;
    uint64_t first;
    uint64_t later;
};
constexpr size_t kDescV1 = offsetof(Desc, later);

// A caller whose structure has `size` bytes, all of them filled; reading beyond them is a heap overflow that a
// sanitizer sees.
class Caller {
public:
    explicit Caller(size_t size, unsigned char filling = 0) : bytes_(size, filling) {
        setSize(static_cast<uint32_t>(size));
    }
    void setSize(uint32_t size) { std::memcpy(bytes_.data(), &size, sizeof size); }
    template <typename T> void set(size_t offset, T value) {
        std::memcpy(bytes_.data() + offset, &value, sizeof value);
    }
    Desc* desc() { return reinterpret_cast<Desc*>(bytes_.data()); }
    unsigned char byte(size_t offset) const { return bytes_.at(offset); }

private:
    std::vector<unsigned char> bytes_;
};

Desc filledDesc() {
    return {.structSize = 1, .flags = 2, .next = nullptr, .first = 3, .later = 4};
}

TEST(ReadStructTest, SameVersion) {
    Caller caller(sizeof(Desc));
    caller.set(offsetof(Desc, flags), 5u);
    caller.set(offsetof(Desc, later), uint64_t{7});
    Desc out;
    EXPECT_EQ(readStruct(caller.desc(), out, kDescV1), StructFault::None);
    EXPECT_EQ(out.structSize, sizeof(Desc));
    EXPECT_EQ(out.flags, 5u);
    EXPECT_EQ(out.later, 7u);
}

TEST(ReadStructTest, OlderCallerGetsZerosForWhatItDoesNotKnow) {
    Caller caller(kDescV1);
    caller.set(offsetof(Desc, first), uint64_t{9});
    Desc out = filledDesc();
    EXPECT_EQ(readStruct(caller.desc(), out, kDescV1), StructFault::None);
    EXPECT_EQ(out.structSize, sizeof(Desc));
    EXPECT_EQ(out.first, 9u);
    EXPECT_EQ(out.later, 0u);
}

TEST(ReadStructTest, NewerCallerWithAZeroTail) {
    Caller caller(sizeof(Desc) + 24);
    caller.set(offsetof(Desc, later), uint64_t{7});
    Desc out;
    EXPECT_EQ(readStruct(caller.desc(), out, kDescV1), StructFault::None);
    EXPECT_EQ(out.structSize, sizeof(Desc));
    EXPECT_EQ(out.later, 7u);
}

TEST(ReadStructTest, NewerCallerThatUsesWhatWeDoNotKnow) {
    Caller caller(sizeof(Desc) + 24);
    caller.set(sizeof(Desc) + 23, uint8_t{1}); // the very last byte
    Desc out = filledDesc();
    EXPECT_EQ(readStruct(caller.desc(), out, kDescV1), StructFault::UnknownTail);
    EXPECT_EQ(out.first, 3u) << "the output of a refused structure is untouched";
}

TEST(ReadStructTest, BelowTheFirstVersion) {
    for (const uint32_t size : {0u, 4u, static_cast<uint32_t>(kDescV1) - 1}) {
        Caller caller(kDescV1);
        caller.setSize(size);
        Desc out;
        EXPECT_EQ(readStruct(caller.desc(), out, kDescV1), StructFault::TooSmall) << size;
    }
}

TEST(WriteStructTest, SameVersionKeepsTheCallersSize) {
    Caller caller(sizeof(Desc), 0xee);
    EXPECT_TRUE(writeStruct(caller.desc(), filledDesc(), kDescV1));
    EXPECT_EQ(caller.desc()->structSize, sizeof(Desc));
    EXPECT_EQ(caller.desc()->later, 4u);
}

TEST(WriteStructTest, OlderCallerIsNotWrittenBeyondItsEnd) {
    Caller caller(sizeof(Desc), 0xee);
    caller.setSize(kDescV1);
    EXPECT_TRUE(writeStruct(caller.desc(), filledDesc(), kDescV1));
    EXPECT_EQ(caller.desc()->structSize, kDescV1);
    EXPECT_EQ(caller.desc()->first, 3u);
    for (size_t offset = kDescV1; offset < sizeof(Desc); ++offset)
        EXPECT_EQ(caller.byte(offset), 0xee) << offset;
}

TEST(WriteStructTest, NewerCallerGetsZerosForWhatWeDoNotKnow) {
    Caller caller(sizeof(Desc) + 8, 0xee);
    caller.setSize(sizeof(Desc) + 8);
    EXPECT_TRUE(writeStruct(caller.desc(), filledDesc(), kDescV1));
    EXPECT_EQ(caller.desc()->structSize, sizeof(Desc) + 8);
    EXPECT_EQ(caller.desc()->later, 4u);
    for (size_t offset = sizeof(Desc); offset < sizeof(Desc) + 8; ++offset)
        EXPECT_EQ(caller.byte(offset), 0) << offset;
}

TEST(WriteStructTest, BelowTheFirstVersionWritesNothing) {
    Caller caller(sizeof(Desc), 0xee);
    caller.setSize(kDescV1 - 1);
    EXPECT_FALSE(writeStruct(caller.desc(), filledDesc(), kDescV1));
    EXPECT_EQ(caller.desc()->structSize, kDescV1 - 1);
    for (size_t offset = sizeof(uint32_t); offset < sizeof(Desc); ++offset)
        EXPECT_EQ(caller.byte(offset), 0xee) << offset;
}

struct Table {
    uint32_t structSize;
    uint32_t reserved;
    int (*first)();
    int (*second)();
};
int one() {
    return 1;
}

TEST(ReadTableTest, NullTableIsAllHoles) {
    Table out = {0, 0, one, one};
    readTable<Table>(nullptr, out);
    EXPECT_EQ(out.structSize, sizeof(Table));
    EXPECT_EQ(out.first, nullptr);
    EXPECT_EQ(out.second, nullptr);
}

TEST(ReadTableTest, ShorterAndLongerTables) {
    for (uint32_t size = 0; size <= sizeof(Table) + 16; ++size) {
        const struct {
            Table table;
            uint64_t unknown[2];
        } in = {{size, 0, one, one}, {~0ull, ~0ull}};
        Table out;
        readTable(&in.table, out);
        EXPECT_EQ(out.structSize, sizeof(Table));
        EXPECT_EQ(out.first == one, size >= offsetof(Table, second)) << size;
        EXPECT_EQ(out.second == one, size >= sizeof(Table)) << size;
        EXPECT_TRUE(out.first == one || out.first == nullptr) << "half a pointer at size " << size;
        EXPECT_TRUE(out.second == one || out.second == nullptr) << "half a pointer at size " << size;
    }
}

// The published sizes are what callers compiled against the first release send; a structure can only have grown since.
TEST(StructSizeTest, NoStructureIsSmallerThanItsFirstVersion) {
    EXPECT_GE(sizeof(HyErrorInfo), kErrorInfoV1);
    EXPECT_GE(sizeof(HyInstanceDesc), kInstanceDescV1);
    EXPECT_GE(sizeof(HyBackendInfo), kBackendInfoV1);
    EXPECT_GE(sizeof(HyCounters), kCountersV1);
    EXPECT_GE(sizeof(HyDeviceProperties), kDevicePropertiesV1);
    EXPECT_GE(sizeof(HyPointerInfo), kPointerInfoV1);
    EXPECT_GE(sizeof(HyStreamDesc), kStreamDescV1);
    EXPECT_GE(sizeof(HyCopy3D), kCopy3DV1);
    EXPECT_GE(sizeof(HyFill3D), kFill3DV1);
    EXPECT_GE(sizeof(HyModuleDesc), kModuleDescV1);
    EXPECT_GE(sizeof(HyKernelInfo), kKernelInfoV1);
    EXPECT_GE(sizeof(HyParameterInfo), kParameterInfoV1);
    EXPECT_GE(sizeof(HyLaunchDesc), kLaunchDescV1);
    EXPECT_GE(sizeof(HyNativeHandle), kNativeHandleV1);
    EXPECT_GE(sizeof(HyGraphNodeInfo), kGraphNodeInfoV1);
    EXPECT_GE(sizeof(HyCaptureInfo), kCaptureInfoV1);
}

} // namespace
} // namespace halyard
