// Products of cooperative matrices: each shape and type against the sum computed here.
#include "harness.h"
#include "jit/ptx_matrix_shapes.h"
#include "spv/cooperative_matrix.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

struct Element {
    std::string llvm;   // half
    std::string suffix; // f16
    uint32_t bytes;
    bool isSigned = false;
};

const Element kHalf{"half", "f16", 2};
const Element kBfloat{"bfloat", "bf16", 2};
const Element kFloat{"float", "f32", 4};
const Element kDouble{"double", "f64", 8};
const Element kS8{"i8", "i8", 1, true};
const Element kU8{"i8", "i8", 1, false};
const Element kS32{"i32", "i32", 4, true};

struct Product {
    uint32_t rows, columns, inner;
    Element a, b, c;
    bool columnMajor = false;
    uint32_t flags = 0;
    uint32_t padding = 0; // elements between lines

    uint32_t allFlags() const {
        return flags | (a.isSigned ? spv::kMatrixASigned : 0) | (b.isSigned ? spv::kMatrixBSigned : 0) |
               (c.isSigned ? spv::kMatrixCSigned | spv::kMatrixResultSigned : 0);
    }
};

std::string vectorOf(const Element& element, uint32_t rows, uint32_t columns) {
    return "<" + std::to_string(spv::matrixElementsPerInvocation(rows, columns, 32)) + " x " + element.llvm + ">";
}

std::string nameOf(const Element& element, uint32_t rows, uint32_t columns) {
    return "v" + std::to_string(spv::matrixElementsPerInvocation(rows, columns, 32)) + element.suffix;
}

uint32_t strideOf(const Product& p, uint32_t rows, uint32_t columns) {
    return (p.columnMajor ? rows : columns) + p.padding;
}

std::string kir(const Product& p) {
    const auto number = [](uint64_t value) { return std::to_string(value); };
    std::string text = "define void @k(ptr addrspace(1) %a, ptr addrspace(1) %b, ptr addrspace(1) %c, ptr addrspace(1) "
                       "%d) #0 {\n";
    std::string declarations;
    const auto access = [&](const std::string& value, const Element& e, uint32_t rows, uint32_t columns, uint32_t use,
                            const std::string& pointer, bool stores) {
        const std::string type = vectorOf(e, rows, columns);
        const std::string name =
            std::string("@hy.matrix.") + (stores ? "store." : "load.") + nameOf(e, rows, columns) + ".p1";
        const std::string declaration = "declare " +
                                        (stores ? "void " + name + "(ptr addrspace(1), i64, " + type
                                                : type + " " + name + "(ptr addrspace(1), i64") +
                                        ", i32, i32, i32, i32, i32, i32) #2\n";
        if (declarations.find(declaration) == std::string::npos) {
            declarations += declaration;
        }
        text += "  " + (stores ? "call void " : value + " = call " + type + " ") + name + "(ptr addrspace(1) " +
                pointer + ", i64 " + number(strideOf(p, rows, columns) * e.bytes) +
                (stores ? ", " + type + " " + value : "") + ", i32 " + number(rows) + ", i32 " + number(columns) +
                ", i32 " + number(p.columnMajor) + ", i32 " + number(e.bytes) + ", i32 0, i32 " + number(use) + ")\n";
    };
    access("%x", p.a, p.rows, p.inner, 0, "%a", false);
    access("%y", p.b, p.inner, p.columns, 1, "%b", false);
    access("%z", p.c, p.rows, p.columns, 2, "%c", false);
    const std::string a = vectorOf(p.a, p.rows, p.inner), b = vectorOf(p.b, p.inner, p.columns);
    const std::string c = vectorOf(p.c, p.rows, p.columns);
    const std::string name = "@hy.subgroup.matrix_mul_add." + nameOf(p.a, p.rows, p.inner) + "." +
                             nameOf(p.b, p.inner, p.columns) + "." + nameOf(p.c, p.rows, p.columns);
    text += "  %r = call " + c + " " + name + "(" + a + " %x, " + b + " %y, " + c + " %z, i32 " + number(p.rows) +
            ", i32 " + number(p.columns) + ", i32 " + number(p.inner) + ", i32 " + number(p.allFlags()) + ")\n";
    declarations += "declare " + c + " " + name + "(" + a + ", " + b + ", " + c + ", i32, i32, i32, i32) #2\n";
    access("%r", p.c, p.rows, p.columns, 2, "%d", true);
    return kirText(text + "  ret void\n}\n", declarations);
}

// Small numbers, which every type has, so that the sums are exact in any order.
class Memory {
public:
    Memory(const Product& p, const Element& element, uint32_t rows, uint32_t columns)
        : element_(element), columnMajor_(p.columnMajor), stride_(strideOf(p, rows, columns)),
          bytes_(uint64_t{stride_} * (p.columnMajor ? columns : rows) * element.bytes + 16) {}

    // 16-byte aligned, or one element off it.
    uint64_t address(bool isAligned = true) {
        isAligned_ = isAligned;
        return reinterpret_cast<uint64_t>(data());
    }

    void put(uint32_t row, uint32_t column, double value) {
        uint8_t* cell = at(row, column);
        const auto store = [&](auto typed) { std::memcpy(cell, &typed, sizeof typed); };
        if (element_.suffix == "f16") {
            store(static_cast<_Float16>(value));
        } else if (element_.suffix == "bf16") {
            store(static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16));
        } else if (element_.suffix == "f32") {
            store(static_cast<float>(value));
        } else if (element_.suffix == "f64") {
            store(value);
        } else if (element_.bytes == 1) {
            store(static_cast<uint8_t>(static_cast<int32_t>(value)));
        } else {
            store(static_cast<int32_t>(value));
        }
    }

    double get(uint32_t row, uint32_t column) {
        const uint8_t* cell = at(row, column);
        const auto load = [&](auto typed) {
            std::memcpy(&typed, cell, sizeof typed);
            return typed;
        };
        if (element_.suffix == "f16") {
            return static_cast<double>(load(_Float16{}));
        }
        if (element_.suffix == "bf16") {
            return std::bit_cast<float>(uint32_t{load(uint16_t{})} << 16);
        }
        if (element_.suffix == "f32") {
            return load(float{});
        }
        if (element_.suffix == "f64") {
            return load(double{});
        }
        if (element_.bytes == 1) {
            return element_.isSigned ? load(int8_t{}) : load(uint8_t{});
        }
        return load(int32_t{});
    }

private:
    uint8_t* data() {
        uint8_t* first = bytes_.data();
        while (reinterpret_cast<uintptr_t>(first) % 16 != 0) {
            ++first;
        }
        return isAligned_ ? first : first + element_.bytes;
    }
    uint8_t* at(uint32_t row, uint32_t column) {
        const uint64_t line = columnMajor_ ? column : row, place = columnMajor_ ? row : column;
        return data() + (line * stride_ + place) * element_.bytes;
    }

    Element element_;
    bool columnMajor_;
    uint32_t stride_;
    bool isAligned_ = true;
    std::vector<uint8_t> bytes_;

public:
    void grow() { bytes_.resize(bytes_.size() + 32); }
};

void check(const Product& p, uint32_t sm, uint32_t mma) {
    const std::string what = std::to_string(p.rows) + "x" + std::to_string(p.columns) + "x" + std::to_string(p.inner) +
                             " " + p.a.suffix + " " + p.c.suffix + " sm_" + std::to_string(sm);
    const std::string text = kir(p);
    const Lowering lowering{.workgroupSize = {32, 1, 1}, .sm = sm};
    const std::string code = ptx(text, lowering);
    EXPECT_EQ(count(code, "mma.sync"), mma) << what;
    if (hasPtxas()) {
        EXPECT_EQ(assemble(code, sm), "") << what;
    }
    const auto program = machine(text, lowering);
    for (const bool isAligned : {true, false}) {
        Memory a(p, p.a, p.rows, p.inner), b(p, p.b, p.inner, p.columns), c(p, p.c, p.rows, p.columns),
            d(p, p.c, p.rows, p.columns);
        std::vector<uint64_t> args;
        for (Memory* memory : {&a, &b, &c, &d}) {
            memory->grow();
            args.push_back(memory->address(isAligned));
        }
        std::mt19937 random(p.rows * 31 + p.inner);
        const auto small = [&](const Element& e) {
            const auto value = static_cast<int32_t>(random() % 9);
            return double(e.suffix == "i8" && !e.isSigned ? value + 120 : value - 4);
        };
        const auto fill = [&](Memory& memory, const Element& e, uint32_t rows, uint32_t columns) {
            for (uint32_t i = 0; i < rows; ++i) {
                for (uint32_t j = 0; j < columns; ++j) {
                    memory.put(i, j, small(e));
                }
            }
        };
        fill(a, p.a, p.rows, p.inner);
        fill(b, p.b, p.inner, p.columns);
        fill(c, p.c, p.rows, p.columns);
        ASSERT_NO_THROW(program->run(32, args)) << what;
        for (uint32_t i = 0; i < p.rows; ++i) {
            for (uint32_t j = 0; j < p.columns; ++j) {
                double sum = c.get(i, j);
                for (uint32_t k = 0; k < p.inner; ++k) {
                    sum += a.get(i, k) * b.get(k, j);
                }
                Memory rounded(p, p.c, p.rows, p.columns);
                rounded.grow();
                rounded.put(i, j, sum);
                ASSERT_EQ(d.get(i, j), rounded.get(i, j)) << what << " row " << i << " column " << j;
            }
        }
    }
}

} // namespace

TEST(NvptxMatrix, HalvesOnTensorCores) {
    check({16, 16, 16, kHalf, kHalf, kFloat}, 80, 2);
    check({16, 16, 16, kHalf, kHalf, kFloat}, 75, 4);
    check({16, 16, 16, kHalf, kHalf, kHalf}, 90, 2);
    check({16, 8, 16, kHalf, kHalf, kFloat, true}, 80, 1);
    check({16, 8, 8, kHalf, kHalf, kFloat}, 80, 1);
    check({16, 8, 24, kHalf, kHalf, kFloat}, 80, 2);
    check({32, 8, 16, kHalf, kHalf, kFloat}, 80, 2);
    check({8, 32, 16, kHalf, kHalf, kFloat}, 80, 2);
    check({8, 32, 16, kHalf, kHalf, kFloat, true, 0, 3}, 80, 2);
    check({8, 8, 16, kHalf, kHalf, kFloat}, 80, 1);
    check({24, 24, 16, kHalf, kHalf, kFloat}, 80, 6);
    check({64, 64, 32, kHalf, kHalf, kFloat}, 80, 64);
}

TEST(NvptxMatrix, BfloatsOnTensorCores) {
    check({16, 16, 16, kBfloat, kBfloat, kFloat, false, 0, 8}, 80, 2);
    check({16, 16, 16, kBfloat, kBfloat, kBfloat}, 90, 2);
    check({16, 16, 16, kBfloat, kBfloat, kFloat}, 75, 0);
}

// A kernel that loads from workgroup memory at an offset of `offset` bytes, with lines `stride` bytes apart.
std::string loadFromWorkgroup(const char* type, const char* suffix, uint32_t use, uint32_t layout, uint32_t offset,
                              uint32_t stride) {
    const auto number = [](uint64_t value) { return std::to_string(value); };
    const std::string vector = std::string("<8 x ") + type + ">";
    const std::string name = std::string("@hy.matrix.load.v8") + suffix + ".p3";
    const std::string store = std::string("@hy.matrix.store.v8") + suffix + ".p1";
    const std::string rest = ", i32, i32, i32, i32, i32, i32) #2\n";
    return kirText("define void @k(ptr addrspace(1) %a) #0 {\n  %x = call " + vector + " " + name +
                       "(ptr addrspace(3) getelementptr (i8, ptr addrspace(3) @tile, i64 " + number(offset) +
                       "), i64 " + number(stride) + ", i32 16, i32 16, i32 " + number(layout) + ", i32 2, i32 0, i32 " +
                       number(use) + ")\n  call void " + store + "(ptr addrspace(1) %a, i64 32, " + vector +
                       " %x, i32 16, i32 16, i32 0, i32 2, i32 0, i32 " + number(use) + ")\n  ret void\n}\n",
                   "@tile = internal addrspace(3) global [8192 x i8] undef, align 16\ndeclare " + vector + " " + name +
                       "(ptr addrspace(3), i64" + rest + "declare void " + store + "(ptr addrspace(1), i64, " + vector +
                       rest);
}

TEST(NvptxMatrix, FragmentsComeFromWorkgroupMemoryByLdmatrix) {
    const Lowering lowering{.workgroupSize = {32, 1, 1}, .sm = 80};
    for (const uint32_t use : {0u, 1u}) {
        for (const uint32_t layout : {0u, 1u}) {
            const std::string code = ptx(loadFromWorkgroup("bfloat", "bf16", use, layout, 32, 80), lowering);
            // A by rows and B by columns lie as the lanes hold them.
            EXPECT_EQ(count(code, "ldmatrix.sync.aligned.m8n8.x4.shared.b16"), use == layout ? 1u : 0u) << code;
            EXPECT_EQ(count(code, "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16"), use == layout ? 0u : 1u) << code;
            EXPECT_EQ(count(code, "ld.shared"), 0u) << "nothing is left of the way for other alignments";
            if (hasPtxas()) {
                EXPECT_EQ(assemble(code, 80), "");
            }
        }
    }
}

TEST(NvptxMatrix, NoLdmatrixWhereLinesAreNotAlignedOrTheProcessorHasNone) {
    const Lowering lowering{.workgroupSize = {32, 1, 1}, .sm = 80};
    EXPECT_EQ(count(ptx(loadFromWorkgroup("half", "f16", 0, 0, 4, 80), lowering), "ldmatrix"), 0u);
    EXPECT_EQ(count(ptx(loadFromWorkgroup("half", "f16", 0, 0, 0, 72), lowering), "ldmatrix"), 0u);
    const Lowering old{.workgroupSize = {32, 1, 1}, .sm = 70};
    EXPECT_EQ(count(ptx(loadFromWorkgroup("half", "f16", 0, 0, 0, 80), old), "ldmatrix"), 0u);
}

TEST(NvptxMatrix, BytesOnTensorCores) {
    check({16, 16, 32, kS8, kS8, kS32}, 80, 2);
    check({16, 16, 16, kS8, kS8, kS32}, 80, 2);
    check({16, 8, 48, kU8, kS8, kS32}, 80, 2);
    check({8, 16, 32, kU8, kS8, kS32, true}, 80, 1);
    check({16, 16, 16, kS8, kU8, kS32}, 75, 4);
    check({8, 32, 16, kS8, kU8, kS32}, 75, 4);
    check({16, 8, 8, kU8, kU8, kS32}, 80, 1);
}

TEST(NvptxMatrix, OtherTypesAndOldProcessorsWithShuffles) {
    check({16, 16, 16, kFloat, kFloat, kFloat}, 80, 0);
    check({8, 32, 16, kFloat, kFloat, kFloat, true}, 80, 0);
    check({8, 16, 8, kDouble, kDouble, kDouble, false, 0, 1}, 80, 0);
    check({16, 16, 16, kHalf, kHalf, kFloat}, 70, 0);
    check({16, 16, 16, kS8, kS8, kS32}, 70, 0);
}

TEST(NvptxMatrix, OddSizes) {
    check({5, 7, 3, kFloat, kFloat, kFloat}, 80, 0);
    check({8, 8, 5, kHalf, kHalf, kFloat, true}, 80, 0);
    check({3, 16, 8, kS8, kS8, kS32}, 80, 0);
    check({16, 16, 2, kDouble, kDouble, kDouble}, 80, 0);
}

// The rounding of the sum: one fused multiply-add after the other, in 32 bits.
TEST(NvptxMatrix, ShufflesAddInOrder) {
    const Product p{8, 8, 16, kFloat, kFloat, kFloat};
    const auto program = machine(kir(p), {.workgroupSize = {32, 1, 1}});
    std::vector<float> a(8 * 16), b(16 * 8), c(64), d(64);
    std::mt19937 random(5);
    for (std::vector<float>* values : {&a, &b, &c}) {
        for (float& value : *values) {
            value = std::ldexp(1.0f + float(random() % 4096) / 4097.0f, int(random() % 30) - 15) *
                    (random() % 2 != 0 ? 1.0f : -1.0f);
        }
    }
    program->run(32, {uint64_t(a.data()), uint64_t(b.data()), uint64_t(c.data()), uint64_t(d.data())});
    for (uint32_t i = 0; i < 8; ++i) {
        for (uint32_t j = 0; j < 8; ++j) {
            float sum = c[i * 8 + j];
            for (uint32_t k = 0; k < 16; ++k) {
                sum = std::fma(a[i * 16 + k], b[k * 8 + j], sum);
            }
            ASSERT_EQ(d[i * 8 + j], sum);
        }
    }
}

TEST(NvptxMatrix, SaturatesAtTheEndOnly) {
    const Product p{16, 8, 32, kU8, kU8, kS32, false, spv::kMatrixSaturating};
    const auto program = machine(kir(p), {.workgroupSize = {32, 1, 1}});
    std::vector<uint8_t> a(16 * 32, 255), b(32 * 8, 255);
    std::vector<int32_t> c(16 * 8), d(16 * 8);
    for (uint32_t i = 0; i < c.size(); ++i) {
        c[i] = i % 2 == 0 ? INT32_MAX - 5 : -7;
    }
    program->run(32, {uint64_t(a.data()), uint64_t(b.data()), uint64_t(c.data()), uint64_t(d.data())});
    for (uint32_t i = 0; i < c.size(); ++i) {
        EXPECT_EQ(d[i], i % 2 == 0 ? INT32_MAX : 32 * 255 * 255 - 7);
    }
}

TEST(NvptxMatrix, EveryListedFormUsesMatrixInstructions) {
    EXPECT_EQ(ptxMatrixFormCount(70, 87), 0u);
    EXPECT_EQ(ptxMatrixFormCount(75, 64), 0u);
    EXPECT_EQ(ptxMatrixFormCount(75, 65), 30u);
    EXPECT_EQ(ptxMatrixFormCount(80, 70), 40u);
    for (const uint32_t sm : {75u, 80u, 90u}) {
        const Lowering lowering{.workgroupSize = {32, 1, 1}, .sm = sm};
        HyCooperativeMatrixInfo form{};
        for (uint32_t i = 0; ptxMatrixForm(sm, sm >= 80 ? 70 : 65, i, form); ++i) {
            const auto element = [](HyComponentType type) {
                return type == HY_COMPONENT_FLOAT16    ? kHalf
                       : type == HY_COMPONENT_BFLOAT16 ? kBfloat
                       : type == HY_COMPONENT_FLOAT32  ? kFloat
                       : type == HY_COMPONENT_INT8     ? kS8
                       : type == HY_COMPONENT_UINT8    ? kU8
                                                       : kS32;
            };
            Product product{form.m, form.n, form.k, element(form.a), element(form.b), element(form.c)};
            product.flags = form.saturating != 0 ? spv::kMatrixSaturating : 0;
            EXPECT_GT(count(ptx(kir(product), lowering), "mma.sync"), 0u) << i;
        }
    }
}

TEST(NvptxMatrix, WhatCannotBeComputedIsRefusedInWords) {
    const auto message = [](const Product& p, uint32_t items) -> std::string {
        try {
            machine(kir(p), {.workgroupSize = {items, 1, 1}});
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_NE(message({60, 60, 60, kFloat, kFloat, kFloat}, 32).find("60 x 60"), std::string::npos);
    EXPECT_NE(message({16, 16, 16, kHalf, kHalf, kFloat}, 48).find("48 invocations"), std::string::npos);
}

} // namespace halyard::jit::nvptx::test
