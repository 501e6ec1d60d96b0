// Memory: storage classes, access chains, pointers of every kind, copies, vector loads and stores of OpenCL.std.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kGroup = 32;

using Emit = std::function<Id(Module&, Kernel&, const Ids&)>;
using Expected = std::function<Value(const std::vector<Row>&, size_t)>;

Case memoryCase(Op op, Flavour flavour, std::vector<Type> operands, Type result, const std::string& suffix, Emit emit,
                Expected expected) {
    Case item = opCase(op, flavour, std::move(operands), result);
    item.name += "/" + suffix;
    item.op = Op::Nop;
    item.emit = std::move(emit);
    item.expected = std::move(expected);
    item.comparison = exactly();
    item.weight = 2 * result.components() + 6;
    return item;
}

Value same(const std::vector<Row>& rows, size_t n) {
    return rows[n][0];
}

// The operand of the invocation `distance` further in the workgroup, around its end.
Expected neighbour(size_t distance) {
    return [distance](const std::vector<Row>& rows, size_t n) {
        return rows[n / kGroup * kGroup + (n + distance) % kGroup][0];
    };
}

Id u32Of(Module& m, Id index) {
    const Id u32 = m.intType(32);
    return m.typeOf(index) == u32 ? index : m.value(Op::UConvert, u32, {index});
}

void workgroupBarrier(Module& m) {
    const Id semantics = m.u32(kAcquireRelease | kWorkgroupMemory);
    m.op(Op::ControlBarrier, {m.scope(Scope::Workgroup), m.scope(Scope::Workgroup), semantics});
}

// local id + distance, modulo the workgroup.
Id turned(Module& m, Kernel& k, uint32_t distance) {
    const Id u32 = m.intType(32);
    const Id sum = m.value(Op::IAdd, u32, {u32Of(m, k.localId()), m.u32(distance)});
    return m.value(Op::UMod, u32, {sum, m.u32(kGroup)});
}

void addVariables(Cases& cases, Flavour flavour, const Type& type) {
    cases.push_back(memoryCase(
        Op::Variable, flavour, {type}, type, "function",
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id variable = m.localVariable(type.id(m));
            m.op(Op::Store, {variable, ids[0]});
            return m.value(Op::Load, type.id(m), {variable});
        },
        same));
    cases.push_back(memoryCase(
        Op::Variable, flavour, {type}, type, "initialised",
        [=](Module& m, Kernel&, const Ids&) {
            return m.value(Op::Load, type.id(m), {m.localVariable(type.id(m), m.null(type.id(m)))});
        },
        perRow([type](const Row&) { return Value(type.components(), 0); })));
    cases.push_back(memoryCase(
        Op::Variable, flavour, {type}, type, "workgroup",
        [=](Module& m, Kernel& k, const Ids& ids) {
            const Id element = type.id(m), array = m.arrayType(element, kGroup);
            const Id variable = m.globalVariable(m.pointerType(Storage::Workgroup, array));
            const Id pointer = m.pointerType(Storage::Workgroup, element);
            m.op(Op::Store, {m.value(Op::AccessChain, pointer, {variable, turned(m, k, 0)}), ids[0]});
            workgroupBarrier(m);
            return m.value(Op::Load, element, {m.value(Op::AccessChain, pointer, {variable, turned(m, k, 5)})});
        },
        neighbour(5)));
    if (flavour == Flavour::GLCompute) {
        cases.push_back(memoryCase(
            Op::Variable, flavour, {type}, type, "private",
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id variable = m.globalVariable(m.pointerType(Storage::Private, type.id(m)));
                m.op(Op::Store, {variable, ids[0]});
                return m.value(Op::Load, type.id(m), {variable});
            },
            same));
    } else if (type.scalar != Scalar::Bool) {
        // A table of constants in the program's own memory.
        cases.push_back(memoryCase(
            Op::Variable, flavour, {{Scalar::I32}}, type, "constant",
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id element = type.id(m), array = m.arrayType(element, 4);
                Ids values;
                for (uint32_t i = 0; i < 4; ++i) {
                    values.push_back(m.splat(element, 40 + i));
                }
                const Id variable =
                    m.globalVariable(m.pointerType(Storage::UniformConstant, array), m.composite(array, values));
                m.decorate(variable, Decoration::Constant);
                const Id index = m.value(Op::BitwiseAnd, m.intType(32), {ids[0], m.u32(3)});
                const Id pointer = m.value(Op::InBoundsAccessChain, m.pointerType(Storage::UniformConstant, element),
                                           {variable, index});
                return m.value(Op::Load, element, {pointer});
            },
            perRow([type](const Row& row) { return Value(type.components(), 40 + (row[0][0] & 3)); })));
    }
}

void addAccess(Cases& cases, Flavour flavour, const Type& type) {
    // struct { u32; T[5]; struct { T; T[2] } }: every path, indices constant and dynamic.
    for (bool dynamic : {false, true}) {
        cases.push_back(memoryCase(
            Op::AccessChain, flavour, {type, type, {Scalar::I32}}, type, dynamic ? "dynamic" : "nested",
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id t = type.id(m), u32 = m.intType(32);
                const Id inner = m.structType({t, m.arrayType(t, 2)});
                const Id outer = m.structType({u32, m.arrayType(t, 5), inner});
                const Id variable = m.localVariable(outer, m.null(outer));
                const Id pointer = m.pointerType(Storage::Function, t);
                const Id at = dynamic ? m.value(Op::UMod, u32, {ids[2], m.u32(5)}) : m.u32(3);
                m.op(Op::Store, {m.value(Op::AccessChain, pointer, {variable, m.u32(1), at}), ids[0]});
                m.op(Op::Store, {m.value(Op::AccessChain, pointer, {variable, m.u32(2), m.u32(1), m.u32(1)}), ids[1]});
                const Id first = m.value(Op::InBoundsAccessChain, pointer, {variable, m.u32(1), at});
                const Id structure =
                    m.value(Op::AccessChain, m.pointerType(Storage::Function, inner), {variable, m.u32(2)});
                const Id second = m.value(Op::AccessChain, pointer, {structure, m.u32(1), m.u32(1)});
                const Id a = m.value(Op::Load, t, {first}), b = m.value(Op::Load, t, {second});
                const Id odd = m.value(Op::BitwiseAnd, u32, {ids[2], m.u32(1)});
                const Id choose = m.value(Op::INotEqual, m.boolType(), {odd, m.u32(0)});
                return m.value(Op::Select, t, {choose, a, b});
            },
            perRow([](const Row& row) { return row[(row[2][0] & 1) != 0 ? 0 : 1]; })));
    }
    if (type.width > 1) {
        // One component of a vector in memory, by a dynamic index.
        cases.push_back(memoryCase(
            Op::AccessChain, flavour, {type, {Scalar::I32}}, type.element(), "component",
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id variable = m.localVariable(type.id(m));
                m.op(Op::Store, {variable, ids[0]});
                const Id index = m.value(Op::UMod, m.intType(32), {ids[1], m.u32(type.width)});
                const Id element = type.element().id(m);
                const Id pointer =
                    m.value(Op::AccessChain, m.pointerType(Storage::Function, element), {variable, index});
                return m.value(Op::Load, element, {pointer});
            },
            perRow([type](const Row& row) { return Value{row[0][row[1][0] % type.width]}; })));
    }
    cases.push_back(memoryCase(
        Op::CopyMemory, flavour, {type}, type, "variables",
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id array = m.arrayType(type.id(m), 2), element = m.pointerType(Storage::Function, type.id(m));
            const Id from = m.localVariable(array), to = m.localVariable(array);
            for (uint32_t i : {0u, 1u}) {
                m.op(Op::Store, {m.value(Op::AccessChain, element, {from, m.u32(i)}), ids[0]});
            }
            m.op(Op::CopyMemory, {to, from});
            return m.value(Op::Load, type.id(m), {m.value(Op::AccessChain, element, {to, m.u32(1)})});
        },
        same));
}

void addBuffers(Cases& cases, Flavour flavour, const Type& type) {
    const bool kernel = flavour == Flavour::Kernel;
    const auto add = [&](Op op, const char* suffix, std::vector<Type> operands, Type result, Emit emit,
                         Expected expected, std::vector<Capability> capabilities = {}) {
        Case item = memoryCase(op, flavour, std::move(operands), result, suffix, std::move(emit), std::move(expected));
        item.byPointer = true;
        item.capabilities = std::move(capabilities);
        cases.push_back(std::move(item));
    };
    const Id kVolatile = 1, kAligned = 2;
    add(
        Op::Load, "volatile", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            return m.value(Op::Load, type.id(m), {ids[0], kVolatile});
        },
        same);
    add(
        Op::Load, "aligned1", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            return m.value(Op::Load, type.id(m), {ids[0], kAligned, bitsOf(type.scalar) / 8});
        },
        same);
    const Expected either = [](const std::vector<Row>& rows, size_t n) {
        return rows[n][(rows[n][0][0] & 1) != 0 ? 0 : 1];
    };
    // A pointer chosen at run time.
    if (!kernel || type.width == 1) {
        add(
            Op::Select, "pointers", {type, type}, type,
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id t = type.id(m), e = type.element().id(m);
                const Id first = m.value(Op::Load, t, {ids[0]});
                Id low = type.width == 1 ? first : m.value(Op::CompositeExtract, e, {first, 0});
                const Scalar whole = bitsOf(type.scalar) == 8    ? Scalar::I8
                                     : bitsOf(type.scalar) == 16 ? Scalar::I16
                                     : bitsOf(type.scalar) == 32 ? Scalar::I32
                                                                 : Scalar::I64;
                const Id integer = Type{whole}.id(m);
                low = isFloat(type.scalar) ? m.value(Op::Bitcast, integer, {low}) : low;
                const Id bit = m.value(Op::BitwiseAnd, integer, {low, m.constant(integer, 1)});
                const Id choose = m.value(Op::INotEqual, m.boolType(), {bit, m.constant(integer, 0)});
                const Id pointer =
                    m.value(Op::Select, m.pointerType(kernel ? Storage::CrossWorkgroup : Storage::StorageBuffer, t),
                            {choose, ids[0], ids[1]});
                return m.value(Op::Load, t, {pointer});
            },
            either,
            kernel ? std::vector<Capability>{} : std::vector<Capability>{Capability::VariablePointersStorageBuffer});
    }
    if (!kernel) {
        return;
    }
    // The next invocation's element by arithmetic on the pointer, forward and back.
    const Expected swapped = [](const std::vector<Row>& rows, size_t n) { return rows[n ^ 1][0]; };
    for (Op op : {Op::PtrAccessChain, Op::InBoundsPtrAccessChain}) {
        for (uint32_t bits : {32u, 64u}) {
            add(
                op, bits == 32 ? "neighbour32" : "neighbour64", {type}, type,
                [=](Module& m, Kernel& k, const Ids& ids) {
                    const Id index = m.intType(bits);
                    Id self = k.globalId();
                    self = bits == 64 ? self : m.value(Op::UConvert, index, {self});
                    const Id odd = m.value(Op::BitwiseAnd, index, {self, m.constant(index, 1)});
                    const Id twice = m.value(Op::IMul, index, {odd, m.constant(index, 2)});
                    const Id step = m.value(Op::ISub, index, {m.constant(index, 1), twice}); // 1 or -1
                    const Id pointer = m.value(op, m.typeOf(ids[0]), {ids[0], step});
                    return m.value(Op::Load, type.id(m), {pointer});
                },
                swapped);
        }
    }
    add(
        Op::CopyMemory, "buffer", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id variable = m.localVariable(type.id(m));
            m.op(Op::CopyMemory, {variable, ids[0]});
            return m.value(Op::Load, type.id(m), {variable});
        },
        same);
    add(
        Op::CopyMemorySized, "buffer", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id variable = m.localVariable(type.id(m));
            const uint32_t bytes = bitsOf(type.scalar) / 8 * type.width;
            m.op(Op::CopyMemorySized, {variable, ids[0], m.constant(m.intType(64), bytes)});
            return m.value(Op::Load, type.id(m), {variable});
        },
        same);
    add(
        Op::ConvertPtrToU, "round trip", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id number = m.value(Op::ConvertPtrToU, m.intType(64), {ids[0]});
            const Id pointer = m.value(Op::ConvertUToPtr, m.typeOf(ids[0]), {number});
            return m.value(Op::Load, type.id(m), {pointer});
        },
        same);
    cases.push_back(cases.back());
    cases.back().name = "ConvertUToPtr/" + cases.back().name;
    cases.back().instruction = "OpConvertUToPtr";
    add(
        Op::Bitcast, "pointers", {type}, {Scalar::I8},
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id byte = m.intType(8);
            const Id pointer = m.value(Op::Bitcast, m.pointerType(Storage::CrossWorkgroup, byte), {ids[0]});
            return m.value(Op::Load, byte, {pointer});
        },
        perRow([](const Row& row) { return Value{row[0][0] & 0xff}; }));
    add(Op::PtrCastToGeneric, "load", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id generic = m.pointerType(Storage::Generic, type.id(m));
            return m.value(Op::Load, type.id(m), {m.value(Op::PtrCastToGeneric, generic, {ids[0]})});
        },
        same, {Capability::GenericPointer});
    add(Op::GenericCastToPtr, "load", {type}, type,
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id generic = m.pointerType(Storage::Generic, type.id(m));
            const Id pointer = m.value(Op::PtrCastToGeneric, generic, {ids[0]});
            return m.value(Op::Load, type.id(m), {m.value(Op::GenericCastToPtr, m.typeOf(ids[0]), {pointer})});
        },
        same, {Capability::GenericPointer});
}

void addPointers(Cases& cases) {
    const Type number{Scalar::I32}, truth{Scalar::Bool};
    // Generic pointers to each kind of memory, chosen at run time.
    Case mixed = memoryCase(
        Op::PtrCastToGeneric, Flavour::Kernel, {number, number}, number, "mixed",
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id u32 = m.intType(32), generic = m.pointerType(Storage::Generic, u32);
            const Id variable = m.localVariable(u32);
            m.op(Op::Store, {variable, m.u32(99)});
            const Id a = m.value(Op::PtrCastToGeneric, generic, {ids[0]});
            const Id b = m.value(Op::PtrCastToGeneric, generic, {variable});
            const Id bit = m.value(Op::BitwiseAnd, u32, {m.value(Op::Load, u32, {ids[1]}), m.u32(1)});
            const Id choose = m.value(Op::INotEqual, m.boolType(), {bit, m.u32(0)});
            return m.value(Op::Load, u32, {m.value(Op::Select, generic, {choose, a, b})});
        },
        perRow([](const Row& row) { return Value{(row[1][0] & 1) != 0 ? row[0][0] : 99}; }));
    mixed.byPointer = true;
    mixed.capabilities = {Capability::GenericPointer};
    cases.push_back(mixed);
    for (bool right : {true, false}) {
        Case explicitly = memoryCase(
            Op::GenericCastToPtrExplicit, Flavour::Kernel, {number}, number, right ? "same class" : "other class",
            [=](Module& m, Kernel&, const Ids& ids) {
                const Id u32 = m.intType(32), generic = m.pointerType(Storage::Generic, u32);
                const Storage to = right ? Storage::CrossWorkgroup : Storage::Workgroup;
                const Id pointer = m.value(Op::PtrCastToGeneric, generic, {ids[0]});
                const Id cast =
                    m.value(Op::GenericCastToPtrExplicit, m.pointerType(to, u32), {pointer, static_cast<uint32_t>(to)});
                const Id address = m.value(Op::ConvertPtrToU, m.intType(64), {cast});
                const Id isNull = m.value(Op::IEqual, m.boolType(), {address, m.constant(m.intType(64), 0)});
                return m.value(Op::Select, u32, {isNull, m.u32(1), m.u32(2)});
            },
            perRow([right](const Row&) { return Value{right ? 2u : 1u}; }));
        explicitly.byPointer = true;
        explicitly.capabilities = {Capability::GenericPointer};
        cases.push_back(explicitly);
    }
    Case semantics = memoryCase(
        Op::GenericPtrMemSemantics, Flavour::Kernel, {number}, number, "buffer",
        [=](Module& m, Kernel&, const Ids& ids) {
            const Id u32 = m.intType(32), generic = m.pointerType(Storage::Generic, u32);
            const Id pointer = m.value(Op::PtrCastToGeneric, generic, {ids[0]});
            return m.value(
                Op::BitwiseAnd, u32,
                {m.value(Op::GenericPtrMemSemantics, u32, {pointer}), m.u32(kCrossWorkgroupMemory | kWorkgroupMemory)});
        },
        perRow([](const Row&) { return Value{kCrossWorkgroupMemory}; }));
    semantics.byPointer = true;
    semantics.capabilities = {Capability::GenericPointer};
    cases.push_back(semantics);

    // Comparisons and differences, since SPIR-V 1.4.
    for (Flavour flavour : kFlavours) {
        const Capability capability =
            flavour == Flavour::Kernel ? Capability::Addresses : Capability::VariablePointersStorageBuffer;
        for (Op op : {Op::PtrEqual, Op::PtrNotEqual}) {
            Case item = memoryCase(
                op, flavour, {number, number}, truth, "buffer",
                [=](Module& m, Kernel&, const Ids& ids) {
                    const Id same = m.value(op, m.boolType(), {ids[0], ids[0]});
                    const Id other = m.value(op, m.boolType(), {ids[0], ids[1]});
                    return m.value(op == Op::PtrEqual ? Op::LogicalAnd : Op::LogicalOr, m.boolType(),
                                   {same, m.value(Op::LogicalNot, m.boolType(), {other})});
                },
                perRow([op](const Row&) { return Value{op == Op::PtrEqual ? 1u : 0u}; }));
            item.byPointer = true;
            item.capabilities = {capability};
            cases.push_back(item);
        }
        Case difference = memoryCase(
            Op::PtrDiff, flavour, {number}, number, "elements",
            [=](Module& m, Kernel& k, const Ids& ids) {
                const Id next = k.pointer(0, m.value(Op::IAdd, k.indexType(), {k.globalId(), k.indexConstant(7)}));
                return m.value(Op::PtrDiff, m.intType(32), {next, ids[0]});
            },
            perRow([](const Row&) { return Value{7}; }));
        difference.byPointer = true;
        difference.alone = true; // its operand is the first of buffer 0
        difference.capabilities = {capability};
        cases.push_back(difference);
    }
}

// OpArrayLength, asynchronous copies: what is about a whole buffer is alone in its module.
void addWhole(Cases& cases) {
    const Type number{Scalar::I32};
    Case length = memoryCase(
        Op::ArrayLength, Flavour::GLCompute, {number}, number, "buffer",
        [=](Module& m, Kernel& k, const Ids&) {
            return m.value(Op::ArrayLength, m.intType(32), {k.buffer(0), 0});
        },
        [](const std::vector<Row>& rows, size_t) { return Value{rows.size()}; });
    length.alone = true;
    cases.push_back(length);
    for (const Type& type :
         {Type{Scalar::I32}, Type{Scalar::I8}, Type{Scalar::F32, 4}, Type{Scalar::F64, 2}, Type{Scalar::I32, 3}}) {
        for (uint32_t stride : {1u, 2u}) {
            Case copy = memoryCase(
                Op::GroupAsyncCopy, Flavour::Kernel, {type}, type, stride == 1 ? "in" : "in strided",
                [=](Module& m, Kernel& k, const Ids&) {
                    const Id element = type.id(m), u64 = m.intType(64);
                    const Id array = m.arrayType(element, kGroup);
                    const Id variable = m.globalVariable(m.pointerType(Storage::Workgroup, array));
                    const Id pointer = m.pointerType(Storage::Workgroup, element);
                    const Id to = m.value(Op::InBoundsAccessChain, pointer, {variable, m.u32(0)});
                    const Id first = m.value(Op::IMul, u64, {k.workgroupId(), k.indexConstant(kGroup)});
                    const Id count = k.indexConstant(kGroup / stride);
                    const Id event = m.opaqueType(Op::TypeEvent);
                    const Id done = m.value(Op::GroupAsyncCopy, event,
                                            {m.scope(Scope::Workgroup), to, k.pointer(0, first), count,
                                             k.indexConstant(stride), m.null(event)});
                    const Id events = m.localVariable(event);
                    m.op(Op::Store, {events, done});
                    m.op(Op::GroupWaitEvents, {m.scope(Scope::Workgroup), m.u32(1), events});
                    const Id local = m.value(Op::UDiv, u64, {k.localId(), k.indexConstant(stride)});
                    return m.value(Op::Load, element, {m.value(Op::InBoundsAccessChain, pointer, {variable, local})});
                },
                [stride](const std::vector<Row>& rows, size_t n) {
                    return rows[n / kGroup * kGroup + n % kGroup / stride * stride][0];
                });
            copy.alone = true;
            cases.push_back(copy);
        }
    }
}

// vloadn, vstoren and the conversions from and to halves in memory.
void addVectorLoads(Cases& cases, Scalar scalar, uint32_t width) {
    const Type vector{scalar, width}, number{scalar};
    // From an array of 2n + 1 elements that begins one element off its vector's alignment.
    const auto array = [=](Module& m) { return m.localVariable(m.arrayType(number.id(m), 2 * width + 1)); };
    const auto at = [=](Module& m, Id variable, uint32_t index) {
        return m.value(Op::InBoundsAccessChain, m.pointerType(Storage::Function, number.id(m)),
                       {variable, m.u32(index)});
    };
    Case load = openClCase(OpenCl::vloadn, "vloadn", {vector}, vector);
    load.emit = [=](Module& m, Kernel& k, const Ids& ids) {
        const Id variable = array(m);
        for (uint32_t i = 0; i < width; ++i) {
            const Id part = m.value(Op::CompositeExtract, number.id(m), {ids[0], i});
            m.op(Op::Store, {at(m, variable, width + 1 + i), part});
        }
        return m.openCl(OpenCl::vloadn, vector.id(m), {k.indexConstant(1), at(m, variable, 1), width});
    };
    load.expected = same;
    load.comparison = exactly();
    cases.push_back(load);
    Case store = openClCase(OpenCl::vstoren, "vstoren", {vector}, vector);
    store.emit = [=](Module& m, Kernel& k, const Ids& ids) {
        const Id variable = array(m);
        m.openCl(OpenCl::vstoren, m.voidType(), {ids[0], k.indexConstant(1), at(m, variable, 1)});
        Ids parts;
        for (uint32_t i = 0; i < width; ++i) {
            parts.push_back(m.value(Op::Load, number.id(m), {at(m, variable, width + 1 + i)}));
        }
        return m.value(Op::CompositeConstruct, vector.id(m), parts);
    };
    store.expected = same;
    store.comparison = exactly();
    cases.push_back(store);
}

void addHalfLoads(Cases& cases, Scalar wide, uint32_t width) {
    const Type vector{wide, width}, halves{Scalar::F16, width}, half{Scalar::F16};
    // Aligned forms of three take the room of four.
    struct Form {
        OpenCl load, store;
        const char *loadName, *storeName;
        bool aligned;
    };
    std::vector<Form> forms;
    if (width == 1) {
        forms = {{OpenCl::vload_half, OpenCl::vstore_half, "vload_half", "vstore_half", false}};
    } else {
        forms = {{OpenCl::vload_halfn, OpenCl::vstore_halfn, "vload_halfn", "vstore_halfn", false}};
    }
    if (width > 1) {
        forms.push_back({OpenCl::vloada_halfn, OpenCl::vstorea_halfn, "vloada_halfn", "vstorea_halfn", true});
    }
    for (const Form& form : forms) {
        const uint32_t stride = form.aligned && width == 3 ? 4 : width;
        // The aligned forms want an array of whole vectors, which has their alignment; the others one of halves.
        const bool vectors = form.aligned;
        const auto memory = [=](Module& m) {
            return m.localVariable(vectors ? m.arrayType(Type{Scalar::F16, stride}.id(m), 2)
                                           : m.arrayType(half.id(m), 2 * stride));
        };
        const auto at = [=](Module& m, Id variable, uint32_t index) {
            const Id pointer = m.pointerType(Storage::Function, half.id(m));
            return vectors ? m.value(Op::InBoundsAccessChain, pointer,
                                     {variable, m.u32(index / stride), m.u32(index % stride)})
                           : m.value(Op::InBoundsAccessChain, pointer, {variable, m.u32(index)});
        };
        if (wide == Scalar::F32) {
            Case load = openClCase(form.load, form.loadName, {halves}, vector,
                                   [](const uint64_t* v) { return fromQuad(Scalar::F32, toQuad(Scalar::F16, v[0])); });
            load.emit = [=](Module& m, Kernel& k, const Ids& ids) {
                const Id variable = memory(m);
                for (uint32_t i = 0; i < width; ++i) {
                    const Id part = width == 1 ? ids[0] : m.value(Op::CompositeExtract, half.id(m), {ids[0], i});
                    m.op(Op::Store, {at(m, variable, stride + i), part});
                }
                Words operands = {k.indexConstant(1), at(m, variable, 0)};
                if (form.load != OpenCl::vload_half) {
                    operands.push_back(width);
                }
                return m.openCl(form.load, vector.id(m), operands);
            };
            cases.push_back(load);
        }
        for (int mode = -1; mode < 4; ++mode) {
            const auto rounding = mode < 0 ? Rounding::ToNearestEven : static_cast<Rounding>(mode);
            const OpenCl rounded = form.store == OpenCl::vstore_half    ? OpenCl::vstore_half_r
                                   : form.store == OpenCl::vstore_halfn ? OpenCl::vstore_halfn_r
                                                                        : OpenCl::vstorea_halfn_r;
            const std::string name = std::string(form.storeName) + (mode < 0 ? "" : "_r");
            Case store = openClCase(form.store, name.c_str(), {vector}, halves, [=](const uint64_t* v) {
                return fromQuad(Scalar::F16, toQuad(wide, v[0]), rounding);
            });
            store.name += mode < 0 ? "" : "/" + std::to_string(mode);
            store.emit = [=](Module& m, Kernel& k, const Ids& ids) {
                const Id variable = memory(m);
                Words operands = {ids[0], k.indexConstant(1), at(m, variable, 0)};
                if (mode >= 0) {
                    operands.push_back(static_cast<uint32_t>(mode));
                }
                m.openCl(mode < 0 ? form.store : rounded, m.voidType(), operands);
                Ids parts;
                for (uint32_t i = 0; i < width; ++i) {
                    parts.push_back(m.value(Op::Load, half.id(m), {at(m, variable, stride + i)}));
                }
                return width == 1 ? parts[0] : m.value(Op::CompositeConstruct, halves.id(m), parts);
            };
            store.weight = 4 * width;
            cases.push_back(store);
        }
    }
}

} // namespace

Cases memoryCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            for (Scalar scalar : kNumbers) {
                addVariables(cases, flavour, {scalar, width});
                addAccess(cases, flavour, {scalar, width});
                addBuffers(cases, flavour, {scalar, width});
                if (flavour == Flavour::Kernel && width > 1) {
                    addVectorLoads(cases, scalar, width);
                }
            }
            addVariables(cases, flavour, {Scalar::Bool, width});
            addAccess(cases, flavour, {Scalar::Bool, width});
        }
    }
    for (uint32_t width : widthsOf(Flavour::Kernel)) {
        addHalfLoads(cases, Scalar::F32, width);
        addHalfLoads(cases, Scalar::F64, width);
    }
    addPointers(cases);
    addWhole(cases);
    return cases;
}

} // namespace halyard::spirvtest
