// Atomic operations: on a cell of one's own, where both the old and the new value are known, and on one that the
// workgroup shares.
#include "matrix/families.h"

#include <algorithm>

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kGroup = 32;

struct AtomicOp {
    Op op;
    int operands; // beside the cell
    uint64_t (*host)(Scalar, uint64_t cell, uint64_t value);
    bool commutes; // the order of many does not matter
};

const AtomicOp kIntOps[] = {
    {Op::AtomicExchange, 1, [](Scalar, uint64_t, uint64_t v) { return v; }, false},
    {Op::AtomicIIncrement, 0, [](Scalar, uint64_t c, uint64_t) { return c + 1; }, true},
    {Op::AtomicIDecrement, 0, [](Scalar, uint64_t c, uint64_t) { return c - 1; }, true},
    {Op::AtomicIAdd, 1, [](Scalar, uint64_t c, uint64_t v) { return c + v; }, true},
    {Op::AtomicISub, 1, [](Scalar, uint64_t c, uint64_t v) { return c - v; }, true},
    {Op::AtomicSMin, 1, [](Scalar s, uint64_t c, uint64_t v) { return signedOf(s, c) < signedOf(s, v) ? c : v; }, true},
    {Op::AtomicUMin, 1, [](Scalar, uint64_t c, uint64_t v) { return std::min(c, v); }, true},
    {Op::AtomicSMax, 1, [](Scalar s, uint64_t c, uint64_t v) { return signedOf(s, c) > signedOf(s, v) ? c : v; }, true},
    {Op::AtomicUMax, 1, [](Scalar, uint64_t c, uint64_t v) { return std::max(c, v); }, true},
    {Op::AtomicAnd, 1, [](Scalar, uint64_t c, uint64_t v) { return c & v; }, true},
    {Op::AtomicOr, 1, [](Scalar, uint64_t c, uint64_t v) { return c | v; }, true},
    {Op::AtomicXor, 1, [](Scalar, uint64_t c, uint64_t v) { return c ^ v; }, true},
};
const AtomicOp kFloatOps[] = {
    {Op::AtomicExchange, 1, [](Scalar, uint64_t, uint64_t v) { return v; }, false},
    {Op::AtomicFAddEXT, 1, [](Scalar s, uint64_t c, uint64_t v) { return fromQuad(s, toQuad(s, c) + toQuad(s, v)); },
     true},
    {Op::AtomicFMinEXT, 1, [](Scalar s, uint64_t c, uint64_t v) { return toQuad(s, c) < toQuad(s, v) ? c : v; }, true},
    {Op::AtomicFMaxEXT, 1, [](Scalar s, uint64_t c, uint64_t v) { return toQuad(s, c) > toQuad(s, v) ? c : v; }, true},
};

void need(Case& item, Op op, Scalar scalar) {
    if (scalar == Scalar::I64) {
        item.capabilities.push_back(Capability::Int64Atomics);
    }
    if (op == Op::AtomicFAddEXT) {
        item.capabilities.push_back(scalar == Scalar::F16   ? Capability::AtomicFloat16AddEXT
                                    : scalar == Scalar::F32 ? Capability::AtomicFloat32AddEXT
                                                            : Capability::AtomicFloat64AddEXT);
        item.extensions = {scalar == Scalar::F16 ? "SPV_EXT_shader_atomic_float16_add"
                                                 : "SPV_EXT_shader_atomic_float_add"};
    } else if (op == Op::AtomicFMinEXT || op == Op::AtomicFMaxEXT) {
        item.capabilities.push_back(scalar == Scalar::F16   ? Capability::AtomicFloat16MinMaxEXT
                                    : scalar == Scalar::F32 ? Capability::AtomicFloat32MinMaxEXT
                                                            : Capability::AtomicFloat64MinMaxEXT);
        item.extensions = {"SPV_EXT_shader_atomic_float_min_max"};
    }
}

// Integers small enough that sums of a workgroup's are exact in a half, and none is zero.
uint64_t smallFloat(Random& random, Scalar scalar) {
    return fromQuad(scalar, static_cast<int>(random() % 9) + 1);
}

Id cell(Module& m, Kernel& k, Id type) {
    const Id variable = m.globalVariable(m.pointerType(Storage::Workgroup, m.arrayType(type, kGroup)));
    return m.value(Op::AccessChain, m.pointerType(Storage::Workgroup, type), {variable, k.localId()});
}

void barrier(Module& m) {
    m.op(Op::ControlBarrier,
         {m.scope(Scope::Workgroup), m.scope(Scope::Workgroup), m.u32(kAcquireRelease | kWorkgroupMemory)});
}

Case base(Op op, Flavour flavour, Scalar scalar, size_t operands, const std::string& suffix) {
    const Type type{scalar};
    Case item = opCase(op, flavour, std::vector<Type>(operands, type), type);
    item.name += "/" + suffix;
    item.op = Op::Nop;
    item.weight = 8;
    need(item, op, scalar);
    if (isFloat(scalar)) {
        item.generators = {smallFloat, smallFloat};
    }
    return item;
}

struct Order {
    const char* name;
    Scope scope;
    uint32_t semantics;
};

void addOwn(Cases& cases, Flavour flavour, Scalar scalar, const AtomicOp& each, const Order& order, bool buffer) {
    for (bool old : {true, false}) {
        Case item = base(each.op, flavour, scalar, 2,
                         std::string(buffer ? "buffer" : "workgroup") + "/" + order.name + (old ? "/old" : "/new"));
        item.byPointer = buffer;
        item.emit = [=](Module& m, Kernel& k, const Ids& ids) {
            const Id type = Type{scalar}.id(m);
            Id at = ids[0], value = ids[1];
            if (buffer) {
                value = m.value(Op::Load, type, {ids[1]});
            } else {
                at = cell(m, k, type);
                m.op(Op::Store, {at, ids[0]});
            }
            Words operands = {at, m.scope(order.scope), m.u32(order.semantics)};
            if (each.operands == 1) {
                operands.push_back(value);
            }
            const Id before = m.value(each.op, type, operands);
            return old ? before : m.value(Op::Load, type, {at});
        };
        item.expected = perRow([=, host = each.host](const Row& row) {
            return Value{old ? row[0][0] : host(scalar, row[0][0], row[1][0]) & maskOf(scalar)};
        });
        cases.push_back(std::move(item));
    }
}

// One cell, `start` at first, that every invocation of the workgroup changes.
void addShared(Cases& cases, Flavour flavour, Scalar scalar, const AtomicOp& each) {
    Case item = base(each.op, flavour, scalar, 1, "shared");
    const uint64_t start = isFloat(scalar) ? fromQuad(scalar, 5) : 0x1234567;
    item.emit = [=](Module& m, Kernel&, const Ids& ids) {
        const Id type = Type{scalar}.id(m);
        const Id at = m.globalVariable(m.pointerType(Storage::Workgroup, type));
        const Id scope = m.scope(Scope::Workgroup), relaxed = m.u32(kRelaxed);
        m.op(Op::AtomicStore, {at, scope, relaxed, m.constant(type, start)});
        barrier(m);
        Words operands = {at, scope, relaxed};
        if (each.operands == 1) {
            operands.push_back(ids[0]);
        }
        m.value(each.op, type, operands);
        barrier(m);
        return m.value(Op::AtomicLoad, type, {at, scope, relaxed});
    };
    item.expected = [=, host = each.host](const std::vector<Row>& rows, size_t n) {
        uint64_t value = start & maskOf(scalar);
        for (size_t i = n / kGroup * kGroup, end = i + kGroup; i < end; ++i) {
            value = host(scalar, value, rows[i][0][0]) & maskOf(scalar);
        }
        return Value{value};
    };
    cases.push_back(std::move(item));
}

void addLoadStore(Cases& cases, Flavour flavour, Scalar scalar) {
    for (bool buffer : {false, true}) {
        Case load = base(Op::AtomicLoad, flavour, scalar, 1, buffer ? "buffer" : "workgroup");
        load.byPointer = buffer;
        load.emit = [=](Module& m, Kernel& k, const Ids& ids) {
            const Id type = Type{scalar}.id(m);
            Id at = ids[0];
            if (!buffer) {
                at = cell(m, k, type);
                m.op(Op::AtomicStore, {at, m.scope(Scope::Workgroup), m.u32(kRelaxed), ids[0]});
            }
            return m.value(Op::AtomicLoad, type, {at, m.scope(Scope::Workgroup), m.u32(kRelaxed)});
        };
        load.expected = perRow([](const Row& row) { return row[0]; });
        cases.push_back(load);
    }
    Case store = base(Op::AtomicStore, flavour, scalar, 2, "buffer");
    store.byPointer = true;
    store.emit = [=](Module& m, Kernel&, const Ids& ids) {
        const Id type = Type{scalar}.id(m);
        const uint32_t semantics = kRelease | (flavour == Flavour::Kernel ? kCrossWorkgroupMemory : kUniformMemory);
        m.op(Op::AtomicStore, {ids[0], m.scope(Scope::Device), m.u32(semantics), m.value(Op::Load, type, {ids[1]})});
        return m.value(Op::Load, type, {ids[0]});
    };
    store.expected = perRow([](const Row& row) { return row[1]; });
    cases.push_back(store);
}

void addCompareExchange(Cases& cases, Flavour flavour, Scalar scalar) {
    for (Op op : {Op::AtomicCompareExchange, Op::AtomicCompareExchangeWeak}) {
        if (op == Op::AtomicCompareExchangeWeak && flavour != Flavour::Kernel) {
            continue;
        }
        for (bool buffer : {false, true}) {
            for (bool old : {true, false}) {
                Case item = base(op, flavour, scalar, 3,
                                 std::string(buffer ? "buffer" : "workgroup") + (old ? "/old" : "/new"));
                item.byPointer = buffer;
                if (op == Op::AtomicCompareExchangeWeak) { // gone since SPIR-V 1.4
                    item.alone = true;
                    item.version = 0x00010300;
                }
                item.adjust = [](Row& row) { // half of the comparisons succeed
                    if (row[1][0] % 2 == 0) {
                        row[2] = row[0];
                    }
                };
                item.emit = [=](Module& m, Kernel& k, const Ids& ids) {
                    const Id type = Type{scalar}.id(m);
                    Id at = ids[0], value = ids[1], comparator = ids[2];
                    if (buffer) {
                        value = m.value(Op::Load, type, {value});
                        comparator = m.value(Op::Load, type, {comparator});
                    } else {
                        at = cell(m, k, type);
                        m.op(Op::Store, {at, ids[0]});
                    }
                    const Id relaxed = m.u32(kRelaxed);
                    const Id before =
                        m.value(op, type, {at, m.scope(Scope::Workgroup), relaxed, relaxed, value, comparator});
                    return old ? before : m.value(Op::Load, type, {at});
                };
                item.expected = perRow([old](const Row& row) {
                    return old ? row[0] : row[0] == row[2] ? row[1] : row[0];
                });
                cases.push_back(std::move(item));
            }
        }
    }
}

void addFlags(Cases& cases) {
    Case item = opCase(Op::AtomicFlagTestAndSet, Flavour::Kernel, {{Scalar::I32}}, {Scalar::I32});
    item.op = Op::Nop;
    // Cleared, set, set again: the two answers are false and true; cleared again: false.
    item.emit = [](Module& m, Kernel& k, const Ids&) {
        const Id u32 = m.intType(32), at = cell(m, k, u32), scope = m.scope(Scope::Workgroup),
                 relaxed = m.u32(kRelaxed);
        m.op(Op::Store, {at, m.u32(0)});
        Id bits = m.u32(0);
        for (uint32_t i = 0; i < 3; ++i) {
            if (i == 2) {
                m.op(Op::AtomicFlagClear, {at, scope, relaxed});
            }
            const Id was = m.value(Op::AtomicFlagTestAndSet, m.boolType(), {at, scope, relaxed});
            const Id bit = m.value(Op::Select, u32, {was, m.u32(1u << i), m.u32(0)});
            bits = m.value(Op::BitwiseOr, u32, {bits, bit});
        }
        return bits;
    };
    item.expected = perRow([](const Row&) { return Value{2}; });
    cases.push_back(item);
    item.name = "AtomicFlagClear" + item.name.substr(item.name.find('/'));
    item.instruction = "OpAtomicFlagClear";
    cases.push_back(item);
}

} // namespace

Cases atomicCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        const uint32_t memory = flavour == Flavour::Kernel ? kCrossWorkgroupMemory : kUniformMemory;
        const Order relaxed{"relaxed", Scope::Device, kRelaxed};
        for (Scalar scalar : {Scalar::I32, Scalar::I64}) {
            for (const AtomicOp& each : kIntOps) {
                addOwn(cases, flavour, scalar, each, relaxed, false);
                addOwn(cases, flavour, scalar, each, relaxed, true);
                if (each.commutes) {
                    addShared(cases, flavour, scalar, each);
                }
            }
            addLoadStore(cases, flavour, scalar);
            addCompareExchange(cases, flavour, scalar);
        }
        for (Scalar scalar : kFloats) {
            for (const AtomicOp& each : kFloatOps) {
                if (each.op == Op::AtomicExchange && scalar != Scalar::F32) {
                    continue;
                }
                addOwn(cases, flavour, scalar, each, relaxed, false);
                addOwn(cases, flavour, scalar, each, relaxed, true);
                if (each.commutes) {
                    addShared(cases, flavour, scalar, each);
                }
            }
        }
        addLoadStore(cases, flavour, Scalar::F32);
        // Every scope and order, on one operation.
        const AtomicOp& add = kIntOps[3];
        for (const Order& order :
             {Order{"acquire", Scope::Device, kAcquire | memory}, Order{"release", Scope::Device, kRelease | memory},
              Order{"acquire release", Scope::Device, kAcquireRelease | memory},
              Order{"workgroup scope", Scope::Workgroup, kAcquireRelease | memory},
              Order{"subgroup scope", Scope::Subgroup, kAcquireRelease | memory},
              Order{"invocation scope", Scope::Invocation, kRelaxed}}) {
            addOwn(cases, flavour, Scalar::I32, add, order, true);
        }
        if (flavour == Flavour::Kernel) {
            addOwn(cases, flavour, Scalar::I32, add, {"sequential", Scope::Device, kSequentiallyConsistent | memory},
                   true);
            addOwn(cases, flavour, Scalar::I32, add, {"cross device", Scope::CrossDevice, kRelaxed}, true);
        } else {
            addOwn(cases, flavour, Scalar::I32, add, {"queue family", Scope::QueueFamily, kRelaxed}, true);
        }
    }
    addFlags(cases);
    return cases;
}

} // namespace halyard::spirvtest
