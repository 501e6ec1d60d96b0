// How layers are found, opened, stacked and told that it is over.
#include "fixture.h"

#include <filesystem>
#include <thread>

#include <unistd.h>

namespace halyard::layers {
namespace {

class StackTest : public ::testing::Test {
protected:
    std::vector<std::string> events() const {
        std::ifstream file(log_);
        std::vector<std::string> all;
        for (std::string line; std::getline(file, line);)
            all.push_back(line);
        return all;
    }
    HyResult create(const char* layers) {
        const HyInstanceDesc desc = describe(layers, lines);
        return hyInstanceCreate(&desc, &instance);
    }
    void expectRefused(const std::string& layers, HyResult code, const std::string& words) {
        EXPECT_EQ(create(layers.c_str()), code) << layers;
        const HyErrorInfo error = lastError();
        EXPECT_EQ(error.code, code);
        EXPECT_STREQ(error.call, "hyInstanceCreate");
        EXPECT_STREQ(error.argument, "desc->layers");
        EXPECT_NE(std::string(error.message).find(words), std::string::npos) << error.message;
        EXPECT_STRNE(error.hint, "");
        EXPECT_EQ(instance, nullptr);
    }

    const std::string log_ = std::string(::testing::TempDir()) + "layer_events_" + std::to_string(getpid());
    struct Fresh {
        explicit Fresh(const std::string& file) { std::filesystem::remove(file); }
    } fresh_{log_};
    Variable logVariable_{"HALYARD_MOCK_LAYER_LOG", log_};
    Variable pathVariable_{"HALYARD_LAYER_PATH", std::string("relative:") + MOCK_LAYER_DIRECTORY};
    Lines lines;
    HyInstance instance = nullptr;
};

TEST_F(StackTest, FirstLayerSeesCallsFirst) {
    ASSERT_OK(create("first, second,"));
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetCount(instance, &count));
    ASSERT_OK(hyInstanceDestroy(instance));
    // The second is attached first: it is what the first one passes calls on to.
    const std::vector<std::string> expected = {
        "second attach",
        "second hyDeviceGetCount", // asked by the first, which is attached now
        "first attach",
        "first hyDeviceGetCount",
        "second hyDeviceGetCount",
        "second hyInstanceDestroy",
        "first hyInstanceDestroy",
        "first detach",
        "second detach",
    };
    EXPECT_EQ(events(), expected);
    // A layer may still log when it is told.
    EXPECT_EQ(lines.from("first"), std::vector<std::string>{"detached"});
    EXPECT_EQ(lines.from("second"), std::vector<std::string>{"detached"});
}

TEST_F(StackTest, EnvironmentNamesThemToo) {
    const Variable layers("HALYARD_LAYERS", "first");
    ASSERT_OK(create(nullptr));
    ASSERT_OK(hyInstanceDestroy(instance));
    EXPECT_EQ(events().size(), 3u);
}

TEST_F(StackTest, DescriptorReplacesTheEnvironment) {
    const Variable layers("HALYARD_LAYERS", "nonsense");
    ASSERT_OK(create(""));
    ASSERT_OK(hyInstanceDestroy(instance));
    EXPECT_TRUE(events().empty());
}

TEST_F(StackTest, DescriptorOfAnOlderProgramHasNoLayers) {
    HyInstanceDesc desc = describe("nonsense", lines);
    desc.structSize = offsetof(HyInstanceDesc, layers);
    ASSERT_OK(hyInstanceCreate(&desc, &instance));
    ASSERT_OK(hyInstanceDestroy(instance));
}

TEST_F(StackTest, AbsolutePath) {
    ASSERT_OK(create((std::string(MOCK_LAYER_DIRECTORY) + "/libhalyard_layer_first.so").c_str()));
    ASSERT_OK(hyInstanceDestroy(instance));
    EXPECT_EQ(events().size(), 3u);
}

TEST_F(StackTest, OlderTablePassesOnWhatItDoesNotKnow) {
    ASSERT_OK(create("older"));
    uint32_t count = 0;
    EXPECT_OK(hyDeviceGetCount(instance, &count));
    HyDevice device = nullptr;
    EXPECT_OK(hyDeviceGet(instance, 0, &device));
    EXPECT_OK(hyDeviceFind(instance, "cpu", &device)); // the mock has an entry for it, which it says it does not know
    ASSERT_OK(hyInstanceDestroy(instance));
    const std::vector<std::string> expected = {"older attach", "older hyDeviceGetCount", "older hyInstanceDestroy",
                                               "older detach"};
    EXPECT_EQ(events(), expected);
}

TEST_F(StackTest, LayerCanRefuseACall) {
    ASSERT_OK(create("first"));
    HyDevice device = nullptr;
    EXPECT_EQ(hyDeviceFind(instance, "refused by the layer", &device), HY_ERROR_NOT_FOUND);
    EXPECT_STREQ(lastError().message, "the layer says no");
    EXPECT_STREQ(lastError().hint, "ask it");
    EXPECT_EQ(device, nullptr);
    ASSERT_OK(hyInstanceDestroy(instance));
}

TEST_F(StackTest, CallWithADeadHandleStillReachesTheLayers) {
    ASSERT_OK(create("first"));
    HyDevice device = nullptr;
    ASSERT_OK(hyDeviceFind(instance, "cpu", &device));
    HyStream stream = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    EXPECT_OK(hyStreamDestroy(stream));
    EXPECT_EQ(hyStreamDestroy(stream), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(events().back(), "first hyStreamDestroy refused");
    ASSERT_OK(hyInstanceDestroy(instance));
}

TEST_F(StackTest, InstanceWithoutLayersIsNotSeen) {
    ASSERT_OK(create("first"));
    HyInstance plain = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &plain));
    uint32_t count = 0;
    EXPECT_OK(hyDeviceGetCount(plain, &count));
    EXPECT_EQ(events(), std::vector<std::string>{"first attach"});
    ASSERT_OK(hyInstanceDestroy(plain));
    ASSERT_OK(hyInstanceDestroy(instance));
    EXPECT_EQ(events().size(), 3u);
}

TEST_F(StackTest, UnusableLayersAreRefusedWithWords) {
    expectRefused("no_such", HY_ERROR_NOT_FOUND, MOCK_LAYER_DIRECTORY);
    expectRefused("no_such", HY_ERROR_NOT_FOUND, "validate"); // among those that there are
    expectRefused("first,no_such", HY_ERROR_NOT_FOUND, "'no_such'");
    expectRefused("first,first", HY_ERROR_INVALID_ARGUMENT, "there already");
    expectRefused("./libhalyard_layer_first.so", HY_ERROR_INVALID_ARGUMENT, "relative");
    expectRefused("../layers/first", HY_ERROR_INVALID_ARGUMENT, "relative");
    expectRefused("/nonexistent/layer.so", HY_ERROR_NOT_FOUND, "/nonexistent/layer.so");
    expectRefused("newer_major", HY_ERROR_INCOMPATIBLE_ABI, "layer ABI 2.0");
    expectRefused("small", HY_ERROR_INCOMPATIBLE_ABI, "8 bytes");
    expectRefused("bad_name", HY_ERROR_INVALID_ARGUMENT, "Not A Name");
    expectRefused("no_entry_point", HY_ERROR_INVALID_ARGUMENT, "hyLayerGetInterface");
    expectRefused("no_interface", HY_ERROR_INTERNAL, "no interface");
    EXPECT_TRUE(events().empty()); // a layer is attached when all can be opened
}

TEST_F(StackTest, FailedAttachEndsTheOthers) {
    expectRefused("attach_fails,first", HY_ERROR_UNSUPPORTED, "the mock has no wish to work");
    const std::vector<std::string> seen = events();
    EXPECT_EQ(seen.front(), "first attach");
    EXPECT_EQ(seen.back(), "first detach");
    expectRefused("attach_throws", HY_ERROR_INTERNAL, "thrown by the mock");
}

TEST_F(StackTest, TextThatIsNoLibraryIsRefused) {
    const std::string file = log_ + ".so";
    std::ofstream(file) << "no library";
    expectRefused(file, HY_ERROR_NOT_FOUND, file);
    std::filesystem::remove(file);
}

TEST_F(StackTest, ThreadsCallAtOnce) {
    ASSERT_OK(create("first,second"));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int call = 0; call < 50; ++call) {
                uint32_t count = 0;
                EXPECT_EQ(hyDeviceGetCount(instance, &count), HY_SUCCESS);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    ASSERT_OK(hyInstanceDestroy(instance));
    EXPECT_EQ(events().size(), 2u * 200 + 2 + 1 + 4);
}

} // namespace
} // namespace halyard::layers
