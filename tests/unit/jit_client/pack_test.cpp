// Packs: recorded on one machine, used on another without the compiler.
#include "client_fixture.h"

#include "jit/client/pack.h"

namespace halyard::test {
namespace {

using ::testing::HasSubstr;

TEST(Pack, CodeForOlderProcessorsRunsOnNewerOnes) {
    using jit::runsOn;
    EXPECT_TRUE(runsOn("nvptx", "sm_80", "+ptx81", "sm_90", "+ptx87"));
    EXPECT_TRUE(runsOn("nvptx", "sm_80", "+ptx81", "sm_80", "+ptx81"));
    EXPECT_TRUE(runsOn("nvptx", "sm_90", "+ptx87", "sm_100", "+ptx87"));
    EXPECT_FALSE(runsOn("nvptx", "sm_90", "+ptx81", "sm_80", "+ptx87")) << "a newer processor's";
    EXPECT_FALSE(runsOn("nvptx", "sm_80", "+ptx87", "sm_90", "+ptx81")) << "a newer PTX version";
    EXPECT_FALSE(runsOn("nvptx", "sm_100", "+ptx87", "sm_90", "+ptx87")) << "numbers, not texts";
    EXPECT_FALSE(runsOn("nvptx", "sm_90a", "+ptx81", "sm_100", "+ptx87")) << "code for one processor alone";
    EXPECT_FALSE(runsOn("nvptx", "sm_80", "", "sm_90", "+ptx87"));
    EXPECT_FALSE(runsOn("host", "x86-64-v2", "", "x86-64-v3", "")) << "only the cpu that was asked for";
    EXPECT_TRUE(runsOn("host", "x86-64-v3", "", "x86-64-v3", ""));
}

class PackTest : public ClientTest {
protected:
    HyJitRequest gpu(const char* cpu, const char* features) {
        HyJitRequest out = request("saxpy");
        out.target = "nvptx";
        out.cpu = cpu;
        out.features = features;
        return out;
    }
    // Another machine: no compiler, an empty cache, and the pack.
    void travel() {
        restart();
        set("HALYARD_CACHE_DIR", (root_ / "elsewhere").native());
        set("HALYARD_JIT_PATH", "/nonexistent/halyard-jit");
        unsetenv("HALYARD_PACK_RECORD");
        set("HALYARD_PACK", pack_.native());
    }
    void record() { set("HALYARD_PACK_RECORD", (pack_ = root_ / "pack").native()); }
    std::vector<fs::path> files() const {
        std::vector<fs::path> out;
        for (const auto& entry : fs::recursive_directory_iterator(pack_)) {
            if (entry.is_regular_file())
                out.push_back(entry.path());
        }
        return out;
    }

    fs::path pack_;
};

TEST_F(PackTest, WhatWasRecordedRunsWithoutTheCompiler) {
    record();
    const std::string bytes = compile(gpu("sm_80", "+ptx81")).bytes;
    EXPECT_EQ(files().size(), 1u);
    travel();
    const Result found = compile(gpu("sm_90", "+ptx87"));
    EXPECT_EQ(found.code, HY_SUCCESS) << found.message;
    EXPECT_EQ(found.bytes, bytes);
    EXPECT_TRUE(found.fromCache);
    EXPECT_TRUE(found.aligned);
    EXPECT_FALSE(fs::exists(root_ / "elsewhere")) << "code for sm_80 must not enter the cache as that of sm_90";
}

TEST_F(PackTest, TheNewestThatRunsIsTaken) {
    record();
    for (const char* cpu : {"sm_100", "sm_80", "sm_90"})
        compile(gpu(cpu, "+ptx87"));
    travel();
    EXPECT_THAT(compile(gpu("sm_99", "+ptx88")).bytes, HasSubstr("sm_90"));
    EXPECT_THAT(compile(gpu("sm_120", "+ptx88")).bytes, HasSubstr("sm_100"));
}

TEST_F(PackTest, WhatCameFromTheCacheIsRecordedToo) {
    compile(gpu("sm_80", "+ptx81"));
    restart();
    record();
    EXPECT_TRUE(compile(gpu("sm_80", "+ptx81")).fromCache);
    EXPECT_EQ(files().size(), 1u);
}

TEST_F(PackTest, AMissNamesThePack) {
    record();
    compile(gpu("sm_80", "+ptx81"));
    travel();
    const Result older = compile(gpu("sm_75", "+ptx87"));
    EXPECT_EQ(older.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(older.hint, HasSubstr(pack_.native() + " has no such code"));
    HyJitRequest fast = gpu("sm_80", "+ptx81");
    fast.flags = HY_JIT_FAST_MATH;
    EXPECT_EQ(compile(fast).code, HY_ERROR_COMPILER_LOST);
    HyJitRequest sized = gpu("sm_80", "+ptx81");
    sized.workgroupSize[0] = 64;
    EXPECT_EQ(compile(sized).code, HY_ERROR_COMPILER_LOST);
}

TEST_F(PackTest, CodeOfOtherSourcesIsNeverUsed) {
    record();
    compile(gpu("sm_80", "+ptx81"));
    fs::rename(files().front().parent_path(), pack_ / "00000000000000000000000000000000");
    travel();
    const Result result = compile(gpu("sm_80", "+ptx81"));
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.hint, HasSubstr("make it from the same sources"));
}

TEST_F(PackTest, DamagedAndRenamedFilesArePassedOver) {
    record();
    compile(gpu("sm_80", "+ptx81"));
    const fs::path file = files().front();
    fs::path renamed = file;
    renamed.replace_filename(file.filename().native().substr(0, 64) + " sm_75 +ptx81");
    fs::rename(file, renamed);
    travel();
    EXPECT_EQ(compile(gpu("sm_75", "+ptx81")).code, HY_ERROR_COMPILER_LOST) << "it is sm_80's, whatever its name says";
    restart();
    fs::rename(renamed, file);
    fs::resize_file(file, fs::file_size(file) - 1);
    EXPECT_EQ(compile(gpu("sm_80", "+ptx81")).code, HY_ERROR_COMPILER_LOST);
}

TEST_F(PackTest, APackThatIsNotThereIsNoFailure) {
    set("HALYARD_PACK", (root_ / "nowhere").native());
    EXPECT_EQ(compile("saxpy").code, HY_SUCCESS);
    restart();
    set("HALYARD_PACK", "relative");
    EXPECT_EQ(compile("saxpy").code, HY_SUCCESS);
}

} // namespace
} // namespace halyard::test
