// The names and numbers of KIR (docs/kir.md). The importer, the passes, the device library and the targets all take
// them from here and spell none of them again. No LLVM in this header.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace halyard::jit::kir {

enum AddressSpace : unsigned {
    kGeneric = 0,
    kGlobal = 1, // buffers, device addresses, and constant data of the module
    kWorkgroup = 3,
    kConstant = 4, // by-value aggregates and push constants: the packed argument block
    kPrivate = 5,  // only where the data layout's alloca address space is 5
};

// String attribute of the one kernel of a module.
inline constexpr std::string_view kKernelAttribute = "hy.kernel";

// i64 (i32 dimension), memory(none).
inline constexpr std::string_view kGlobalId = "hy.global_id";
inline constexpr std::string_view kLocalId = "hy.local_id";
inline constexpr std::string_view kGroupId = "hy.group_id";
inline constexpr std::string_view kGlobalSize = "hy.global_size";
inline constexpr std::string_view kLocalSize = "hy.local_size";
inline constexpr std::string_view kNumGroups = "hy.num_groups";
inline constexpr std::string_view kGlobalOffset = "hy.global_offset";
// i64 (), memory(none).
inline constexpr std::string_view kLocalLinearId = "hy.local_linear_id";
inline constexpr std::string_view kGlobalLinearId = "hy.global_linear_id";
// i32 (), memory(none).
inline constexpr std::string_view kSubgroupSize = "hy.subgroup_size";
inline constexpr std::string_view kSubgroupMaxSize = "hy.subgroup_max_size";
inline constexpr std::string_view kNumSubgroups = "hy.num_subgroups";
inline constexpr std::string_view kSubgroupId = "hy.subgroup_id";
inline constexpr std::string_view kSubgroupLocalId = "hy.subgroup_local_id";

// void (i32 executionScope, i32 memoryScope, i32 semantics), convergent.
inline constexpr std::string_view kBarrier = "hy.barrier";
// void (i32 scope, i32 semantics).
inline constexpr std::string_view kFence = "hy.fence";

// i32 (ptr), memory(none): kGlobal, kWorkgroup or kPrivate, wherever the generic pointer points; kGlobal for null.
inline constexpr std::string_view kPointerSpace = "hy.pointer_space";

// i32 (ptr addrspace(1) format, ptr record, i32 recordBytes): printf; the record as printf/record.h says. 0, or -1 when
// nothing could be printed.
inline constexpr std::string_view kPrintf = "hy.printf";

// void (i32 region), convergent: where invocations that left a loop or a called function by different ways meet again.
inline constexpr std::string_view kRegionBegin = "hy.region.begin";
inline constexpr std::string_view kRegionEnd = "hy.region.end";

// Only while the SPMD vectoriser works, memory(none).
// i1 (i1): whether all lanes of a vector are here and give true.
inline constexpr std::string_view kAllLanes = "hy.all_lanes";
// i1 (i32 value, i32 reach, i1 signed): whether no lane's number from value to value + reach wraps round, those of lane
// 0 being the lowest; false unless value is strided or uniform.
inline constexpr std::string_view kRows = "hy.rows";
// i64 (i32 value, i1 signed): the value, extended, of which kRows says that it does not wrap round.
inline constexpr std::string_view kIndex = "hy.index";

// The variables at program scope: one mutable, external global of address space 1.
inline constexpr std::string_view kProgramData = "hy.program_data";

// Prefixes: `hy.math.<name>.<type>`, `hy.subgroup.<operation>[.<type>]`, `hy.workgroup.<operation>[.<type>]`.
inline constexpr std::string_view kMathPrefix = "hy.math.";
inline constexpr std::string_view kSubgroupPrefix = "hy.subgroup.";
inline constexpr std::string_view kWorkgroupPrefix = "hy.workgroup.";

// Cooperative matrices: `hy.matrix.load.<type>`, `hy.matrix.store.<type>`, `hy.subgroup.matrix_mul_add.<types>`.
inline constexpr std::string_view kMatrixLoad = "hy.matrix.load.";
inline constexpr std::string_view kMatrixStore = "hy.matrix.store.";
inline constexpr std::string_view kMatrixMulAdd = "matrix_mul_add"; // behind kSubgroupPrefix

// Names of LLVM synchronisation scopes; the empty one is the whole system, "singlethread" one invocation.
inline constexpr std::string_view kScopeSystem = "";
inline constexpr std::string_view kScopeDevice = "device";
inline constexpr std::string_view kScopeWorkgroup = "workgroup";
inline constexpr std::string_view kScopeSubgroup = "subgroup";
inline constexpr std::string_view kScopeInvocation = "singlethread";

// SPIR-V's numbering of scopes, as the operands of kBarrier and kFence carry it.
enum Scope : unsigned { kScopeIdCrossDevice = 0, kScopeIdDevice = 1, kScopeIdWorkgroup = 2, kScopeIdSubgroup = 3 };

inline std::string mathName(std::string_view function, std::string_view type) {
    return std::string(kMathPrefix).append(function).append(".").append(type);
}

} // namespace halyard::jit::kir
