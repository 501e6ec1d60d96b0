// Library functions of OpenCL C that a producer leaves to be resolved by their names, and generic pointers.
#include "fixture.h"

#include "library_cl.spv.h"

#include <vector>

using namespace halyard::conformance;

namespace {

class Library : public DeviceTest {
protected:
    void run(const char* name, uint32_t groups, uint32_t size, std::initializer_list<const void*> arguments) {
        HyModule module = loadModule(library_cl_spv, library_cl_spv_size);
        HyKernel kernel = makeKernel(module, name);
        ASSERT_OK(hyLaunchKernel(stream, kernel, {groups, 1, 1}, {size, 1, 1}, 0, arguments.begin(),
                                 static_cast<uint32_t>(arguments.size())));
    }
};

} // namespace

TEST_F(Library, OlderAtomics) {
    const HyDevicePtr a = upload<int32_t>({0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 69});
    const HyDevicePtr b = upload<uint32_t>({0xffffffffu, 0});
    run("atomics", 2, 16, {&a, &b});
    EXPECT_EQ(download<int32_t>(a, 11),
              (std::vector<int32_t>{96, -64, 32, -32, -31, 26, static_cast<int32_t>(0xffff0000), 0xffff, 0, 69, 70}));
    EXPECT_EQ(download<uint32_t>(b, 2), (std::vector<uint32_t>{0x80000000u, 0x8000001fu}));
}

TEST_F(Library, ConversionsToHalfAndDouble) {
    const HyDevicePtr in = upload<float>({1.0f + 0x1p-12f + 0x1p-11f});
    const HyDevicePtr whole = upload<int32_t>({-2049});
    const HyDevicePtr out = allocate(16);
    const HyDevicePtr wide = allocate(16);
    run("conversions", 1, 1, {&in, &whole, &out, &wide});
    // 1 + 0.75 units; -2049 lies between two halves; 2^32 - 2049 is infinite
    EXPECT_EQ(download<uint16_t>(out, 8),
              (std::vector<uint16_t>{0x3c01, 0x3c00, 0x3c01, 0x3c00, 0xe800, 0x7c00, 0x3c00, 0xbc01}));
    EXPECT_EQ(download<double>(wide, 2), (std::vector<double>{1.0 + 0x1p-12 + 0x1p-11, -2049.0}));
}

// Private, workgroup (variable and parameter) and global memory, told apart for each invocation by itself.
TEST_F(Library, GenericPointersTellTheirMemory) {
    for (const uint32_t size : {1u, 4u, 24u}) {
        constexpr uint32_t kGroups = 3;
        const uint32_t items = kGroups * size;
        std::vector<int32_t> memory(8 * items + 1, -1);
        memory.back() = 41;
        for (int32_t which = 0; which < 4; ++which) {
            const HyDevicePtr out = upload(memory);
            const HyDevicePtr choice = upload<int32_t>({which});
            const uint64_t localBytes = 64;
            run("spaces", kGroups, size, {&out, &localBytes, &choice});
            const std::vector<int32_t> seen = download<int32_t>(out, 8 * items);
            for (uint32_t i = 0; i < items; ++i) {
                const uint32_t kind = (static_cast<uint32_t>(which) + i % size) % 4;
                const bool global = kind == 0, local = kind == 1 || kind == 3, own = kind == 2;
                const int32_t value = global ? 41 : kind == 1 ? 21 : own ? 12 : 31;
                const std::vector<int32_t> expected{global, local, own,   global ? 2 : local ? 1 : 0,
                                                    value,  1,     value, local};
                EXPECT_EQ(std::vector<int32_t>(seen.begin() + 8 * i, seen.begin() + 8 * (i + 1)), expected)
                    << "invocation " << i << " of groups of " << size << ", choice " << which;
            }
        }
    }
}
