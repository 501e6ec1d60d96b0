// Vectors, arrays and structures taken apart and put together.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

Case shaped(Op op, Flavour flavour, std::vector<Type> operands, Type result, const char* suffix,
            std::function<Id(Module&, const Ids&)> emit, std::function<Value(const Row&)> host) {
    Case item = opCase(op, flavour, std::move(operands), result);
    item.name += std::string("/") + suffix;
    item.emit = [emit = std::move(emit)](Module& module, Kernel&, const Ids& ids) { return emit(module, ids); };
    item.expected = perRow(std::move(host));
    item.comparison = exactly();
    return item;
}

void addVectors(Cases& cases, Flavour flavour, Scalar scalar, uint32_t width) {
    const Type vector{scalar, width}, number{scalar}, index{Scalar::I32};
    Case extract = opCase(Op::VectorExtractDynamic, flavour, {vector, index}, number);
    extract.generators = {nullptr, below(width)};
    extract.expected = perRow([](const Row& row) { return Value{row[0][row[1][0]]}; });
    extract.comparison = exactly();
    cases.push_back(std::move(extract));
    Case insert = opCase(Op::VectorInsertDynamic, flavour, {vector, number, index}, vector);
    insert.generators = {nullptr, nullptr, below(width)};
    insert.expected = perRow([](const Row& row) {
        Value value = row[0];
        value[row[2][0]] = row[1][0];
        return value;
    });
    insert.comparison = exactly();
    cases.push_back(std::move(insert));

    const uint32_t last = width - 1;
    cases.push_back(shaped(
        Op::CompositeExtract, flavour, {vector}, number, "last",
        [=](Module& m, const Ids& ids) {
            return m.value(Op::CompositeExtract, number.id(m), {ids[0], last});
        },
        [](const Row& row) { return Value{row[0].back()}; }));
    cases.push_back(shaped(
        Op::CompositeInsert, flavour, {number, vector}, vector, "last",
        [=](Module& m, const Ids& ids) {
            return m.value(Op::CompositeInsert, vector.id(m), {ids[0], ids[1], last});
        },
        [](const Row& row) {
            Value value = row[1];
            value.back() = row[0][0];
            return value;
        }));
    cases.push_back(shaped(
        Op::VectorShuffle, flavour, {vector, vector}, vector, "reversed",
        [=](Module& m, const Ids& ids) {
            Words operands = {ids[0], ids[1]};
            for (uint32_t c = 0; c < width; ++c) { // odd components of the first, even of the second, backwards
                operands.push_back(c % 2 == 1 ? last - c : width + last - c);
            }
            return m.value(Op::VectorShuffle, vector.id(m), operands);
        },
        [](const Row& row) {
            Value value;
            for (size_t c = 0; c < row[0].size(); ++c) {
                value.push_back(row[c % 2 == 1 ? 0 : 1][row[0].size() - 1 - c]);
            }
            return value;
        }));
    cases.push_back(shaped(
        Op::CompositeConstruct, flavour,
        std::vector<Type>(width == 16 ? 8 : width, width == 16 ? Type{scalar, 2} : number), vector, "parts",
        [=](Module& m, const Ids& ids) { return m.value(Op::CompositeConstruct, vector.id(m), ids); },
        [](const Row& row) {
            Value value;
            for (const Value& part : row) {
                value.insert(value.end(), part.begin(), part.end());
            }
            return value;
        }));
    if (width == 4) {
        cases.push_back(shaped(
            Op::CompositeConstruct, flavour, {number, {scalar, 2}, number}, vector, "mixed",
            [=](Module& m, const Ids& ids) { return m.value(Op::CompositeConstruct, vector.id(m), ids); },
            [](const Row& row) {
                return Value{row[0][0], row[1][0], row[1][1], row[2][0]};
            }));
    }
    // A shuffle to fewer components.
    const Type pair{scalar, 2};
    cases.push_back(shaped(
        Op::VectorShuffle, flavour, {vector, pair}, pair, "narrowed",
        [=](Module& m, const Ids& ids) {
            return m.value(Op::VectorShuffle, pair.id(m), {ids[0], ids[1], width + 1, last});
        },
        [](const Row& row) {
            return Value{row[1][1], row[0].back()};
        }));
}

// struct { T; T[3]; struct { T; u32 } } built, changed and read in registers.
void addNested(Cases& cases, Flavour flavour, Scalar scalar, uint32_t width) {
    const Type type{scalar, width};
    struct Nested {
        Id array, inner, outer;
    };
    const auto types = [type](Module& m) {
        const Id t = type.id(m), array = m.arrayType(t, 3), inner = m.structType({t, m.intType(32)});
        return Nested{array, inner, m.structType({t, array, inner})};
    };
    const auto built = [types, type](Module& m, const Ids& ids) {
        const Nested n = types(m);
        const Id array = m.value(Op::CompositeConstruct, n.array, {ids[0], ids[1], ids[0]});
        const Id inner = m.value(Op::CompositeConstruct, n.inner, {ids[1], m.u32(7)});
        return std::make_pair(n, m.value(Op::CompositeConstruct, n.outer, {ids[0], array, inner}));
    };
    cases.push_back(shaped(
        Op::CompositeExtract, flavour, {type, type}, type, "nested",
        [=](Module& m, const Ids& ids) {
            return m.value(Op::CompositeExtract, type.id(m), {built(m, ids).second, 1, 1});
        },
        [](const Row& row) { return row[1]; }));
    cases.push_back(shaped(
        Op::CompositeInsert, flavour, {type, type}, type, "nested",
        [=](Module& m, const Ids& ids) {
            const auto [n, value] = built(m, ids);
            const Id changed = m.value(Op::CompositeInsert, n.outer, {ids[1], value, 1, 2});
            const Id copy = m.value(Op::CopyObject, n.outer, {changed});
            return m.value(Op::CompositeExtract, type.id(m), {copy, 1, 2});
        },
        [](const Row& row) { return row[1]; }));
    // Two structures of the same members are different types, logically the same; so are arrays with and without a
    // stride, which are of shaders.
    cases.push_back(shaped(
        Op::CopyLogical, flavour, {type, type}, type, "struct",
        [=](Module& m, const Ids& ids) {
            const Id t = type.id(m), one = m.structType({t, t}), other = m.structType({t, t});
            const Id value = m.value(Op::CompositeConstruct, one, {ids[0], ids[1]});
            return m.value(Op::CompositeExtract, t, {m.value(Op::CopyLogical, other, {value}), 1});
        },
        [](const Row& row) { return row[1]; }));
    if (flavour == Flavour::GLCompute) {
        cases.push_back(shaped(
            Op::CopyLogical, flavour, {type, type}, type, "array",
            [=](Module& m, const Ids& ids) {
                const Id t = type.id(m), plain = m.arrayType(t, 2);
                const Id other = m.arrayType(t, 2, scalar == Scalar::Bool ? 4 : storageBytes(m, t));
                const Id value = m.value(Op::CompositeConstruct, plain, {ids[0], ids[1]});
                return m.value(Op::CompositeExtract, t, {m.value(Op::CopyLogical, other, {value}), 1});
            },
            [](const Row& row) { return row[1]; }));
    }
    cases.push_back(shaped(
        Op::CopyObject, flavour, {type}, type, "plain",
        [=](Module& m, const Ids& ids) { return m.value(Op::CopyObject, type.id(m), {ids[0]}); },
        [](const Row& row) { return row[0]; }));
    cases.push_back(shaped(
        Op::Undef, flavour, {type}, type, "replaced", // every component of the undefined value is written
        [=](Module& m, const Ids& ids) {
            const Id array = m.arrayType(type.id(m), 1);
            const Id value = m.value(Op::CompositeInsert, array, {ids[0], m.undef(array), 0});
            return m.value(Op::CompositeExtract, type.id(m), {value, 0});
        },
        [](const Row& row) { return row[0]; }));
}

} // namespace

Cases compositeCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            for (Scalar scalar : {Scalar::I8, Scalar::I16, Scalar::I32, Scalar::I64, Scalar::F16, Scalar::F32,
                                  Scalar::F64, Scalar::Bool}) {
                if (width > 1) {
                    addVectors(cases, flavour, scalar, width);
                }
                addNested(cases, flavour, scalar, width);
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
