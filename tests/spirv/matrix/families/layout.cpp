// Explicit layouts: offsets, array and matrix strides, row-major matrices, in storage and uniform buffers. The buffer
// holds its own word numbers, so that what a load gives says where it was made.
#include "matrix/families.h"

#include <cstring>

namespace halyard::spirvtest {

namespace {

Bytes wordNumbers(uint32_t words) {
    Bytes bytes(words * 4);
    for (uint32_t i = 0; i < words; ++i) {
        std::memcpy(bytes.data() + 4 * i, &i, 4);
    }
    return bytes;
}

// A block at set 1, binding 0, of members at these offsets.
struct Member {
    Id type;
    uint32_t offset;
    uint32_t matrixStride = 0; // matrices and arrays of them
    bool rowMajor = false;
};
Id blockVariable(Module& m, Storage storage, const std::vector<Member>& members, uint32_t binding = 0) {
    Ids types;
    for (const Member& member : members) {
        types.push_back(member.type);
    }
    const Id block = m.structType(types);
    m.decorate(block, Decoration::Block);
    for (uint32_t i = 0; i < members.size(); ++i) {
        m.memberDecorate(block, i, Decoration::Offset, {members[i].offset});
        if (members[i].matrixStride != 0) {
            m.memberDecorate(block, i, members[i].rowMajor ? Decoration::RowMajor : Decoration::ColMajor);
            m.memberDecorate(block, i, Decoration::MatrixStride, {members[i].matrixStride});
        }
    }
    const Id variable = m.globalVariable(m.pointerType(storage, block));
    m.decorate(variable, Decoration::DescriptorSet, {1});
    m.decorate(variable, Decoration::Binding, {binding});
    return variable;
}

Case layoutCase(const std::string& name, Storage storage, std::function<Id(Module&, const Ids&)> emit,
                std::function<uint64_t(uint32_t x)> host) {
    const Type number{Scalar::I32};
    Case item = opCase(Op::AccessChain, Flavour::GLCompute, {number}, number);
    if (host) {
        item.expected =
            perRow([host = std::move(host)](const Row& row) { return Value{host(static_cast<uint32_t>(row[0][0]))}; });
    }
    item.op = Op::Nop;
    item.name = "layout:" + name + (storage == Storage::Uniform ? "/uniform" : "/storage");
    item.instruction = storage == Storage::Uniform ? "layout of uniform buffers" : "layout of storage buffers";
    item.emit = [emit = std::move(emit)](Module& m, Kernel&, const Ids& ids) { return emit(m, ids); };
    item.alone = true;
    item.arguments = {Argument::buffer(wordNumbers(128))};
    return item;
}

Id remainder(Module& m, Id x, uint32_t shift, uint32_t limit) {
    const Id u32 = m.intType(32);
    return m.value(Op::UMod, u32, {m.value(Op::ShiftRightLogical, u32, {x, m.u32(shift)}), m.u32(limit)});
}
uint32_t part(uint32_t x, uint32_t shift, uint32_t limit) {
    return (x >> shift) % limit;
}

// How an element of a matrix is read.
enum class Path { Element, Column, Whole };
const char* pathName(Path path) {
    return path == Path::Element ? "element" : path == Path::Column ? "column" : "whole";
}

// One of two matrices in an array, at an offset; column, row and matrix are chosen by the operand.
Case matrixCase(Storage storage, uint32_t columns, uint32_t rows, bool rowMajor, Path path) {
    const uint32_t lines = rowMajor ? rows : columns, stride = 16, size = lines * stride, offset = 16;
    const auto emit = [=](Module& m, const Ids& ids) {
        const Id f32 = m.floatType(32), column = m.vectorType(f32, rows), matrix = m.matrixType(column, columns);
        const Id variable =
            blockVariable(m, storage, {{m.intType(32), 0}, {m.arrayType(matrix, 2, size), offset, stride, rowMajor}});
        const Id which = remainder(m, ids[0], 0, 2), c = remainder(m, ids[0], 4, columns),
                 r = remainder(m, ids[0], 8, rows);
        const auto pointer = [&](Id type, Words indices) {
            indices.insert(indices.begin(), {variable, m.u32(1), which});
            return m.value(Op::AccessChain, m.pointerType(storage, type), indices);
        };
        Id value = 0;
        if (path == Path::Element) {
            value = m.value(Op::Load, f32, {pointer(f32, {c, r})});
        } else if (path == Path::Column) {
            value = m.value(Op::VectorExtractDynamic, f32, {m.value(Op::Load, column, {pointer(column, {c})}), r});
        } else {
            const Id copy = m.localVariable(matrix);
            m.op(Op::Store, {copy, m.value(Op::Load, matrix, {pointer(matrix, {})})});
            const Id at = m.value(Op::AccessChain, m.pointerType(Storage::Function, f32), {copy, c, r});
            value = m.value(Op::Load, f32, {at});
        }
        return m.value(Op::Bitcast, m.intType(32), {value});
    };
    const std::string name = std::string(rowMajor ? "row" : "column") + " major " + std::to_string(columns) + "x" +
                             std::to_string(rows) + "/" + pathName(path);
    return layoutCase(name, storage, emit, [=](uint32_t x) {
        const uint32_t c = part(x, 4, columns), r = part(x, 8, rows);
        const uint32_t inner = rowMajor ? r * stride + c * 4 : c * stride + r * 4;
        return uint64_t((offset + part(x, 0, 2) * size + inner) / 4);
    });
}

// Each invocation stores a matrix, or its second column, in an element of its own, and reads words of it through
// another view of the buffer.
Case storeCase(uint32_t columns, uint32_t rows, bool rowMajor, bool whole) {
    const uint32_t stride = 16, lines = rowMajor ? rows : columns, words = lines * stride / 4;
    const std::string name = std::string("store ") + (whole ? "matrix " : "column ") + (rowMajor ? "row" : "column") +
                             " major " + std::to_string(columns) + "x" + std::to_string(rows);
    Case item = layoutCase(name, Storage::StorageBuffer, nullptr, nullptr);
    item.emit = [=](Module& m, Kernel& k, const Ids& ids) {
        const Id f32 = m.floatType(32), u32 = m.intType(32), column = m.vectorType(f32, rows);
        const Id matrix = m.matrixType(column, columns), self = k.globalId();
        const Id variable = blockVariable(m, Storage::StorageBuffer,
                                          {{m.runtimeArrayType(matrix, lines * stride), 0, stride, rowMajor}});
        const Id view = blockVariable(m, Storage::StorageBuffer, {{m.runtimeArrayType(u32, 4), 0}});
        m.decorate(variable, Decoration::Aliased);
        m.decorate(view, Decoration::Aliased);
        Ids parts;
        for (uint32_t c = 0; c < columns; ++c) {
            Ids elements;
            for (uint32_t r = 0; r < rows; ++r) {
                elements.push_back(m.constant(f32, 100000 + 10 * c + r));
            }
            parts.push_back(m.composite(column, elements));
        }
        const Id pointee = whole ? matrix : column;
        Words path = {variable, m.u32(0), self};
        if (!whole) {
            path.push_back(m.u32(1));
        }
        const Id to = m.value(Op::AccessChain, m.pointerType(Storage::StorageBuffer, pointee), path);
        m.op(Op::Store, {to, whole ? m.composite(matrix, parts) : parts[1]});
        const Id first = m.value(Op::IMul, u32, {self, m.u32(words)});
        const Id word = m.value(Op::IAdd, u32, {first, remainder(m, ids[0], 0, words)});
        const Id at = m.value(Op::AccessChain, m.pointerType(Storage::StorageBuffer, u32), {view, m.u32(0), word});
        return m.value(Op::Load, u32, {at});
    };
    item.expected = [=](const std::vector<Row>& rowsOfAll, size_t n) {
        const uint32_t word = part(static_cast<uint32_t>(rowsOfAll[n][0][0]), 0, words), line = word / 4,
                       inLine = word % 4;
        const uint32_t c = rowMajor ? inLine : line, r = rowMajor ? line : inLine;
        const bool written = c < columns && r < rows && (whole || c == 1);
        return Value{written ? 100000 + 10 * c + r : n * words + word}; // padding keeps what it was
    };
    item.arguments = {Argument::buffer(wordNumbers(512 * words))};
    return item;
}

// struct { float a @4; vec3 b @16; float c @28; float d[3] stride 16 @32; struct { vec2 x @0; float y @12 } e[2] stride
// 32 @96 }
Case structCase(Storage storage, uint32_t member) {
    const auto emit = [=](Module& m, const Ids& ids) {
        const Id f32 = m.floatType(32), inner = m.structType({m.vectorType(f32, 2), f32});
        m.memberDecorate(inner, 0, Decoration::Offset, {0});
        m.memberDecorate(inner, 1, Decoration::Offset, {12});
        const Id variable = blockVariable(m, storage,
                                          {{f32, 4},
                                           {m.vectorType(f32, 3), 16},
                                           {f32, 28},
                                           {m.arrayType(f32, 3, 16), 32},
                                           {m.arrayType(inner, 2, 32), 96}});
        Words path = {variable, m.u32(member)};
        if (member == 1 || member == 3) {
            path.push_back(remainder(m, ids[0], 0, 3));
        } else if (member == 4) {
            path.insert(path.end(), {remainder(m, ids[0], 0, 2), m.u32(1)});
        }
        const Id value = m.value(Op::Load, f32, {m.value(Op::AccessChain, m.pointerType(storage, f32), path)});
        return m.value(Op::Bitcast, m.intType(32), {value});
    };
    return layoutCase("struct member " + std::to_string(member), storage, emit, [=](uint32_t x) {
        const uint32_t offsets[] = {4, 16 + 4 * part(x, 0, 3), 28, 32 + 16 * part(x, 0, 3),
                                    96 + 32 * part(x, 0, 2) + 12};
        return uint64_t(offsets[member] / 4);
    });
}

} // namespace

Cases layoutCases() {
    Cases cases;
    for (Storage storage : {Storage::StorageBuffer, Storage::Uniform}) {
        for (uint32_t member = 0; member < 5; ++member) {
            cases.push_back(structCase(storage, member));
        }
        for (const auto& [columns, rows] :
             {std::make_pair(2u, 3u), std::make_pair(3u, 3u), std::make_pair(4u, 2u), std::make_pair(4u, 4u)}) {
            for (bool rowMajor : {false, true}) {
                for (Path path : {Path::Element, Path::Column, Path::Whole}) {
                    cases.push_back(matrixCase(storage, columns, rows, rowMajor, path));
                }
                if (storage == Storage::StorageBuffer) {
                    cases.push_back(storeCase(columns, rows, rowMajor, true));
                    cases.push_back(storeCase(columns, rows, rowMajor, false));
                }
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
