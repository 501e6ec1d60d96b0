// How a kernel is reached: builtins, uniform buffers, push constants, buffers by their device address.
#include "matrix/families.h"

#include <cstring>

namespace halyard::spirvtest {

namespace {

// The mask of a whole subgroup of at most 32.
uint64_t allOf() {
    return (uint64_t(1) << subgroupSize()) - 1;
}

constexpr uint32_t kGroup = 32;

Case interfaceCase(const std::string& instruction, const std::string& name, Flavour flavour, std::vector<Type> operands,
                   Type result, std::function<Id(Module&, Kernel&, const Ids&)> emit,
                   std::function<Value(const std::vector<Row>&, size_t)> expected) {
    Case item = opCase(Op::Load, flavour, std::move(operands), result);
    item.op = Op::Nop;
    item.name = name + "/" + signatureOf(flavour, item.operands, result);
    item.instruction = instruction;
    item.emit = std::move(emit);
    item.expected = std::move(expected);
    item.comparison = exactly();
    item.weight = 4;
    return item;
}

// A builtin number of invocation `n` of a launch of `count`.
struct Number {
    BuiltIn which;
    const char* name;
    bool kernelOnly;
    bool vector;
    uint64_t (*host)(size_t n, size_t count, uint32_t dimension);
};
const Number kBuiltIns[] = {
    {BuiltIn::GlobalInvocationId, "GlobalInvocationId", false, true,
     [](size_t n, size_t, uint32_t d) { return uint64_t(d == 0 ? n : 0); }},
    {BuiltIn::LocalInvocationId, "LocalInvocationId", false, true,
     [](size_t n, size_t, uint32_t d) { return uint64_t(d == 0 ? n % kGroup : 0); }},
    {BuiltIn::WorkgroupId, "WorkgroupId", false, true,
     [](size_t n, size_t, uint32_t d) { return uint64_t(d == 0 ? n / kGroup : 0); }},
    {BuiltIn::NumWorkgroups, "NumWorkgroups", false, true,
     [](size_t, size_t count, uint32_t d) { return uint64_t(d == 0 ? count / kGroup : 1); }},
    {BuiltIn::LocalInvocationIndex, "LocalInvocationIndex", false, false,
     [](size_t n, size_t, uint32_t) { return uint64_t(n % kGroup); }},
    {BuiltIn::WorkgroupSize, "WorkgroupSize", true, true,
     [](size_t, size_t, uint32_t d) { return uint64_t(d == 0 ? kGroup : 1); }},
    {BuiltIn::EnqueuedWorkgroupSize, "EnqueuedWorkgroupSize", true, true,
     [](size_t, size_t, uint32_t d) { return uint64_t(d == 0 ? kGroup : 1); }},
    {BuiltIn::GlobalSize, "GlobalSize", true, true,
     [](size_t, size_t count, uint32_t d) { return uint64_t(d == 0 ? count : 1); }},
    {BuiltIn::GlobalOffset, "GlobalOffset", true, true, [](size_t, size_t, uint32_t) { return uint64_t(0); }},
    {BuiltIn::GlobalLinearId, "GlobalLinearId", true, false, [](size_t n, size_t, uint32_t) { return uint64_t(n); }},
};

void addBuiltIns(Cases& cases, Flavour flavour) {
    const bool kernel = flavour == Flavour::Kernel;
    const Type result{kernel ? Scalar::I64 : Scalar::I32};
    for (const Number& each : kBuiltIns) {
        if (each.kernelOnly && !kernel) {
            continue;
        }
        for (uint32_t dimension = 0; dimension < (each.vector ? 3u : 1u); ++dimension) {
            Case item = interfaceCase(
                std::string("BuiltIn ") + each.name, std::string(each.name) + "." + "xyz" [dimension], flavour,
                {
                    { Scalar::I32 }
                },
                result,
                [=, which = each.which, vector = each.vector](Module& m, Kernel& k, const Ids&) {
                    if (vector) {
                        return k.component(which, dimension);
                    }
                    const Id type = k.indexType();
                    return m.value(Op::Load, type, {m.builtIn(which, type)});
                },
                [host = each.host, dimension](const std::vector<Row>& rows, size_t n) {
                    return Value{host(n, rows.size(), dimension)};
                });
            cases.push_back(std::move(item));
        }
    }
    if (kernel) {
        cases.push_back(interfaceCase(
            "BuiltIn WorkDim", "WorkDim", flavour, {{Scalar::I32}}, {Scalar::I32},
            [](Module&, Kernel& k, const Ids&) {
                // One to three: the launch has three dimensions, two of them of one invocation.
                return k.scalar(BuiltIn::WorkDim);
            },
            nullptr));
        cases.back().comparison.kind = Comparison::Kind::Accept;
        cases.back().comparison.accept = [](const Row&, uint64_t got, size_t) { return got >= 1 && got <= 3; };
    }
    // Masks of a subgroup's invocations, relative to one's own.
    struct Mask {
        BuiltIn which;
        const char* name;
        uint64_t (*host)(uint64_t self);
    };
    const Mask masks[] = {
        {BuiltIn::SubgroupEqMask, "SubgroupEqMask", [](uint64_t i) { return uint64_t(1) << i; }},
        {BuiltIn::SubgroupGeMask, "SubgroupGeMask", [](uint64_t i) { return allOf() & ~((uint64_t(1) << i) - 1); }},
        {BuiltIn::SubgroupGtMask, "SubgroupGtMask", [](uint64_t i) { return allOf() & ~((uint64_t(2) << i) - 1); }},
        {BuiltIn::SubgroupLeMask, "SubgroupLeMask", [](uint64_t i) { return (uint64_t(2) << i) - 1; }},
        {BuiltIn::SubgroupLtMask, "SubgroupLtMask", [](uint64_t i) { return (uint64_t(1) << i) - 1; }},
    };
    for (const Mask& each : masks) {
        const Type ballot{Scalar::I32, 4};
        Case item = interfaceCase(
            std::string("BuiltIn ") + each.name, each.name, flavour, {{Scalar::I32}}, ballot,
            [ballot, which = each.which](Module& m, Kernel&, const Ids&) {
                const Id type = ballot.id(m);
                return m.value(Op::Load, type, {m.builtIn(which, type)});
            },
            [host = each.host](const std::vector<Row>&, size_t n) {
                return Value{host(n % subgroupSize()), 0, 0, 0};
            });
        item.capabilities = {Capability::GroupNonUniform, Capability::GroupNonUniformBallot};
        cases.push_back(std::move(item));
    }
}

template <typename T> Bytes bytesOf(const std::vector<T>& values) {
    const auto* first = reinterpret_cast<const uint8_t*>(values.data());
    return Bytes(first, first + values.size() * sizeof(T));
}

void addUniforms(Cases& cases) {
    const Type vector{Scalar::F32, 4}, number{Scalar::I32};
    Case uniform = interfaceCase(
        "storage class Uniform", "Uniform", Flavour::GLCompute, {number}, vector,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id variable = bufferVariable(m, vector.id(m), 1, 0, Storage::Uniform, 8);
            const Id index = m.value(Op::BitwiseAnd, m.intType(32), {ids[0], m.u32(7)});
            const Id pointer =
                m.value(Op::AccessChain, m.pointerType(Storage::Uniform, vector.id(m)), {variable, m.u32(0), index});
            return m.value(Op::Load, vector.id(m), {pointer});
        },
        perRow([](const Row& row) {
            const uint64_t first = (row[0][0] & 7) * 4;
            return Value{first, first + 1, first + 2, first + 3};
        }));
    std::vector<uint32_t> words(32);
    for (uint32_t i = 0; i < words.size(); ++i) {
        words[i] = i;
    }
    uniform.alone = true;
    uniform.arguments = {Argument::buffer(bytesOf(words))};
    cases.push_back(uniform);

    // push constants: { u32; vec3 at 16; u32 at 28; u32[3] at 32 }
    struct Block {
        uint32_t first, padding[3], vector[3], after, array[3], end;
    };
    const Block block = {100, {}, {201, 202, 203}, 300, {401, 402, 403}, 0};
    const auto declared = [](Module& m) {
        const Id u32 = m.intType(32), vec = m.vectorType(u32, 3), array = m.arrayType(u32, 3, 4);
        const Id type = m.structType({u32, vec, u32, array});
        m.decorate(type, Decoration::Block);
        const uint32_t offsets[] = {0, 16, 28, 32};
        for (uint32_t i = 0; i < 4; ++i) {
            m.memberDecorate(type, i, Decoration::Offset, {offsets[i]});
        }
        return m.globalVariable(m.pointerType(Storage::PushConstant, type));
    };
    Case push = interfaceCase(
        "storage class PushConstant", "PushConstant", Flavour::GLCompute, {number}, number,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id u32 = m.intType(32), variable = declared(m), pointer = m.pointerType(Storage::PushConstant, u32);
            const Id index = m.value(Op::UMod, u32, {ids[0], m.u32(3)});
            const auto load = [&](Words path) {
                path.insert(path.begin(), variable);
                return m.value(Op::Load, u32, {m.value(Op::AccessChain, pointer, path)});
            };
            Id sum = m.value(Op::IAdd, u32, {load({m.u32(0)}), load({m.u32(1), index})});
            sum = m.value(Op::IAdd, u32, {sum, load({m.u32(2)})});
            return m.value(Op::IAdd, u32, {sum, load({m.u32(3), index})});
        },
        perRow([](const Row& row) { return Value{100 + 201 + 300 + 401 + 2 * (row[0][0] % 3)}; }));
    push.alone = true;
    Bytes raw(44); // to the end of the last member
    std::memcpy(raw.data(), &block, raw.size());
    push.arguments = {Argument{Argument::Kind::Value, raw}};
    cases.push_back(push);
}

// The operand's buffer once more, through its address in a push constant.
void addAddresses(Cases& cases) {
    const auto address = [](Module& m) {
        const Id u64 = m.intType(64), type = m.structType({u64});
        m.decorate(type, Decoration::Block);
        m.memberDecorate(type, 0, Decoration::Offset, {0});
        const Id variable = m.globalVariable(m.pointerType(Storage::PushConstant, type));
        const Id pointer = m.value(Op::AccessChain, m.pointerType(Storage::PushConstant, u64), {variable, m.u32(0)});
        return m.value(Op::Load, u64, {pointer});
    };
    for (Scalar scalar : spirvtest::kNumbers) {
        for (uint32_t width : {1u, 4u}) {
            const Type type{scalar, width};
            const uint32_t bytes = bitsOf(scalar) / 8 * width;
            Case item = interfaceCase(
                "storage class PhysicalStorageBuffer", "PhysicalStorageBuffer", Flavour::GLCompute, {type}, type,
                [=](Module& m, Kernel& k, const Ids&) {
                    const Id u64 = m.intType(64), t = type.id(m);
                    const Id self = m.value(Op::UConvert, u64, {k.globalId()});
                    const Id other = m.value(Op::BitwiseXor, u64, {self, m.constant(u64, 1)});
                    const Id offset = m.value(Op::IMul, u64, {other, m.constant(u64, bytes)});
                    const Id at = m.value(Op::IAdd, u64, {address(m), offset});
                    const Id pointer =
                        m.value(Op::ConvertUToPtr, m.pointerType(Storage::PhysicalStorageBuffer, t), {at});
                    return m.value(Op::Load, t, {pointer, 2, bytes}); // Aligned
                },
                [](const std::vector<Row>& rows, size_t n) { return rows[n ^ 1][0]; });
            item.alone = true;
            item.capabilities = {Capability::PhysicalStorageBufferAddresses};
            item.arguments = {Argument::addressOf(0)};
            cases.push_back(item);
        }
    }
    // A block of a runtime array behind the address, and an atomic operation on an element.
    for (bool atomic : {false, true}) {
        const Type number{Scalar::I32};
        Case item = interfaceCase(
            "storage class PhysicalStorageBuffer",
            atomic ? "PhysicalStorageBuffer atomic" : "PhysicalStorageBuffer block", Flavour::GLCompute, {number},
            number,
            [=](Module& m, Kernel& k, const Ids&) {
                const Id u32 = m.intType(32), block = m.structType({m.runtimeArrayType(u32, 4)});
                m.decorate(block, Decoration::Block);
                m.memberDecorate(block, 0, Decoration::Offset, {0});
                const Id base =
                    m.value(Op::ConvertUToPtr, m.pointerType(Storage::PhysicalStorageBuffer, block), {address(m)});
                const Id pointer = m.value(Op::AccessChain, m.pointerType(Storage::PhysicalStorageBuffer, u32),
                                           {base, m.u32(0), k.globalId()});
                if (atomic) {
                    return m.value(Op::AtomicIAdd, u32, {pointer, m.scope(Scope::Device), m.u32(kRelaxed), m.u32(3)});
                }
                return m.value(Op::Load, u32, {pointer, 2, 4});
            },
            perRow([](const Row& row) { return row[0]; }));
        item.alone = true;
        item.capabilities = {Capability::PhysicalStorageBufferAddresses};
        item.arguments = {Argument::addressOf(0)};
        cases.push_back(item);
    }
}

} // namespace

Cases interfaceCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        addBuiltIns(cases, flavour);
    }
    addUniforms(cases);
    addAddresses(cases);
    return cases;
}

} // namespace halyard::spirvtest
