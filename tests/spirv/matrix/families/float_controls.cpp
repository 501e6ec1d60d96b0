// Execution modes that change floating-point arithmetic, and what forbids contraction. For rounding and flushing the
// devices are compared with each other: one works with integers on exact numbers, the other with the processor's own.
#include "matrix/families.h"

#include <bit>

namespace halyard::spirvtest {

namespace {

struct Control {
    Mode mode;
    Capability capability;
    const char* name;
    std::vector<Scalar> scalars;
    bool changes; // what devices do anyway is tried once
};

struct Operation {
    const char* name;
    size_t operands;
    std::function<Id(Module&, Id type, const Ids&)> emit;
    bool comparison = false;
};

Id core(Module& m, Op op, Id type, const Ids& ids) {
    return m.value(op, type, Words(ids.begin(), ids.end()));
}

const std::vector<Operation>& operations() {
    static const std::vector<Operation> all = {
        {"FAdd", 2, [](Module& m, Id type, const Ids& ids) { return core(m, Op::FAdd, type, ids); }},
        {"FSub", 2, [](Module& m, Id type, const Ids& ids) { return core(m, Op::FSub, type, ids); }},
        {"FMul", 2, [](Module& m, Id type, const Ids& ids) { return core(m, Op::FMul, type, ids); }},
        {"FDiv", 2, [](Module& m, Id type, const Ids& ids) { return core(m, Op::FDiv, type, ids); }},
        {"FNegate", 1, [](Module& m, Id type, const Ids& ids) { return core(m, Op::FNegate, type, ids); }},
        {"FOrdLessThan", 2, [](Module& m, Id, const Ids& ids) { return core(m, Op::FOrdLessThan, m.boolType(), ids); },
         true},
        {"fma", 3,
         [](Module& m, Id type, const Ids& ids) {
             const Words operands(ids.begin(), ids.end());
             return m.flavour() == Flavour::Kernel ? m.openCl(OpenCl::fma, type, operands)
                                                   : m.glsl(Glsl::Fma, type, operands);
         }},
        {"sqrt", 1,
         [](Module& m, Id type, const Ids& ids) {
             const Words operands(ids.begin(), ids.end());
             return m.flavour() == Flavour::Kernel ? m.openCl(OpenCl::sqrt, type, operands)
                                                   : m.glsl(Glsl::Sqrt, type, operands);
         }},
    };
    return all;
}

Case controlled(const Control& control, Flavour flavour, Scalar scalar, std::string name, std::vector<Type> operands,
                Type result, std::function<Id(Module&, const Ids&)> emit) {
    Case item = opCase(Op::FAdd, flavour, std::move(operands), result);
    item.op = Op::Nop;
    item.name = std::string(control.name) + "/" + name + "/" + signatureOf(flavour, item.operands, result);
    item.instruction = std::string("execution mode ") + control.name;
    item.alone = true;
    item.capabilities = {control.capability};
    item.emit = [=, mode = control.mode](Module& m, Kernel& kernel, const Ids& ids) {
        m.executionMode(kernel.function(), mode, {bitsOf(scalar)});
        return emit(m, ids);
    };
    return item;
}

void addControl(Cases& cases, const Control& control, Flavour flavour) {
    for (Scalar scalar : control.scalars) {
        for (uint32_t width : {1u, 4u}) {
            if (width != 1 && !control.changes) {
                continue;
            }
            const Type type{scalar, width};
            for (const Operation& each : operations()) {
                const Type result = each.comparison ? type.with(Scalar::Bool) : type;
                if (each.comparison && width != 1) {
                    continue;
                }
                cases.push_back(controlled(control, flavour, scalar, each.name, std::vector<Type>(each.operands, type),
                                           result,
                                           [=](Module& m, const Ids& ids) { return each.emit(m, type.id(m), ids); }));
            }
        }
        for (Scalar from : kFloats) {
            if (from != scalar) {
                const Type result{scalar};
                cases.push_back(
                    controlled(control, flavour, scalar, "FConvert", {{from}}, result, [=](Module& m, const Ids& ids) {
                        return m.value(Op::FConvert, result.id(m), {ids[0]});
                    }));
            }
        }
        for (Scalar from : {Scalar::I32, Scalar::I64}) {
            const Type result{scalar};
            cases.push_back(
                controlled(control, flavour, scalar, "ConvertUToF", {{from}}, result, [=](Module& m, const Ids& ids) {
                    return m.value(Op::ConvertUToF, result.id(m), {ids[0]});
                }));
        }
    }
}

// a * b + c with two roundings, where one would often give something else.
void addSeparate(Cases& cases, Flavour flavour, Scalar scalar) {
    const bool kernel = flavour == Flavour::Kernel;
    const Type type{scalar};
    const Host host = [scalar](const uint64_t* v) -> uint64_t {
        if (scalar == Scalar::F64) {
            volatile double product = std::bit_cast<double>(v[0]) * std::bit_cast<double>(v[1]);
            return std::bit_cast<uint64_t>(product + std::bit_cast<double>(v[2]));
        }
        const auto number = [](uint64_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); };
        volatile float product = number(v[0]) * number(v[1]);
        return std::bit_cast<uint32_t>(product + number(v[2]));
    };
    Case item = opCase(Op::FAdd, flavour, {type, type, type}, type, host);
    item.op = Op::Nop;
    const char* name = kernel ? "ContractionOff" : "NoContraction";
    item.name = std::string(name) + "/" + signatureOf(flavour, item.operands, type);
    item.instruction = std::string(kernel ? "execution mode " : "decoration ") + name;
    item.alone = kernel;
    item.generators.assign(3, moderateValue);
    item.emit = [=](Module& m, Kernel& frame, const Ids& ids) {
        const Id product = m.value(Op::FMul, type.id(m), {ids[0], ids[1]});
        const Id sum = m.value(Op::FAdd, type.id(m), {product, ids[2]});
        if (kernel) {
            m.executionMode(frame.function(), Mode::ContractionOff, {});
        } else {
            m.decorate(product, Decoration::NoContraction);
            m.decorate(sum, Decoration::NoContraction);
        }
        return sum;
    };
    cases.push_back(std::move(item));
}

} // namespace

Cases floatControlCases() {
    const Control controls[] = {
        {Mode::DenormFlushToZero,
         static_cast<Capability>(4465),
         "DenormFlushToZero",
         {std::begin(kFloats), std::end(kFloats)},
         true},
        {Mode::RoundingModeRtz, static_cast<Capability>(4468), "RoundingModeRTZ", {Scalar::F16, Scalar::F32}, true},
        {Mode::DenormPreserve,
         static_cast<Capability>(4464),
         "DenormPreserve",
         {std::begin(kFloats), std::end(kFloats)},
         false},
        {Mode::RoundingModeRte,
         static_cast<Capability>(4467),
         "RoundingModeRTE",
         {std::begin(kFloats), std::end(kFloats)},
         false},
    };
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (const Control& control : controls) {
            addControl(cases, control, flavour);
        }
        for (Scalar scalar : {Scalar::F32, Scalar::F64}) {
            addSeparate(cases, flavour, scalar);
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
