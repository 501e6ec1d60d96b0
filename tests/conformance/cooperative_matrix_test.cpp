// Cooperative matrices as a program uses them: matrix products in tiles, a tile a subgroup.
#include "builder/kernel.h"
#include "fixture.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>

using namespace halyard::conformance;
using namespace halyard::spirvtest;

namespace {

constexpr uint32_t kTile = 16, kM = 48, kN = 64, kK = 80;
constexpr uint32_t kGroup = 128; // invocations: whole subgroups of every size
constexpr uint32_t kUseA = 0, kUseB = 1, kUseAccumulator = 2;
constexpr uint32_t kAllSigned = 15;

// for (i = 0; i < count; ++i) body(i). `i` is u32.
void repeat(Module& m, Id count, const std::function<void(Id)>& body) {
    const Id u32 = m.intType(32), counter = m.localVariable(u32, m.u32(0));
    const Id header = m.newId(), work = m.newId(), next = m.newId(), done = m.newId();
    m.op(Op::Branch, {header});
    m.label(header);
    const Id index = m.value(Op::Load, u32, {counter});
    const Id more = m.value(Op::ULessThan, m.boolType(), {index, count});
    m.op(Op::LoopMerge, {done, next, 0});
    m.op(Op::BranchConditional, {more, work, done});
    m.label(work);
    body(index);
    m.op(Op::Branch, {next});
    m.label(next);
    m.op(Op::Store, {counter, m.value(Op::IAdd, u32, {index, m.u32(1)})});
    m.op(Op::Branch, {header});
    m.label(done);
}

// The types of a product: of the buffers, and of the matrices, which differ for bfloat16.
struct Types {
    std::function<Id(Module&)> stored, held, sum;
};

Id matrixType(Module& m, Id element, uint32_t use, uint32_t rows = kTile, uint32_t columns = kTile,
              Scope scope = Scope::Subgroup) {
    return m.opaqueType(Op::TypeCooperativeMatrixKHR,
                        {element, m.scope(scope), m.u32(rows), m.u32(columns), m.u32(use)});
}

void begin(Module& m) {
    m.extension("SPV_KHR_cooperative_matrix");
    m.capability(Capability::CooperativeMatrixKHR);
}

// C += A * B, row-major: subgroup after subgroup takes a tile of C, and those that are left over have nothing to do.
Words gemm(Flavour flavour, const Types& types, uint32_t operands) {
    Module m(flavour);
    begin(m);
    if (flavour == Flavour::GLCompute) {
        m.capability(Capability::GroupNonUniform);
    }
    const Id stored = types.stored(m), sum = types.sum(m), u32 = m.intType(32);
    Kernel k(m, "gemm", {stored, stored, sum}, {kGroup, 1, 1});
    const Id a = matrixType(m, types.held(m), kUseA), b = matrixType(m, types.held(m), kUseB);
    const Id c = matrixType(m, sum, kUseAccumulator);
    const auto u = [&](Op op, Id x, Id y) { return m.value(op, u32, {x, y}); };
    const auto pointer = [&](uint32_t buffer, Id row, Id column, uint32_t columns) {
        const Id index = u(Op::IAdd, u(Op::IMul, row, m.u32(columns)), column);
        return k.pointer(buffer, flavour == Flavour::Kernel ? m.value(Op::UConvert, k.indexType(), {index}) : index);
    };
    Id group = k.workgroupId();
    group = flavour == Flavour::Kernel ? m.value(Op::UConvert, u32, {group}) : group;
    const Id tile = u(Op::IAdd, u(Op::IMul, group, k.scalar(BuiltIn::NumSubgroups)), k.scalar(BuiltIn::SubgroupId));
    const Id row = u(Op::IMul, u(Op::UDiv, tile, m.u32(kN / kTile)), m.u32(kTile));
    const Id column = u(Op::IMul, u(Op::UMod, tile, m.u32(kN / kTile)), m.u32(kTile));
    const Id isOurs = m.value(Op::ULessThan, m.boolType(), {tile, m.u32(kM / kTile * (kN / kTile))});
    const Id work = m.newId(), done = m.newId();
    const Id total = m.localVariable(c);
    m.op(Op::SelectionMerge, {done, 0});
    m.op(Op::BranchConditional, {isOurs, work, done});
    m.label(work);
    const Id out = pointer(2, row, column, kN);
    const Id rowMajor = m.u32(0);
    m.op(Op::Store, {total, m.value(Op::CooperativeMatrixLoadKHR, c, {out, rowMajor, m.u32(kN)})});
    repeat(m, m.u32(kK / kTile), [&](Id step) {
        const Id inner = u(Op::IMul, step, m.u32(kTile));
        const Id left = m.value(Op::CooperativeMatrixLoadKHR, a, {pointer(0, row, inner, kK), rowMajor, m.u32(kK)});
        const Id right = m.value(Op::CooperativeMatrixLoadKHR, b, {pointer(1, inner, column, kN), rowMajor, m.u32(kN)});
        const Id before = m.value(Op::Load, c, {total});
        m.op(Op::Store, {total, m.value(Op::CooperativeMatrixMulAddKHR, c, {left, right, before, operands})});
    });
    m.op(Op::CooperativeMatrixStoreKHR, {out, m.value(Op::Load, c, {total}), rowMajor, m.u32(kN)});
    m.op(Op::Branch, {done});
    m.label(done);
    k.finish();
    return m.words();
}

Id componentType(Module& m, HyComponentType component) {
    switch (component) {
    case HY_COMPONENT_FLOAT16:
        return m.floatType(16);
    case HY_COMPONENT_FLOAT32:
        return m.floatType(32);
    case HY_COMPONENT_BFLOAT16:
        m.extension("SPV_KHR_bfloat16");
        m.capability(Capability::BFloat16TypeKHR);
        m.capability(Capability::BFloat16CooperativeMatrixKHR);
        return m.opaqueType(Op::TypeFloat, {16, 0});
    case HY_COMPONENT_INT8:
    case HY_COMPONENT_UINT8:
        return m.intType(8);
    default:
        return m.intType(32);
    }
}

bool isSigned(HyComponentType component) {
    return component == HY_COMPONENT_INT8 || component == HY_COMPONENT_INT32;
}

// Bytes of a component, and the bits of a small power of two in it.
uint32_t componentBytes(HyComponentType component) {
    if (component == HY_COMPONENT_INT8 || component == HY_COMPONENT_UINT8)
        return 1;
    return component == HY_COMPONENT_FLOAT16 || component == HY_COMPONENT_BFLOAT16 ? 2 : 4;
}
uint32_t bitsOf(HyComponentType component, uint32_t powerOfTwo) {
    const auto exponent = static_cast<uint32_t>(std::countr_zero(powerOfTwo));
    switch (component) {
    case HY_COMPONENT_FLOAT16:
        return (15 + exponent) << 10;
    case HY_COMPONENT_BFLOAT16:
        return (127 + exponent) << 7;
    case HY_COMPONENT_FLOAT32:
        return (127 + exponent) << 23;
    default:
        return powerOfTwo;
    }
}

// out = a * b + c, by every subgroup.
Words product(const HyCooperativeMatrixInfo& form) {
    Module m(Flavour::Kernel);
    begin(m);
    const auto stored = [&](HyComponentType component) {
        return component == HY_COMPONENT_BFLOAT16 ? m.intType(16) : componentType(m, component);
    };
    Kernel k(m, "k", {stored(form.a), stored(form.b), stored(form.c), stored(form.result)}, {kGroup, 1, 1});
    const auto load = [&](uint32_t buffer, HyComponentType component, uint32_t use, uint32_t rows, uint32_t columns) {
        const Id type = matrixType(m, componentType(m, component), use, rows, columns);
        return m.value(Op::CooperativeMatrixLoadKHR, type,
                       {k.pointer(buffer, k.indexConstant(0)), m.u32(0), m.u32(columns)});
    };
    const Id a = load(0, form.a, kUseA, form.m, form.k), b = load(1, form.b, kUseB, form.k, form.n);
    const Id c = load(2, form.c, kUseAccumulator, form.m, form.n);
    const uint32_t operands = (isSigned(form.a) ? 1 : 0) | (isSigned(form.b) ? 2 : 0) | (isSigned(form.c) ? 4 : 0) |
                              (isSigned(form.result) ? 8 : 0) | (form.saturating != 0 ? 16 : 0);
    const Id type = matrixType(m, componentType(m, form.result), kUseAccumulator, form.m, form.n);
    const Id out = m.value(Op::CooperativeMatrixMulAddKHR, type, {a, b, c, operands});
    m.op(Op::CooperativeMatrixStoreKHR, {k.pointer(3, k.indexConstant(0)), out, m.u32(0), m.u32(form.n)});
    k.finish();
    return m.words();
}

uint16_t toBfloat(float value) { // exact for what the tests use
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<uint16_t>(bits >> 16);
}
float fromBfloat(uint16_t bits) {
    const uint32_t wide = uint32_t{bits} << 16;
    float value = 0;
    std::memcpy(&value, &wide, sizeof value);
    return value;
}

} // namespace

class CooperativeMatrix : public DeviceTest {
protected:
    // A number for each place, without a pattern.
    static int32_t small(uint32_t seed) { return static_cast<int32_t>(seed * 2654435761U >> 24) - 128; }

    template <typename In, typename Sum>
    void checkGemm(Flavour flavour, const Types& types, uint32_t operands, std::function<In(int32_t)> input,
                   std::function<Sum(In, In, Sum)> step) {
        std::vector<In> a(kM * kK), b(kK * kN);
        std::vector<Sum> c(kM * kN);
        for (uint32_t i = 0; i < a.size(); ++i)
            a[i] = input(small(i));
        for (uint32_t i = 0; i < b.size(); ++i)
            b[i] = input(small(i + 77777));
        for (uint32_t i = 0; i < c.size(); ++i)
            c[i] = static_cast<Sum>(small(i + 5555));
        std::vector<Sum> expected = c;
        for (uint32_t i = 0; i < kM; ++i)
            for (uint32_t j = 0; j < kN; ++j)
                for (uint32_t k = 0; k < kK; ++k)
                    expected[i * kN + j] = step(a[i * kK + k], b[k * kN + j], expected[i * kN + j]);
        const Words words = gemm(flavour, types, operands);
        HyModule module = loadModule(words.data(), words.size() * 4);
        HyKernel kernel = makeKernel(module, "gemm");
        const HyDevicePtr da = upload(a), db = upload(b), dc = upload(c);
        const void* const args[] = {&da, &db, &dc};
        // As many workgroups as tiles: more than enough.
        ASSERT_OK(hyLaunchKernel(stream, kernel, {kM / kTile * (kN / kTile), 1, 1}, {kGroup, 1, 1}, 0, args, 3));
        synchronize();
        EXPECT_EQ(download<Sum>(dc, c.size()), expected);
    }

    // What loading, creating, launching and waiting give: the first failure.
    HyErrorInfo run(const Words& words, uint32_t invocations) {
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = words.data();
        desc.dataBytes = words.size() * 4;
        HyModule module = nullptr;
        HyKernel kernel = nullptr;
        const HyDevicePtr buffer = allocate(1 << 16);
        const void* const args[] = {&buffer};
        hyClearLastError();
        const bool ok = hyModuleLoad(device, &desc, &module) == HY_SUCCESS &&
                        hyKernelCreate(module, "k", &kernel) == HY_SUCCESS &&
                        hyLaunchKernel(stream, kernel, {1, 1, 1}, {invocations, 1, 1}, 0, args, 1) == HY_SUCCESS &&
                        hyStreamSynchronize(stream, kLimitNs) == HY_SUCCESS;
        EXPECT_FALSE(ok);
        return lastError();
    }

    // Loads a matrix and stores it.
    static Words copy(Flavour flavour, Kernel::Size localSize, uint32_t rows, uint32_t columns,
                      Scope scope = Scope::Subgroup) {
        Module m(flavour);
        begin(m);
        Kernel k(m, "k", {m.floatType(32)}, localSize);
        const Id type = matrixType(m, m.floatType(32), kUseA, rows, columns, scope);
        const Id pointer = k.pointer(0, k.indexConstant(0));
        const Id matrix = m.value(Op::CooperativeMatrixLoadKHR, type, {pointer, m.u32(0), m.u32(columns)});
        m.op(Op::CooperativeMatrixStoreKHR, {pointer, matrix, m.u32(0), m.u32(columns)});
        k.finish();
        return m.words();
    }
};

TEST_F(CooperativeMatrix, GemmOfFloats) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_MATRIX);
    const auto f32 = [](Module& m) { return m.floatType(32); };
    for (const Flavour flavour : {Flavour::Kernel, Flavour::GLCompute})
        checkGemm<float, float>(
            flavour, {f32, f32, f32}, 0, [](int32_t x) { return static_cast<float>(x) / 7; },
            [](float x, float y, float sum) { return std::fma(x, y, sum); });
}

TEST_F(CooperativeMatrix, GemmOfBytes) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_MATRIX);
    const auto i8 = [](Module& m) { return m.intType(8); };
    const auto i32 = [](Module& m) { return m.intType(32); };
    for (const Flavour flavour : {Flavour::Kernel, Flavour::GLCompute})
        checkGemm<int8_t, int32_t>(
            flavour, {i8, i8, i32}, kAllSigned, [](int32_t x) { return static_cast<int8_t>(x); },
            [](int8_t x, int8_t y, int32_t sum) { return sum + x * y; });
}

TEST_F(CooperativeMatrix, GemmOfBfloat16) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_MATRIX);
    const auto u16 = [](Module& m) { return m.intType(16); };
    const auto bf16 = [](Module& m) {
        m.extension("SPV_KHR_bfloat16");
        m.capability(Capability::BFloat16TypeKHR);
        m.capability(Capability::BFloat16CooperativeMatrixKHR);
        return m.opaqueType(Op::TypeFloat, {16, 0});
    };
    const auto f32 = [](Module& m) { return m.floatType(32); };
    for (const Flavour flavour : {Flavour::Kernel, Flavour::GLCompute})
        checkGemm<uint16_t, float>(
            flavour, {u16, bf16, f32}, 0, [](int32_t x) { return toBfloat(static_cast<float>(x)); },
            [](uint16_t x, uint16_t y, float sum) { return std::fma(fromBfloat(x), fromBfloat(y), sum); });
}

// Ones times ones plus K: 2 * K everywhere, exactly.
TEST_F(CooperativeMatrix, EveryListedFormRuns) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_MATRIX);
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetCooperativeMatrixCount(device, &count));
    ASSERT_NE(count, 0u);
    for (uint32_t i = 0; i < count; ++i) {
        HyCooperativeMatrixInfo form{};
        form.structSize = sizeof form;
        ASSERT_OK(hyDeviceGetCooperativeMatrix(device, i, &form));
        SCOPED_TRACE(std::to_string(form.m) + "x" + std::to_string(form.n) + "x" + std::to_string(form.k) + " of " +
                     std::to_string(form.a) + " to " + std::to_string(form.result));
        const auto filled = [&](HyComponentType component, uint32_t elements, uint32_t value) {
            const HyDevicePtr buffer = allocate(uint64_t{elements} * componentBytes(component));
            const uint32_t bits = bitsOf(component, value);
            EXPECT_OK(hyMemFillAsync(stream, buffer, &bits, componentBytes(component), elements));
            return buffer;
        };
        const HyDevicePtr a = filled(form.a, form.m * form.k, 1), b = filled(form.b, form.k * form.n, 1);
        const HyDevicePtr c = filled(form.c, form.m * form.n, form.k);
        const uint64_t bytes = uint64_t{form.m} * form.n * componentBytes(form.result);
        const HyDevicePtr out = allocate(bytes);
        const HyDevicePtr wanted = filled(form.result, form.m * form.n, 2 * form.k);
        const Words words = product(form);
        const HyKernel kernel = makeKernel(loadModule(words.data(), words.size() * 4), "k");
        const void* const args[] = {&a, &b, &c, &out};
        ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {kGroup, 1, 1}, 0, args, 4));
        EXPECT_EQ(download<uint8_t>(out, bytes), download<uint8_t>(wanted, bytes));
    }
}

TEST_F(CooperativeMatrix, NeedsWholeSubgroups) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_MATRIX);
    constexpr uint32_t kOdd = 65; // a multiple of no subgroup size above one
    for (const Flavour flavour : {Flavour::Kernel, Flavour::GLCompute}) {
        const HyErrorInfo error = run(copy(flavour, {kOdd, 1, 1}, 8, 8), kOdd);
        EXPECT_NE(std::string(error.message).find("whole subgroups"), std::string::npos) << error.message;
    }
    const HyErrorInfo error = run(copy(Flavour::Kernel, {0, 0, 0}, 8, 8), kOdd);
    EXPECT_EQ(error.code, HY_ERROR_INVALID_LAUNCH_SIZE) << error.message;
    EXPECT_NE(std::string(error.message).find("whole subgroups"), std::string::npos) << error.message;
}

TEST_F(CooperativeMatrix, RefusesOtherScopesAndLargerMatrices) {
    if (!claims(HY_CAP_COOPERATIVE_MATRIX)) {
        const HyErrorInfo refused = run(copy(Flavour::GLCompute, {64, 1, 1}, 8, 8), 64);
        EXPECT_EQ(refused.code, HY_ERROR_UNSUPPORTED_SPIRV) << refused.message;
        EXPECT_STRNE(refused.message, "");
        return;
    }
    HyErrorInfo error = run(copy(Flavour::GLCompute, {64, 1, 1}, 16, 16, Scope::Workgroup), 64);
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(std::string(error.message).find("scope other than the subgroup"), std::string::npos) << error.message;
    error = run(copy(Flavour::GLCompute, {64, 1, 1}, 512, 2), 64);
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(std::string(error.message).find("512 x 2"), std::string::npos) << error.message;
    error = run(copy(Flavour::GLCompute, {64, 1, 1}, 128, 128), 64);
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(std::string(error.message).find("the limit is"), std::string::npos) << error.message;
}
