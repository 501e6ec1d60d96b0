// One GPU that two backends see is one device, and both can be had.
#include "halyard/halyard.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace {

class DuplicateDevices : public testing::Test {
protected:
    // The instance over mocks in this order, under a filter.
    void create(const std::vector<std::string>& mocks, const char* filter) {
        std::string files;
        for (const std::string& mock : mocks)
            files += (files.empty() ? "" : ":") + std::string(MOCK_DIRECTORY "/") + mock + ".so";
        ASSERT_EQ(setenv("HALYARD_BACKEND_FILES", files.c_str(), 1), 0);
        HyInstanceDesc desc{};
        desc.structSize = sizeof desc;
        desc.devices = filter;
        ASSERT_EQ(hyInstanceCreate(&desc, &instance), HY_SUCCESS);
    }
    void TearDown() override {
        if (instance != nullptr) {
            EXPECT_EQ(hyInstanceDestroy(instance), HY_SUCCESS);
        }
    }
    static std::string selectorOf(HyDevice device) {
        HyDeviceProperties properties{};
        properties.structSize = sizeof properties;
        EXPECT_EQ(hyDeviceGetProperties(device, &properties), HY_SUCCESS);
        return properties.selector;
    }
    std::vector<std::string> listed() const {
        std::vector<std::string> names;
        uint32_t count = 0;
        EXPECT_EQ(hyDeviceGetCount(instance, &count), HY_SUCCESS);
        for (uint32_t i = 0; i < count; ++i) {
            HyDevice device = nullptr;
            EXPECT_EQ(hyDeviceGet(instance, i, &device), HY_SUCCESS);
            names.push_back(selectorOf(device));
        }
        HyDevice beyond = nullptr;
        EXPECT_EQ(hyDeviceGet(instance, count, &beyond), HY_ERROR_NOT_FOUND);
        return names;
    }
    std::string found(const char* selector) const {
        HyDevice device = nullptr;
        return hyDeviceFind(instance, selector, &device) == HY_SUCCESS ? selectorOf(device) : "";
    }

    HyInstance instance = nullptr;
};

using Names = std::vector<std::string>;

TEST_F(DuplicateDevices, AreListedOnceForTheFirstBackend) {
    create({"native_gpu", "portable_gpu", "other_gpu"}, nullptr);
    EXPECT_EQ(listed(), (Names{"native_gpu:0", "other_gpu:0"}));
}

TEST_F(DuplicateDevices, TheOtherBackendIsFoundByName) {
    create({"native_gpu", "portable_gpu", "other_gpu"}, nullptr);
    EXPECT_EQ(found("portable_gpu"), "portable_gpu:0");
    EXPECT_EQ(found("portable_gpu:0"), "portable_gpu:0");
    EXPECT_EQ(found("native_gpu"), "native_gpu:0");
}

TEST_F(DuplicateDevices, AFilterThatNamesThemKeepsThem) {
    create({"native_gpu", "portable_gpu", "other_gpu"}, "portable_gpu,native_gpu");
    EXPECT_EQ(listed(), (Names{"portable_gpu:0", "native_gpu:0"}));
}

TEST_F(DuplicateDevices, WithoutTheFirstBackendTheSecondHasIt) {
    create({"portable_gpu", "other_gpu"}, nullptr);
    EXPECT_EQ(listed(), (Names{"portable_gpu:0", "other_gpu:0"}));
}

} // namespace
