// Fat files: one file with code for several devices, of which each takes the best that it runs.
#include "native_modules.h"

#include "native_cl.spv.h"
#include "native_local_cl.spv.h"

using namespace halyard::conformance;

namespace {

class FatFiles : public NativeTest {
protected:
    Bytes portable() { return spirv(native_cl_spv, native_cl_spv_size); }
    // What the kernel adds beside 7: 1000 when native code ran.
    uint32_t extra(HyModule module) { return addTo(makeKernel(module, "add"), 7) - 7; }
    bool takesPtx() const { return claims(HY_CAP_MODULE_PTX); }
};

} // namespace

TEST_F(FatFiles, SpirvRunsEverywhere) {
    HyModule module = nullptr;
    ASSERT_OK(load(fatFile({{portable(), ""}}), module));
    EXPECT_EQ(extra(module), 0u);
    ASSERT_OK(load(fatFile({{portable(), ""}}), module, HY_MODULE_FORMAT_FAT_FILE));
    EXPECT_EQ(extra(module), 0u);
}

TEST_F(FatFiles, NativeCodeComesFirstWhereItRuns) {
    HyModule module = nullptr;
    const uint64_t before = compiles();
    ASSERT_OK(load(fatFile({{portable(), ""}, {bytesOf(addPtx()), "sm_70"}}), module));
    EXPECT_EQ(extra(module), takesPtx() ? 1000u : 0u);
    if (takesPtx()) {
        EXPECT_EQ(compiles(), before); // a machine without compiler runs it
    }
}

// What SPIR-V says of parameters holds for the code beside it.
TEST_F(FatFiles, TheInterfaceIsThatOfTheSpirv) {
    HyModule module = nullptr;
    ASSERT_OK(load(fatFile({{bytesOf(addPtx()), "sm_70"}, {portable(), ""}}), module));
    HyParameterInfo parameter{};
    parameter.structSize = sizeof parameter;
    ASSERT_OK(hyKernelGetParameter(makeKernel(module, "add"), 0, &parameter));
    EXPECT_EQ(parameter.kind, HY_PARAMETER_GLOBAL_POINTER);
}

TEST_F(FatFiles, CodeThatIsNotForTheDeviceIsPassedOver) {
    HyModule module = nullptr;
    hyClearLastError();
    ASSERT_OK(load(fatFile({{emptyCubin(30), "sm_30"},
                            {fatBinary({{true, 30, emptyCubin(30)}}), "sm_30"},
                            {bytesOf(addPtx("sm_250")), "sm_250"},
                            {bytesOf("no module at all"), "strange"},
                            {portable(), ""}}),
                   module));
    EXPECT_EQ(extra(module), 0u);
    EXPECT_EQ(lastError().code, HY_SUCCESS); // what was passed over is no failure
}

TEST_F(FatFiles, CodeWithAnotherInterfaceIsPassedOver) {
    HyModule module = nullptr;
    for (const std::string& other : {mixedPtx(), std::string(".version 7.0\n.target sm_70\n.address_size 64\n")}) {
        ASSERT_OK(load(fatFile({{bytesOf(other), ""}, {portable(), ""}}), module));
        EXPECT_EQ(extra(module), 0u);
    }
    std::string wider = addPtx();
    wider.replace(wider.find(".param .u32 value"), 17, ".param .u64 value");
    ASSERT_OK(load(fatFile({{bytesOf(wider), ""}, {portable(), ""}}), module));
    EXPECT_EQ(extra(module), 0u);
}

TEST_F(FatFiles, WorkgroupPointersStaySpirv) {
    HyModule module = nullptr;
    const Bytes local = spirv(native_local_cl_spv, native_local_cl_spv_size);
    ASSERT_OK(load(fatFile({{bytesOf(addPtx()), ""}, {local, ""}}), module));
    HyKernelInfo info{};
    info.structSize = sizeof info;
    const HyKernel kernel = makeKernel(module, "add");
    const HyDevicePtr data = upload(std::vector<uint32_t>{1, 2, 3, 4});
    const uint64_t bytes = 16;
    const void* args[] = {&data, &bytes};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {4, 1, 1}, 0, args, 2));
    EXPECT_EQ(download<uint32_t>(data, 4), (std::vector<uint32_t>{4, 3, 2, 1}));
}

TEST_F(FatFiles, WithoutAnythingForTheDevice) {
    HyModule module = nullptr;
    EXPECT_EQ(load(fatFile({{emptyCubin(30), "sm_30"}}), module), HY_ERROR_UNSUPPORTED);
    EXPECT_TRUE(saysInError("sm_30") && saysInError(properties.isa)) << lastError().message;
    EXPECT_STRNE(lastError().hint, "");
}

TEST_F(FatFiles, SpecialisationConstantsChooseSpirv) {
    HyModule module = nullptr;
    EXPECT_EQ(load(fatFile({{bytesOf(addPtx()), ""}}), module, HY_MODULE_FORMAT_AUTO, {{1, 4, 2}}),
              HY_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(lastError().argument, "desc->specConstants");
    // The SPIR-V has no constant 1.
    EXPECT_EQ(load(fatFile({{bytesOf(addPtx()), ""}, {portable(), ""}}), module, HY_MODULE_FORMAT_AUTO, {{1, 4, 2}}),
              HY_ERROR_INVALID_ARGUMENT);
}

TEST_F(FatFiles, EveryTruncationIsRefused) {
    const Bytes file = fatFile({{bytesOf("no module"), "sm_70"}});
    for (size_t bytes = 1; bytes < file.size(); ++bytes) {
        HyModule module = nullptr;
        ASSERT_EQ(load(std::span(file).first(bytes), module, HY_MODULE_FORMAT_FAT_FILE), HY_ERROR_INVALID_MODULE)
            << bytes;
        ASSERT_STRNE(lastError().message, "");
    }
}

TEST_F(FatFiles, ChangedHeadersAreRefusedOrHarmless) {
    const Bytes file = fatFile({{bytesOf("no module"), "sm_70"}});
    int refused = 0;
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
        Bytes changed = file;
        changed[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        HyModule module = nullptr;
        const HyResult result = load(changed, module, HY_MODULE_FORMAT_FAT_FILE);
        ASSERT_TRUE(result == HY_ERROR_INVALID_MODULE || result == HY_ERROR_UNSUPPORTED)
            << bit << " " << hyResultName(result);
        refused += result == HY_ERROR_INVALID_MODULE;
    }
    EXPECT_GT(refused, 300);
}
