#include "versions.h"

#include <array>

namespace halyard::cuda {
namespace {

struct Row {
    int driver;
    uint32_t ptx;
};

// Newest first. LLVM 22 knows nothing above PTX 9.0, so newer drivers get that.
constexpr std::array<Row, 20> kRows{{
    {13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12050, 85}, {12040, 84}, {12030, 83},
    {12020, 82}, {12010, 81}, {12000, 80}, {11080, 78}, {11070, 77}, {11060, 76}, {11050, 75},
    {11040, 74}, {11030, 73}, {11020, 72}, {11010, 71}, {11000, 70}, {0, 0},
}};

// The processors that LLVM 22 knows, newest first. PTX for an older one runs on every newer one.
constexpr std::array<uint32_t, 15> kProcessors{121, 120, 110, 103, 101, 100, 90, 89, 88, 87, 86, 80, 75, 72, 70};

} // namespace

uint32_t ptxVersionOf(int driverVersion) {
    for (const Row& row : kRows) {
        if (driverVersion >= row.driver)
            return row.ptx;
    }
    return 0;
}

std::string ptxFeature(int driverVersion) {
    return "+ptx" + std::to_string(ptxVersionOf(driverVersion));
}

std::string processorOf(uint32_t computeCapability) {
    for (const uint32_t known : kProcessors) {
        if (computeCapability >= known)
            return "sm_" + std::to_string(known);
    }
    return {};
}

} // namespace halyard::cuda
