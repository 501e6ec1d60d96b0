// The numbers of SPIR-V that tests write modules with. Opcodes, capabilities and extended instructions come from the
// tables that the importer's own names come from; the validator, which every module passes, knows them independently.
#pragma once

#include <cstdint>

namespace halyard::spirvtest {

using Id = uint32_t; // 0 is no id

enum class Op : uint16_t {
#define HY_SPV_OP(name, number, hasType, hasResult, family, support) name = number,
#include "spv/opcodes.inc"
#undef HY_SPV_OP
};

enum class Capability : uint32_t {
#define HY_SPV_CAPABILITY(name, number, support) name = number,
#include "spv/capabilities.inc"
#undef HY_SPV_CAPABILITY
};

enum class OpenCl : uint32_t {
#define HY_SPV_OPENCL(name, number, support) name = number,
#include "spv/opencl_std.inc"
#undef HY_SPV_OPENCL
};

enum class Glsl : uint32_t {
#define HY_SPV_GLSL(name, number, support) name = number,
#include "spv/glsl_std_450.inc"
#undef HY_SPV_GLSL
};

// The name of an opcode without its "Op".
const char* opName(Op op);
const char* capabilityName(Capability capability);

enum class Storage : uint32_t {
    UniformConstant = 0,
    Input = 1,
    Uniform = 2,
    Workgroup = 4,
    CrossWorkgroup = 5,
    Private = 6,
    Function = 7,
    Generic = 8,
    PushConstant = 9,
    StorageBuffer = 12,
    PhysicalStorageBuffer = 5349,
};

enum class Decoration : uint32_t {
    SpecId = 1,
    Block = 2,
    RowMajor = 4,
    ColMajor = 5,
    ArrayStride = 6,
    MatrixStride = 7,
    CPacked = 10,
    BuiltIn = 11,
    Restrict = 19,
    Aliased = 20,
    Constant = 22,
    Coherent = 23,
    NonWritable = 24,
    NonReadable = 25,
    SaturatedConversion = 28,
    Binding = 33,
    DescriptorSet = 34,
    Offset = 35,
    FuncParamAttr = 38,
    FPRoundingMode = 39,
    FPFastMathMode = 40,
    Alignment = 44,
    NoContraction = 42,
    RestrictPointer = 5355,
    AliasedPointer = 5356,
};

enum class BuiltIn : uint32_t {
    NumWorkgroups = 24,
    WorkgroupSize = 25,
    WorkgroupId = 26,
    LocalInvocationId = 27,
    GlobalInvocationId = 28,
    LocalInvocationIndex = 29,
    WorkDim = 30,
    GlobalSize = 31,
    EnqueuedWorkgroupSize = 32,
    GlobalOffset = 33,
    GlobalLinearId = 34,
    SubgroupSize = 36,
    SubgroupMaxSize = 37,
    NumSubgroups = 38,
    NumEnqueuedSubgroups = 39,
    SubgroupId = 40,
    SubgroupLocalInvocationId = 41,
    SubgroupEqMask = 4416,
    SubgroupGeMask = 4417,
    SubgroupGtMask = 4418,
    SubgroupLeMask = 4419,
    SubgroupLtMask = 4420,
};

enum class Mode : uint32_t {
    LocalSize = 17,
    LocalSizeHint = 18,
    ContractionOff = 31,
    SubgroupSize = 35,
    LocalSizeId = 38,
    DenormPreserve = 4459,
    DenormFlushToZero = 4460,
    SignedZeroInfNanPreserve = 4461,
    RoundingModeRte = 4462,
    RoundingModeRtz = 4463,
};

enum class Rounding : uint32_t { ToNearestEven = 0, TowardZero = 1, Up = 2, Down = 3 };

enum class Scope : uint32_t {
    CrossDevice = 0,
    Device = 1,
    Workgroup = 2,
    Subgroup = 3,
    Invocation = 4,
    QueueFamily = 5
};

enum Semantics : uint32_t {
    kRelaxed = 0,
    kAcquire = 0x2,
    kRelease = 0x4,
    kAcquireRelease = 0x8,
    kSequentiallyConsistent = 0x10,
    kUniformMemory = 0x40,
    kWorkgroupMemory = 0x100,
    kCrossWorkgroupMemory = 0x200,
};

enum class GroupOperation : uint32_t { Reduce = 0, InclusiveScan = 1, ExclusiveScan = 2, ClusteredReduce = 3 };

} // namespace halyard::spirvtest
