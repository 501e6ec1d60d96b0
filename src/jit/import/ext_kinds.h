// The `parameter` of an extended instruction's table entry, by handler. Private to src/jit/import.
#pragma once

#include <cstdint>

namespace halyard::jit {

enum Blend : uint32_t { kClamp, kMix, kStep, kSmoothstep, kSign, kDegrees, kRadians, kMaxCommon, kMinCommon, kMad };

enum Geometric : uint32_t { kCross, kDistance, kLength, kNormalize, kFastDistance, kFastLength, kFastNormalize };

enum Integer : uint32_t {
    kSAbs,
    kUAbs,
    kSAbsDiff,
    kUAbsDiff,
    kSAddSat,
    kUAddSat,
    kSSubSat,
    kUSubSat,
    kSHadd,
    kUHadd,
    kSRhadd,
    kURhadd,
    kSClamp,
    kUClamp,
    kClz,
    kCtz,
    kPopcount,
    kSMadHi,
    kUMadHi,
    kSMadSat,
    kUMadSat,
    kSMax,
    kUMax,
    kSMin,
    kUMin,
    kSMulHi,
    kUMulHi,
    kRotate,
    kMad24,
    kMul24,
    kSSign,
};

} // namespace halyard::jit
