// What belongs to no other family: hints, fences, sizes, lifetimes, and instructions of extensions.
#include "matrix/families.h"

#include <cmath>

namespace halyard::spirvtest {

namespace {

using Emit = std::function<Id(Module&, Kernel&, const Ids&)>;

Case shaped(Op op, Flavour flavour, std::vector<Type> operands, Type result, Emit emit, Host host) {
    Case item = opCase(op, flavour, std::move(operands), result, std::move(host));
    item.op = Op::Nop;
    item.emit = std::move(emit);
    return item;
}

void addHints(Cases& cases, Flavour flavour) {
    const Type number{Scalar::I32};
    const Host same = [](const uint64_t* v) { return v[0]; };
    Case expect = shaped(
        Op::ExpectKHR, flavour, {number}, number,
        [](Module& m, Kernel&, const Ids& ids) {
            return m.value(Op::ExpectKHR, m.intType(32), {ids[0], m.u32(1)});
        },
        same);
    expect.capabilities = {Capability::ExpectAssumeKHR};
    expect.extensions = {"SPV_KHR_expect_assume"};
    cases.push_back(expect);
    Case assume = shaped(
        Op::AssumeTrueKHR, flavour, {number}, number,
        [](Module& m, Kernel&, const Ids& ids) {
            m.op(Op::AssumeTrueKHR, {m.value(Op::ULessThanEqual, m.boolType(), {ids[0], m.u32(0xffffffff)})});
            return ids[0];
        },
        same);
    assume.capabilities = expect.capabilities;
    assume.extensions = expect.extensions;
    cases.push_back(assume);
    cases.push_back(shaped(
        Op::Nop, flavour, {number}, number,
        [](Module& m, Kernel&, const Ids& ids) {
            m.op(Op::Nop, {});
            m.op(Op::NoLine, {});
            return ids[0];
        },
        same));
    for (const auto& [name, semantics] : {std::make_pair("acquire release", kAcquireRelease | kWorkgroupMemory),
                                          std::make_pair("device", kAcquireRelease | kUniformMemory)}) {
        Case fence = shaped(
            Op::MemoryBarrier, flavour, {number}, number,
            [semantics = semantics](Module& m, Kernel&, const Ids& ids) {
                const Id variable = m.localVariable(m.intType(32));
                m.op(Op::Store, {variable, ids[0]});
                const bool device = (semantics & kUniformMemory) != 0;
                const uint32_t memory =
                    device && m.flavour() == Flavour::Kernel ? kAcquireRelease | kCrossWorkgroupMemory : semantics;
                m.op(Op::MemoryBarrier, {m.scope(device ? Scope::Device : Scope::Workgroup), m.u32(memory)});
                return m.value(Op::Load, m.intType(32), {variable});
            },
            same);
        fence.name += std::string("/") + name;
        cases.push_back(fence);
    }
    for (Scope scope : {Scope::Workgroup, Scope::Subgroup}) {
        Case barrier = shaped(
            Op::ControlBarrier, flavour, {number}, number,
            [scope](Module& m, Kernel&, const Ids& ids) {
                m.op(Op::ControlBarrier, {m.scope(scope), m.scope(scope), m.u32(kAcquireRelease | kWorkgroupMemory)});
                return ids[0];
            },
            same);
        barrier.name += scope == Scope::Workgroup ? "/workgroup" : "/subgroup";
        cases.push_back(barrier);
    }
}

void addKernelOnly(Cases& cases) {
    const Type number{Scalar::I32}, real{Scalar::F32};
    const Host same = [](const uint64_t* v) { return v[0]; };
    cases.push_back(shaped(
        Op::LifetimeStart, Flavour::Kernel, {number}, number,
        [](Module& m, Kernel&, const Ids& ids) {
            const Id variable = m.localVariable(m.intType(32));
            m.op(Op::LifetimeStart, {variable, 0});
            m.op(Op::Store, {variable, ids[0]});
            const Id value = m.value(Op::Load, m.intType(32), {variable});
            m.op(Op::LifetimeStop, {variable, 0});
            return value;
        },
        same));
    cases.push_back(cases.back());
    cases.back().name = "LifetimeStop/kernel/i32";
    cases.back().instruction = "OpLifetimeStop";
    for (const Type& type : {Type{Scalar::I8}, Type{Scalar::I64}, Type{Scalar::F32, 3}, Type{Scalar::F64, 16}}) {
        const uint32_t bytes = bitsOf(type.scalar) / 8 * (type.width == 3 ? 4 : type.width);
        Case size = shaped(
            Op::SizeOf, Flavour::Kernel, {number}, number,
            [type](Module& m, Kernel&, const Ids&) {
                return m.value(Op::SizeOf, m.intType(32), {m.localVariable(type.id(m))});
            },
            [bytes](const uint64_t*) { return uint64_t(bytes); });
        size.name += "/" + type.name();
        size.capabilities = {Capability::Addresses};
        cases.push_back(size);
    }
    Case prefetch = openClCase(OpenCl::prefetch, "prefetch", {number}, number, same);
    prefetch.byPointer = true;
    prefetch.emit = [](Module& m, Kernel& k, const Ids& ids) {
        m.openCl(OpenCl::prefetch, m.voidType(), {ids[0], k.indexConstant(1)});
        return m.value(Op::Load, m.intType(32), {ids[0]});
    };
    cases.push_back(prefetch);
    const Host sum = [](const uint64_t* v) { return fromQuad(Scalar::F32, toQuad(Scalar::F32, v[0]) + 1); };
    Case fence = shaped(
        Op::ArithmeticFenceEXT, Flavour::Kernel, {real}, real,
        [](Module& m, Kernel&, const Ids& ids) {
            const Id f32 = m.floatType(32);
            const Id one = m.value(Op::FAdd, f32, {ids[0], m.constant(f32, 0x3f800000)});
            return m.value(Op::ArithmeticFenceEXT, f32, {one});
        },
        sum);
    fence.capabilities = {Capability::ArithmeticFenceEXT};
    fence.extensions = {"SPV_EXT_arithmetic_fence"};
    cases.push_back(fence);
    const Type two{Scalar::F64};
    Case fused = opCase(Op::FmaKHR, Flavour::Kernel, {two, two, two}, two, [](const uint64_t* v) {
        const auto number = [](uint64_t bits) { return static_cast<double>(toQuad(Scalar::F64, bits)); };
        return fromQuad(Scalar::F64, std::fma(number(v[0]), number(v[1]), number(v[2])));
    });
    fused.capabilities = {Capability::FMAKHR};
    fused.extensions = {"SPV_KHR_fma"};
    cases.push_back(fused);
    // bfloat16 as the bits of a 16-bit integer.
    Case widen = opCase(Op::ConvertBF16ToFINTEL, Flavour::Kernel, {{Scalar::I16}}, real,
                        [](const uint64_t* v) { return v[0] << 16; });
    widen.capabilities = {Capability::BFloat16ConversionINTEL};
    widen.extensions = {"SPV_INTEL_bfloat16_conversion"};
    cases.push_back(widen);
    Case narrow = opCase(Op::ConvertFToBF16INTEL, Flavour::Kernel, {real}, {Scalar::I16}, [](const uint64_t* v) {
        return (v[0] + 0x7fff + (v[0] >> 16 & 1)) >> 16; // to nearest even
    });
    narrow.capabilities = widen.capabilities;
    narrow.extensions = widen.extensions;
    narrow.generators = {[](Random& random, Scalar scalar) { return finiteValue(random, scalar); }};
    cases.push_back(narrow);
}

} // namespace

Cases miscellaneousCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        addHints(cases, flavour);
    }
    addKernelOnly(cases);
    return cases;
}

} // namespace halyard::spirvtest
