#include "matrix/families.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <quadmath.h>
#include <utility>

namespace halyard::spirvtest {

namespace {

constexpr size_t kMaxOperands = 8;

// Component `c` of every operand; scalars have one for all.
std::array<uint64_t, kMaxOperands> componentsAt(const Row& row, size_t c) {
    std::array<uint64_t, kMaxOperands> operands{};
    for (size_t i = 0; i < row.size() && i < kMaxOperands; ++i) {
        operands[i] = row[i][std::min(c, row[i].size() - 1)];
    }
    return operands;
}

uint32_t chosenSize = 0;

} // namespace

uint32_t subgroupSize() {
    if (chosenSize != 0) {
        return chosenSize;
    }
    const char* set = std::getenv("HALYARD_CPU_SUBGROUP_SIZE");
    return set != nullptr ? static_cast<uint32_t>(std::strtoul(set, nullptr, 10)) : 16;
}

void setSubgroupSize(uint32_t size) {
    chosenSize = size;
}

const std::vector<Family>& families() {
    static const std::vector<Family> all = {
        {"arithmetic", arithmeticCases},
        {"bit", bitCases},
        {"logic", logicCases},
        {"conversion", conversionCases},
        {"composite", compositeCases},
        {"matrix", matrixCases},
        {"cooperativeMatrix", cooperativeCases},
        {"openclInteger", openClIntegerCases},
        {"openclFloat", openClFloatCases},
        {"glsl", glslCases},
        {"memory", memoryCases},
        {"control", controlCases},
        {"atomic", atomicCases},
        {"group", groupCases},
        {"dot", dotCases},
        {"constant", constantCases},
        {"interface", interfaceCases},
        {"layout", layoutCases},
        {"floatControls", floatControlCases},
        {"miscellaneous", miscellaneousCases},
    };
    return all;
}

const std::vector<uint32_t>& widthsOf(Flavour flavour) {
    static const std::vector<uint32_t> kernel = {1, 2, 3, 4, 8, 16}, compute = {1, 2, 3, 4};
    return flavour == Flavour::Kernel ? kernel : compute;
}

std::function<Value(const std::vector<Row>&, size_t)> perComponent(Type result, Host host) {
    if (!host) {
        return nullptr;
    }
    return [result, host = std::move(host)](const std::vector<Row>& rows, size_t n) {
        Value value(result.components());
        for (size_t c = 0; c < value.size(); ++c) {
            value[c] = host(componentsAt(rows[n], c).data()) & maskOf(result.scalar);
        }
        return value;
    };
}

std::function<Value(const std::vector<Row>&, size_t)> perRow(std::function<Value(const Row&)> host) {
    return [host = std::move(host)](const std::vector<Row>& rows, size_t n) { return host(rows[n]); };
}

std::string signatureOf(Flavour flavour, const std::vector<Type>& operands, const Type& result) {
    std::string text = flavourName(flavour);
    text += "/" + (operands.empty() ? result : operands[0]).name();
    const bool plain = std::all_of(operands.begin(), operands.end(), [&](const Type& t) { return t == result; });
    if (!plain) {
        for (size_t i = 1; i < operands.size(); ++i) {
            text += "," + operands[i].name();
        }
        text += "-" + result.name();
    }
    return text;
}

Case opCase(Op op, Flavour flavour, std::vector<Type> operands, Type result, Host host) {
    Case item;
    item.name = std::string(opName(op)) + "/" + signatureOf(flavour, operands, result);
    item.instruction = std::string("Op") + opName(op);
    item.op = op;
    item.flavour = flavour;
    item.operands = std::move(operands);
    item.result = result;
    item.emit = [op, result](Module& module, Kernel&, const Ids& ids) {
        return module.value(op, result.id(module), ids);
    };
    item.expected = perComponent(result, std::move(host));
    return item;
}

Case openClCase(OpenCl instruction, const char* name, std::vector<Type> operands, Type result, Host host) {
    Case item = opCase(Op::ExtInst, Flavour::Kernel, std::move(operands), result, std::move(host));
    item.name = std::string("OpenCL.std:") + name + "/" + signatureOf(Flavour::Kernel, item.operands, result);
    item.instruction = std::string("OpenCL.std ") + name;
    item.emit = [instruction, result](Module& module, Kernel&, const Ids& ids) {
        return module.openCl(instruction, result.id(module), ids);
    };
    return item;
}

Case glslCase(Glsl instruction, const char* name, std::vector<Type> operands, Type result, Host host) {
    Case item = opCase(Op::ExtInst, Flavour::GLCompute, std::move(operands), result, std::move(host));
    item.name = std::string("GLSL.std.450:") + name + "/" + signatureOf(Flavour::GLCompute, item.operands, result);
    item.instruction = std::string("GLSL.std.450 ") + name;
    item.emit = [instruction, result](Module& module, Kernel&, const Ids& ids) {
        return module.glsl(instruction, result.id(module), ids);
    };
    return item;
}

Comparison exactly() {
    return {Comparison::Kind::Exact, 0, nullptr, false};
}

Comparison within(double ulps) {
    return {Comparison::Kind::Ulp, ulps, nullptr, false};
}

Comparison eitherZero() {
    return {Comparison::Kind::NanEquivalent, 0, nullptr, true};
}

Comparison near(Scalar scalar, double units, Exact exact, Exact scale) {
    const auto accept = [=](const Row& row, uint64_t got, size_t component) {
        const auto operands = componentsAt(row, component);
        std::array<Quad, kMaxOperands> values{};
        for (size_t i = 0; i < row.size(); ++i) {
            values[i] = toQuad(scalar, operands[i]);
        }
        const Format format = formatOf(scalar);
        const Quad size = fabsq(scale(values.data()));
        const int exponent = size == 0 ? format.minExponent : std::max(ilogbq(size), format.minExponent);
        const Quad unit = ldexpq(1, exponent - format.precision + 1);
        return fabsq(toQuad(scalar, got) - exact(values.data())) <= units * unit;
    };
    return {Comparison::Kind::Accept, 0, accept, false};
}

std::function<void(Row&)> eachComponent(std::function<void(uint64_t*)> change) {
    return [change = std::move(change)](Row& row) {
        size_t count = 1;
        for (const Value& value : row) {
            count = std::max(count, value.size());
        }
        for (size_t c = 0; c < count; ++c) {
            auto operands = componentsAt(row, c);
            change(operands.data());
            for (size_t i = 0; i < row.size(); ++i) {
                if (c < row[i].size()) {
                    row[i][c] = operands[i];
                }
            }
        }
    };
}

} // namespace halyard::spirvtest
