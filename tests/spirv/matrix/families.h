// The tables of cases, one file a family, and what they are written with.
#pragma once

#include "matrix/case.h"
#include "matrix/generate.h"

namespace halyard::spirvtest {

// Invocations of a subgroup, of every device that the cases run on: HALYARD_CPU_SUBGROUP_SIZE, else 16, unless it was
// set to what the device has. To be set before cases are made.
uint32_t subgroupSize();
void setSubgroupSize(uint32_t size);

struct Family {
    const char* name;
    Cases (*cases)();
};
const std::vector<Family>& families();

Cases arithmeticCases();
Cases bitCases();
Cases logicCases();
Cases conversionCases();
Cases compositeCases();
Cases matrixCases();
Cases cooperativeCases();
Cases openClIntegerCases();
Cases openClFloatCases();
Cases glslCases();
Cases memoryCases();
Cases controlCases();
Cases atomicCases();
Cases groupCases();
Cases dotCases();
Cases constantCases();
Cases interfaceCases();
Cases layoutCases();
Cases floatControlCases();
Cases miscellaneousCases();

inline constexpr Flavour kFlavours[] = {Flavour::Kernel, Flavour::GLCompute};
inline constexpr Scalar kInts[] = {Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64};
inline constexpr Scalar kFloats[] = {Scalar::F16, Scalar::F32, Scalar::F64};
inline constexpr Scalar kNumbers[] = {Scalar::I8,  Scalar::I16, Scalar::I32, Scalar::I64,
                                      Scalar::F16, Scalar::F32, Scalar::F64};

// 1 2 3 4 8 16 for Kernel, 1 2 3 4 for GLCompute.
const std::vector<uint32_t>& widthsOf(Flavour flavour);

// One component of a result from one component of each operand; a scalar operand serves every component.
using Host = std::function<uint64_t(const uint64_t*)>;
std::function<Value(const std::vector<Row>&, size_t)> perComponent(Type result, Host host);
// The whole result from the operands of the invocation.
std::function<Value(const std::vector<Row>&, size_t)> perRow(std::function<Value(const Row&)> host);

// A case of one core instruction: named "<opcode>/<flavour>/<types>".
Case opCase(Op op, Flavour flavour, std::vector<Type> operands, Type result, Host host = nullptr);
// One of an extended instruction.
Case openClCase(OpenCl instruction, const char* name, std::vector<Type> operands, Type result, Host host = nullptr);
Case glslCase(Glsl instruction, const char* name, std::vector<Type> operands, Type result, Host host = nullptr);
// "kernel/i32x4", or "kernel/i32x4-f32x4" when the result's type is another than the first operand's.
std::string signatureOf(Flavour flavour, const std::vector<Type>& operands, const Type& result);

Comparison exactly();
Comparison within(double ulps);
// The same bits or both NaN; zeros of either sign are the same.
Comparison eitherZero();
// Within `units` of the exact result, in units in the last place of `scale`, both from the operands of the component.
// For results that cancellation leaves without relative accuracy.
using Exact = std::function<Quad(const Quad*)>;
Comparison near(Scalar scalar, double units, Exact exact, Exact scale);
// A change of operands, component by component: change(operands of the component).
std::function<void(Row&)> eachComponent(std::function<void(uint64_t*)> change);

} // namespace halyard::spirvtest
