// Which PTX a driver and a device understand.
#pragma once

#include <cstdint>
#include <string>

namespace halyard::cuda {

// The newest PTX version that a driver of this CUDA version (12080: 12.8) accepts, as LLVM counts it (87: PTX 8.7), and
// never newer; 0 for drivers before CUDA 11.0.
uint32_t ptxVersionOf(int driverVersion);

// LLVM's feature string for it: "+ptx87".
std::string ptxFeature(int driverVersion);

// The newest processor known to the compiler whose code the device runs: "sm_90" for 90; "" below 70.
std::string processorOf(uint32_t computeCapability);

} // namespace halyard::cuda
