#include "versions.h"

#include <gtest/gtest.h>

namespace halyard::cuda {
namespace {

TEST(Versions, aDriverGetsThePtxItAcceptsAndNeverNewer) {
    EXPECT_EQ(ptxVersionOf(11000), 70U);
    EXPECT_EQ(ptxVersionOf(11040), 74U);
    EXPECT_EQ(ptxVersionOf(11080), 78U);
    EXPECT_EQ(ptxVersionOf(12000), 80U);
    EXPECT_EQ(ptxVersionOf(12050), 85U);
    EXPECT_EQ(ptxVersionOf(12060), 85U); // CUDA 12.6 brought no new one
    EXPECT_EQ(ptxVersionOf(12080), 87U);
    EXPECT_EQ(ptxVersionOf(13000), 90U);
    EXPECT_EQ(ptxVersionOf(99000), 90U);
    EXPECT_EQ(ptxFeature(12080), "+ptx87");
}

TEST(Versions, aDriverBeforeCuda11HasNone) {
    EXPECT_EQ(ptxVersionOf(10020), 0U);
    EXPECT_EQ(ptxVersionOf(10999), 0U);
    EXPECT_EQ(ptxVersionOf(0), 0U);
}

TEST(Versions, theProcessorIsNeverNewerThanTheDevice) {
    EXPECT_EQ(processorOf(69), "");
    EXPECT_EQ(processorOf(70), "sm_70");
    EXPECT_EQ(processorOf(74), "sm_72");
    EXPECT_EQ(processorOf(90), "sm_90");
    EXPECT_EQ(processorOf(119), "sm_110");
    EXPECT_EQ(processorOf(999), "sm_121");
}

} // namespace
} // namespace halyard::cuda
