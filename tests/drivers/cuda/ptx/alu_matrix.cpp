// mma.sync, wmma.mma and movmatrix. How a processor adds up is not specified; here the products are exact, their sum
// and the accumulator are added as doubles, and the result is rounded once, to nearest even. f64 is a chain of fma with
// k ascending; integers wrap, or with .satfinite their whole sum is clamped.
#include "alu_table.h"
#include "half_types.h"
#include "matrix_layout.h"

#include <array>
#include <cmath>
#include <deque>
#include <string>

namespace halyard::softcuda::ptx {

namespace {

struct Product {
    MatrixPart a, b, c, d;
    uint32_t aRegisters = 0, bRegisters = 0, cRegisters = 0, dRegisters = 0;
    bool satFinite = false;
};

constexpr uint32_t kMost = 32 * 64; // elements of a matrix

double decode(Element element, uint64_t bits) {
    switch (element) {
    case Element::F16:
        return valueOf<kHalf>(static_cast<uint32_t>(bits));
    case Element::BF16:
        return valueOf<kBFloat>(static_cast<uint32_t>(bits));
    case Element::TF32: // the lowest 13 bits do not count
        return std::bit_cast<float>(static_cast<uint32_t>(bits) & 0xffffe000);
    case Element::F32:
        return std::bit_cast<float>(static_cast<uint32_t>(bits));
    case Element::F64:
        return std::bit_cast<double>(bits);
    case Element::S8:
        return static_cast<int8_t>(bits);
    case Element::U8:
    case Element::U4:
        return static_cast<double>(bits);
    case Element::S4:
        return static_cast<double>(static_cast<int64_t>(bits ^ 8) - 8);
    case Element::S32:
        return static_cast<int32_t>(bits);
    }
    return 0;
}

uint64_t encode(const Product& product, double value) {
    switch (product.d.element) {
    case Element::F16:
        return roundedTo<Half>(value, Rounding::NearestEven).bits;
    case Element::F32:
        return toLane(canonical(static_cast<float>(value)));
    case Element::F64:
        return toLane(value);
    default: { // S32; sums of products of integers are exact in a double
        const auto sum = static_cast<int64_t>(value);
        if (product.satFinite)
            return static_cast<uint32_t>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
        return static_cast<uint32_t>(sum);
    }
    }
}

void gather(const MatrixPart& part, const uint64_t* const* registers, double* matrix) {
    const uint32_t bits = bitsOf(part.element), pack = perRegister(part.element);
    const uint64_t keep = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        for (uint32_t i = 0; i < part.count(); ++i) {
            const FragmentElement at = elementOf(part, lane, i);
            const uint64_t value = registers[i / pack][lane] >> (i % pack * bits) & keep;
            matrix[at.row * part.columns() + at.column] = decode(part.element, value);
        }
}

void multiply(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const Product& product = *static_cast<const Product*>(data);
    std::array<double, kMost> a, b, c;
    gather(product.a, sources, a.data());
    gather(product.b, sources + product.aRegisters, b.data());
    gather(product.c, sources + product.aRegisters + product.bRegisters, c.data());
    const Shape& shape = product.a.shape;
    const bool chained = product.d.element == Element::F64;
    for (uint32_t row = 0; row < shape.m; ++row)
        for (uint32_t column = 0; column < shape.n; ++column) {
            double& result = c[row * shape.n + column];
            double sum = chained ? result : 0;
            for (uint32_t i = 0; i < shape.k; ++i) {
                const double left = a[row * shape.k + i], right = b[i * shape.n + column];
                sum = chained ? std::fma(left, right, sum) : sum + left * right;
            }
            result = chained ? sum : sum + result;
        }
    const uint32_t bits = bitsOf(product.d.element), pack = perRegister(product.d.element);
    for (uint32_t reg = 0; reg < product.dRegisters; ++reg) {
        Lanes values;
        for (uint32_t lane = 0; lane < kWarp; ++lane) {
            values[lane] = 0;
            for (uint32_t i = 0; i < pack; ++i) {
                const FragmentElement at = elementOf(product.d, lane, reg * pack + i);
                values[lane] |= encode(product, c[at.row * shape.n + at.column]) << (i * bits);
            }
        }
        storeLanes(destinations[reg], values, mask);
    }
}

// Lane 4 * r + c / 2 holds elements c and c + 1 of row r; afterwards of column r.
void transpose(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t column = lane / 4, row = lane % 4 * 2;
        const auto element = [&](uint32_t r) { return sources[0][r * 4 + column / 2] >> (column % 2 * 16) & 0xffff; };
        result[lane] = element(row) | element(row + 1) << 16;
    }
    storeLanes(destinations[0], result, mask);
}

const char* nameOf(Element element) {
    constexpr const char* names[] = {"f16", "bf16", "tf32", "f32", "f64", "s8", "u8", "s4", "u4", "s32"};
    return names[static_cast<uint32_t>(element)];
}
std::string nameOf(const Shape& shape) {
    return "m" + std::to_string(shape.m) + "n" + std::to_string(shape.n) + "k" + std::to_string(shape.k);
}

struct Types {
    Element a, b, c, d;
};

Product productOf(const Shape& shape, const Types& types) {
    Product product;
    product.a = {Use::A, shape, types.a};
    product.b = {Use::B, shape, types.b};
    product.c = {Use::Accumulator, shape, types.c};
    product.d = {Use::Accumulator, shape, types.d};
    return product;
}

void add(AluTable& table, const std::string& form, Product product, uint32_t (*elements)(const MatrixPart&)) {
    const auto registers = [&](const MatrixPart& part) { return elements(part) / perRegister(part.element); };
    product.aRegisters = registers(product.a);
    product.bRegisters = registers(product.b);
    product.cRegisters = registers(product.c);
    product.dRegisters = registers(product.d);
    // They live as long as the table, which is built once.
    static std::deque<Product> products;
    products.push_back(product);
    Alu alu;
    alu.run = multiply;
    alu.data = &products.back();
    alu.destinations = static_cast<uint8_t>(product.dRegisters);
    alu.sources = static_cast<uint8_t>(product.aRegisters + product.bRegisters + product.cRegisters);
    table.add(form, alu);
}

std::string typeNames(const Types& types) {
    return std::string(".") + nameOf(types.d) + "." + nameOf(types.a) + "." + nameOf(types.b) + "." + nameOf(types.c);
}

void addMma(AluTable& table, const Shape& shape, const Types& types, bool clamps = false) {
    const std::string prefix = "mma.sync.aligned." + nameOf(shape) + ".row.col";
    Product product = productOf(shape, types);
    const auto elements = [](const MatrixPart& part) { return part.count(); };
    add(table, prefix + typeNames(types), product, elements);
    if (clamps) {
        product.satFinite = true;
        add(table, prefix + ".satfinite" + typeNames(types), product, elements);
    }
}

// The layouts of a wmma.mma are those of its loads, and change nothing here.
void addWmma(AluTable& table, const Shape& shape, const Types& types, bool clamps = false) {
    for (const char* const layout : {".row.row.", ".row.col.", ".col.row.", ".col.col."}) {
        const std::string prefix = std::string("wmma.mma.sync.aligned") + layout + nameOf(shape);
        const bool half = types.a == Element::F16;
        const std::string names = half ? std::string(".") + nameOf(types.d) + "." + nameOf(types.c) : typeNames(types);
        Product product = productOf(shape, types);
        add(table, prefix + names, product, wmmaElements);
        if (clamps) {
            product.satFinite = true;
            add(table, prefix + names + ".satfinite", product, wmmaElements);
        }
    }
}

void addIntegerMma(AluTable& table, const Shape& shape, Element s, Element u) {
    for (const Element a : {s, u})
        for (const Element b : {s, u})
            addMma(table, shape, {a, b, Element::S32, Element::S32}, true);
}

} // namespace

void addMatrices(AluTable& table) {
    using enum Element;
    for (const uint32_t k : {8U, 16U}) {
        const Shape shape{16, 8, k};
        addMma(table, shape, {F16, F16, F16, F16});
        addMma(table, shape, {F16, F16, F32, F32});
        addMma(table, shape, {BF16, BF16, F32, F32});
    }
    for (const uint32_t k : {4U, 8U})
        addMma(table, {16, 8, k}, {TF32, TF32, F32, F32});
    addMma(table, {8, 8, 4}, {F64, F64, F64, F64});
    for (const uint32_t k : {4U, 8U, 16U})
        addMma(table, {16, 8, k}, {F64, F64, F64, F64});
    for (const Shape& shape : {Shape{8, 8, 16}, Shape{16, 8, 16}, Shape{16, 8, 32}})
        addIntegerMma(table, shape, S8, U8);
    for (const Shape& shape : {Shape{8, 8, 32}, Shape{16, 8, 32}, Shape{16, 8, 64}})
        addIntegerMma(table, shape, S4, U4);

    for (const char* const name : {"m16n16k16", "m32n8k16", "m8n32k16"}) {
        const Shape shape = wmmaShape(name);
        for (const Element c : {F16, F32})
            for (const Element d : {F16, F32})
                addWmma(table, shape, {F16, F16, c, d});
        addWmma(table, shape, {BF16, BF16, F32, F32});
        addWmma(table, shape, {S8, S8, S32, S32}, true);
        addWmma(table, shape, {U8, U8, S32, S32}, true);
    }
    addWmma(table, {16, 16, 8}, {TF32, TF32, F32, F32});
    addWmma(table, {8, 8, 4}, {F64, F64, F64, F64});

    Alu alu;
    alu.run = transpose;
    alu.destinations = alu.sources = 1;
    table.add("movmatrix.sync.aligned.m8n8.trans.b16", alu);
}

} // namespace halyard::softcuda::ptx
