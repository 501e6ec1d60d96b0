// Workers that crash, hang, lie or do not start: an error in words, bounded in time, and the next compilation works.
#include "client_fixture.h"

namespace halyard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class WorkerFailureTest : public ClientTest {
protected:
    Result expectLost(const std::string& kernel) {
        Result result = compile(kernel);
        EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST) << result.message;
        EXPECT_THAT(result.message, HasSubstr("'" + kernel + "'"));
        EXPECT_EQ(counters_.workersLost, 1u);
        EXPECT_EQ(counters_.compileFailures, 1u);
        EXPECT_EQ(counters_.cacheWrites, 0u);
        expectRecovered();
        return result;
    }
};

TEST_F(WorkerFailureTest, ACrashNamesSignalStageAndWords) {
    const Result result = expectLost("crash:codegen");
    EXPECT_THAT(result.message, AllOf(HasSubstr("SIGABRT"), HasSubstr("stage codegen"),
                                      HasSubstr("the cause of the crash"), HasSubstr("host x86-64-v3")));
}

TEST_F(WorkerFailureTest, ACrashLeavesADumpWithTheTextsBeforeTheStage) {
    const Result result = expectLost("crash:codegen");
    ASSERT_EQ(dumps().size(), 1u);
    const fs::path dump = dumps()[0];
    EXPECT_THAT(result.hint, HasSubstr(dump.native()));
    EXPECT_EQ(read(dump / "module.spv"), std::string(reinterpret_cast<const char*>(kWords), sizeof kWords));
    EXPECT_THAT(read(dump / "request.json"),
                AllOf(HasSubstr("crash:codegen"), HasSubstr("\"failedStage\": \"codegen\"")));
    EXPECT_THAT(read(dump / "stderr.txt"), HasSubstr("the cause of the crash"));
    EXPECT_THAT(read(dump / "kir.ll"), HasSubstr("kir of crash:codegen"));
    EXPECT_THAT(read(dump / "ir.ll"), HasSubstr("ir of crash:codegen"));
    EXPECT_EQ(fs::status(dump).permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(dump.parent_path()).permissions(), fs::perms::owner_all);
}

TEST_F(WorkerFailureTest, ACrashInImportHasNoText) {
    expectLost("crash:import");
    ASSERT_EQ(dumps().size(), 1u);
    EXPECT_TRUE(fs::exists(dumps()[0] / "module.spv"));
    EXPECT_FALSE(fs::exists(dumps()[0] / "kir.ll"));
}

TEST_F(WorkerFailureTest, ACrashInOptimiseHasKirAlone) {
    expectLost("crash:optimise");
    ASSERT_EQ(dumps().size(), 1u);
    EXPECT_TRUE(fs::exists(dumps()[0] / "kir.ll"));
    EXPECT_FALSE(fs::exists(dumps()[0] / "ir.ll"));
}

TEST_F(WorkerFailureTest, AHangEndsAtTheTimeLimit) {
    set("HALYARD_JIT_TIMEOUT_MS", "700");
    const auto begin = std::chrono::steady_clock::now();
    const Result result = expectLost("hang:optimise");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_THAT(result.message, AllOf(HasSubstr("700 ms"), HasSubstr("stage optimise")));
    EXPECT_THAT(result.hint, HasSubstr("HALYARD_JIT_TIMEOUT_MS"));
}

TEST_F(WorkerFailureTest, MemoryIsRecognised) {
    set("HALYARD_JIT_MEMORY_MB", "512");
    const Result result = expectLost("memory");
    EXPECT_THAT(result.message, HasSubstr("memory limit of 512 MB"));
    EXPECT_THAT(result.hint, HasSubstr("HALYARD_JIT_MEMORY_MB"));
}

TEST_F(WorkerFailureTest, AReplyThatMemoryRanOutIsALossToo) {
    const Result result = expectLost("refused:-6");
    EXPECT_THAT(result.message, HasSubstr("memory limit of 4096 MB"));
}

TEST_F(WorkerFailureTest, BrokenRepliesAreErrors) {
    for (const char* kernel :
         {"garbage", "oversize", "huge", "partial", "exit", "wrongid", "noid", "nostatus", "nojson", "empty"}) {
        SCOPED_TRACE(kernel);
        const uint64_t lost = counters_.workersLost;
        const Result result = compile(kernel);
        EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
        EXPECT_THAT(result.message, HasSubstr(std::string("'") + kernel + "'"));
        EXPECT_GE(counters_.workersLost, lost + 1);
        EXPECT_EQ(compile("after " + std::string(kernel)).code, HY_SUCCESS);
    }
    EXPECT_THAT(compile("exit").message, HasSubstr("exited with status 5"));
}

TEST_F(WorkerFailureTest, ARefusalKeepsItsWordsAndItsWorker) {
    const Result result = compile("unsupported");
    EXPECT_EQ(result.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(result.message, AllOf(HasSubstr("OpImageRead"), HasSubstr("import")));
    EXPECT_EQ(result.hint, "use buffers");
    EXPECT_TRUE(dumps().empty());
    expectRecovered();
    EXPECT_EQ(counters_.workersStarted, 1u);
    EXPECT_EQ(counters_.workersLost, 0u);
    EXPECT_EQ(counters_.compileFailures, 1u);
}

TEST_F(WorkerFailureTest, AFailedCompilationLeavesADump) {
    const Result result = compile("failed");
    EXPECT_EQ(result.code, HY_ERROR_COMPILE_FAILED);
    EXPECT_THAT(result.message, AllOf(HasSubstr("cannot select"), HasSubstr("codegen")));
    ASSERT_EQ(dumps().size(), 1u);
    EXPECT_THAT(result.hint, HasSubstr(dumps()[0].native()));
    EXPECT_TRUE(fs::exists(dumps()[0] / "ir.ll"));
    EXPECT_EQ(counters_.workersLost, 0u);
}

TEST_F(WorkerFailureTest, AnUnknownStatusIsStillAFailure) {
    EXPECT_EQ(compile("refused:7").code, HY_ERROR_COMPILE_FAILED);
    EXPECT_EQ(compile("refused:-5000000000").code, HY_ERROR_COMPILE_FAILED);
}

TEST_F(WorkerFailureTest, MuchOnStandardErrorNeitherBlocksNorFails) {
    EXPECT_EQ(compile("chatty").code, HY_SUCCESS);
}

TEST_F(WorkerFailureTest, AnIdleWorkerThatEndedIsReplacedSilently) {
    EXPECT_EQ(compile("dieafter").code, HY_SUCCESS);
    usleep(100'000);
    expectRecovered();
    EXPECT_EQ(counters_.workersStarted, 2u);
    EXPECT_EQ(lines_, "");
}

TEST_F(WorkerFailureTest, AnIdleWorkerThatEndsAtTheRequestIsReplacedSilentlyOnce) {
    EXPECT_EQ(compile("dienext").code, HY_SUCCESS);
    expectRecovered();
    EXPECT_EQ(counters_.workersStarted, 2u);
    EXPECT_EQ(lines_, "");
}

TEST_F(WorkerFailureTest, AMissingProgramIsNamedWithARemedy) {
    set("HALYARD_JIT_PATH", "/nonexistent/halyard-jit");
    const Result result = compile("saxpy");
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, AllOf(HasSubstr("/nonexistent/halyard-jit"), HasSubstr("No such file")));
    EXPECT_THAT(result.hint, HasSubstr("HALYARD_JIT_PATH"));
    EXPECT_TRUE(dumps().empty());
}

TEST_F(WorkerFailureTest, WithoutAPathTheUsualPlacesAreNamed) {
    unsetenv("HALYARD_JIT_PATH");
    const Result result = compile("saxpy");
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, AllOf(HasSubstr("/halyard-jit, "), HasSubstr("libexec/halyard/halyard-jit")));
}

TEST_F(WorkerFailureTest, ARelativePathIsIgnored) {
    set("HALYARD_JIT_PATH", "fake_worker");
    EXPECT_EQ(compile("saxpy").code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(lines_, HasSubstr("absolute"));
}

TEST_F(WorkerFailureTest, AFileThatIsNoProgramIsAnError) {
    std::ofstream(root_ / "halyard-jit") << "text";
    set("HALYARD_JIT_PATH", (root_ / "halyard-jit").native());
    const Result result = compile("saxpy");
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, HasSubstr("Permission denied"));
}

TEST_F(WorkerFailureTest, AMissingLibraryIsToldInTheLinkersWords) {
    set("FAKE_START", "loader");
    const Result result = compile("saxpy");
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, AllOf(HasSubstr("libLLVM.so.22.1"), HasSubstr("status 127")));
    EXPECT_THAT(result.hint, HasSubstr("LLVM 22"));
}

TEST_F(WorkerFailureTest, AWorkerThatEndsAtOnceIsAnError) {
    set("FAKE_START", "exit:3");
    EXPECT_THAT(compile("saxpy").message, HasSubstr("exited with status 3"));
}

TEST_F(WorkerFailureTest, AWorkerThatHangsAtTheStartEndsAtTheTimeLimit) {
    set("FAKE_START", "hang");
    set("HALYARD_JIT_TIMEOUT_MS", "300");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THAT(compile("saxpy").message, HasSubstr("300 ms"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

TEST_F(WorkerFailureTest, AnotherBuildIsRefused) {
    set("FAKE_BUILD", "yesterday");
    const Result result = compile("saxpy");
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, HasSubstr("build yesterday"));
    EXPECT_THAT(result.hint, HasSubstr("same build"));
}

TEST_F(WorkerFailureTest, ADumpDirectoryThatOthersMayWriteIsNotUsed) {
    fs::create_directory(root_ / "dumps");
    fs::permissions(root_ / "dumps", fs::perms::all);
    const Result result = compile("crash:import");
    EXPECT_THAT(result.hint, AllOf(HasSubstr("nothing is saved"), HasSubstr("chmod go-w")));
    EXPECT_TRUE(dumps().empty());
}

TEST_F(WorkerFailureTest, HostileKernelNamesStayInTheDumpDirectory) {
    const Result result = compile("../../escape/\n;rm:garbage");
    EXPECT_EQ(result.code, HY_SUCCESS);
    HyJitRequest in = request("refused:-16 ../../../x");
    const Result refused = compile(in);
    EXPECT_EQ(refused.code, HY_ERROR_COMPILE_FAILED);
    ASSERT_EQ(dumps().size(), 1u);
    EXPECT_THAT(dumps()[0].filename().native(), Not(HasSubstr(".")));
}

} // namespace
} // namespace halyard::test
