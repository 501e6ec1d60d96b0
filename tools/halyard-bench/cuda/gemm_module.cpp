#include "cuda/gemm_module.h"

#include "builder/kernel.h"

#include <array>
#include <functional>

namespace halyard::bench::cuda {
namespace {

using namespace spirvtest;

constexpr uint32_t kUnit = 8;      // elements that 16 bytes hold, what is moved at once
constexpr uint32_t kWarpTile = 64; // a subgroup makes 64 x 64: four subgroups a workgroup
constexpr uint32_t kFragments = kWarpTile / kGemmFragment;
// Lines in workgroup memory, in units. An odd number: eight lines begin in eight different groups of four banks.
constexpr uint32_t kLineA = kGemmDepth / kUnit + 1;
constexpr uint32_t kLineB = kGemmTile / kUnit + 1;
constexpr uint32_t kBufferA = kGemmTile * kLineA;
constexpr uint32_t kBufferB = kGemmDepth * kLineB;
constexpr uint32_t kMoves = kGemmTile * kGemmDepth / kUnit / kGemmGroup; // units of each tile that an invocation moves
constexpr uint32_t kPanel = 8; // tiles: workgroups that run together share rows of A and columns of B
constexpr uint32_t kUseA = 0, kUseB = 1, kUseAccumulator = 2, kRowMajor = 0;

class Gemm {
public:
    Words write() {
        m_.extension("SPV_KHR_cooperative_matrix");
        m_.extension("SPV_KHR_bfloat16");
        m_.capability(Capability::CooperativeMatrixKHR);
        m_.capability(Capability::BFloat16TypeKHR);
        m_.capability(Capability::BFloat16CooperativeMatrixKHR);
        const Id bfloat = m_.opaqueType(Op::TypeFloat, {16, 0});
        a_ = matrixType(bfloat, kUseA);
        b_ = matrixType(bfloat, kUseB);
        c_ = matrixType(m_.floatType(32), kUseAccumulator);
        sharedA_ = shared(2 * kBufferA);
        sharedB_ = shared(2 * kBufferB);
        const Id inner = m_.value(Op::UDiv, u32_, {kernel_.extra(0), m_.u32(kGemmDepth)});
        place();
        for (Id& sum : sums_) {
            sum = m_.localVariable(c_);
            m_.op(Op::Store, {sum, m_.null(c_)});
        }
        keep(fetch(m_.u32(0)), m_.u32(0));
        barrier();
        const Id last = sub(inner, m_.u32(1));
        repeat(inner, [&](Id step) {
            // The last round fetches its own part again, which nobody reads.
            const Id isLast = m_.value(Op::IEqual, m_.boolType(), {step, last});
            const Fetched next = fetch(m_.value(Op::Select, u32_, {isLast, step, add(step, m_.u32(1))}));
            const Id half = bitAnd(step, 1);
            multiply(half);
            keep(next, sub(m_.u32(1), half));
            barrier();
        });
        finish();
        return m_.words();
    }

private:
    using Fetched = std::array<std::array<Id, kMoves>, 2>;

    Id add(Id x, Id y) { return m_.value(Op::IAdd, u32_, {x, y}); }
    Id sub(Id x, Id y) { return m_.value(Op::ISub, u32_, {x, y}); }
    Id mul(Id x, uint32_t y) { return m_.value(Op::IMul, u32_, {x, m_.u32(y)}); }
    Id div(Id x, uint32_t y) { return m_.value(Op::UDiv, u32_, {x, m_.u32(y)}); }
    Id bitAnd(Id x, uint32_t y) { return m_.value(Op::BitwiseAnd, u32_, {x, m_.u32(y)}); }
    Id plus(Id x, uint32_t y) { return y == 0 ? x : add(x, m_.u32(y)); }
    Id wide(Id x) { return m_.value(Op::UConvert, kernel_.indexType(), {x}); }
    Id wideProduct(Id x, Id y) { return m_.value(Op::IMul, kernel_.indexType(), {wide(x), wide(y)}); }
    Id wideSum(Id x, Id y) { return m_.value(Op::IAdd, kernel_.indexType(), {x, y}); }

    Id matrixType(Id element, uint32_t use) {
        return m_.opaqueType(Op::TypeCooperativeMatrixKHR, {element, m_.scope(Scope::Subgroup), m_.u32(kGemmFragment),
                                                            m_.u32(kGemmFragment), m_.u32(use)});
    }
    Id shared(uint32_t units) {
        return m_.globalVariable(m_.pointerType(Storage::Workgroup, m_.arrayType(unit_, units)));
    }
    Id sharedAt(Id array, Id index) {
        return m_.value(Op::InBoundsAccessChain, m_.pointerType(Storage::Workgroup, unit_), {array, index});
    }
    void barrier() {
        constexpr uint32_t kWorkgroupAcquireRelease = 0x108;
        m_.op(Op::ControlBarrier,
              {m_.scope(Scope::Workgroup), m_.scope(Scope::Workgroup), m_.u32(kWorkgroupAcquireRelease)});
    }
    void repeat(Id count, const std::function<void(Id)>& body) {
        const Id counter = m_.localVariable(u32_);
        m_.op(Op::Store, {counter, m_.u32(0)});
        const Id header = m_.newId(), work = m_.newId(), next = m_.newId(), done = m_.newId();
        m_.op(Op::Branch, {header});
        m_.label(header);
        const Id index = m_.value(Op::Load, u32_, {counter});
        const Id more = m_.value(Op::ULessThan, m_.boolType(), {index, count});
        m_.op(Op::LoopMerge, {done, next, 0});
        m_.op(Op::BranchConditional, {more, work, done});
        m_.label(work);
        body(index);
        m_.op(Op::Branch, {next});
        m_.label(next);
        m_.op(Op::Store, {counter, add(index, m_.u32(1))});
        m_.op(Op::Branch, {header});
        m_.label(done);
    }

    // Which tile, and which parts of it this invocation moves and this subgroup makes.
    void place() {
        const Id n = kernel_.extra(0);
        const Id tiles = div(n, kGemmTile);
        const Id group = m_.value(Op::UConvert, u32_, {kernel_.workgroupId()});
        const Id panelSize = mul(tiles, kPanel);
        const Id first = mul(m_.value(Op::UDiv, u32_, {group, panelSize}), kPanel);
        const Id inPanel = m_.value(Op::UMod, u32_, {group, panelSize});
        const Id left = sub(tiles, first);
        const Id isShort = m_.value(Op::ULessThan, m_.boolType(), {left, m_.u32(kPanel)});
        const Id height = m_.value(Op::Select, u32_, {isShort, left, m_.u32(kPanel)});
        row_ = mul(add(first, m_.value(Op::UMod, u32_, {inPanel, height})), kGemmTile);
        column_ = mul(m_.value(Op::UDiv, u32_, {inPanel, height}), kGemmTile);
        const Id item = m_.value(Op::UConvert, u32_, {kernel_.localId()});
        line_ = {div(item, kGemmDepth / kUnit), div(item, kGemmTile / kUnit)};
        unitInLine_ = {bitAnd(item, kGemmDepth / kUnit - 1), bitAnd(item, kGemmTile / kUnit - 1)};
        const Id warp = kernel_.scalar(BuiltIn::SubgroupId);
        warpRow_ = mul(div(warp, kGemmTile / kWarpTile), kWarpTile);
        warpColumn_ = mul(bitAnd(warp, kGemmTile / kWarpTile - 1), kWarpTile);
        units_ = div(n, kUnit); // a line of A or B
        startA_ = wideSum(wideProduct(add(row_, line_[0]), units_), wide(unitInLine_[0]));
        startB_ = wideSum(wideProduct(line_[1], units_), wide(add(div(column_, kUnit), unitInLine_[1])));
    }

    // The lines that the same invocation moves are so far from each other.
    static constexpr uint32_t kStepA = kGemmGroup / (kGemmDepth / kUnit);
    static constexpr uint32_t kStepB = kGemmGroup / (kGemmTile / kUnit);

    // This invocation's units of part `step` of the inner dimension.
    Fetched fetch(Id step) {
        const Id a = wideSum(startA_, wide(mul(step, kGemmDepth / kUnit)));
        const Id b = wideSum(startB_, wideProduct(mul(step, kGemmDepth), units_));
        Fetched fetched{};
        for (uint32_t i = 0; i < kMoves; ++i) {
            fetched[0][i] = kernel_.load(0, wideSum(a, wideProduct(m_.u32(i * kStepA), units_)));
            fetched[1][i] = kernel_.load(1, wideSum(b, wideProduct(m_.u32(i * kStepB), units_)));
        }
        return fetched;
    }
    void keep(const Fetched& fetched, Id half) {
        const Id a = add(mul(half, kBufferA), add(mul(line_[0], kLineA), unitInLine_[0]));
        const Id b = add(mul(half, kBufferB), add(mul(line_[1], kLineB), unitInLine_[1]));
        for (uint32_t i = 0; i < kMoves; ++i) {
            m_.op(Op::Store, {sharedAt(sharedA_, plus(a, i * kStepA * kLineA)), fetched[0][i]});
            m_.op(Op::Store, {sharedAt(sharedB_, plus(b, i * kStepB * kLineB)), fetched[1][i]});
        }
    }

    void multiply(Id half) {
        const Id a = add(mul(half, kBufferA), mul(warpRow_, kLineA));
        const Id b = add(mul(half, kBufferB), div(warpColumn_, kUnit));
        for (uint32_t k = 0; k < kGemmDepth; k += kGemmFragment) {
            std::array<Id, kFragments> left{}, right{};
            for (uint32_t i = 0; i < kFragments; ++i) {
                const Id atA = sharedAt(sharedA_, plus(a, i * kGemmFragment * kLineA + k / kUnit));
                const Id atB = sharedAt(sharedB_, plus(b, k * kLineB + i * kGemmFragment / kUnit));
                left[i] = m_.value(Op::CooperativeMatrixLoadKHR, a_, {atA, m_.u32(kRowMajor), m_.u32(kLineA)});
                right[i] = m_.value(Op::CooperativeMatrixLoadKHR, b_, {atB, m_.u32(kRowMajor), m_.u32(kLineB)});
            }
            for (uint32_t i = 0; i < kFragments; ++i) {
                for (uint32_t j = 0; j < kFragments; ++j) {
                    const Id sum = sums_[i * kFragments + j];
                    const Id before = m_.value(Op::Load, c_, {sum});
                    m_.op(Op::Store, {sum, m_.value(Op::CooperativeMatrixMulAddKHR, c_, {left[i], right[j], before})});
                }
            }
        }
    }

    void finish() {
        const Id n = kernel_.extra(0);
        for (uint32_t i = 0; i < kFragments; ++i) {
            for (uint32_t j = 0; j < kFragments; ++j) {
                const Id row = plus(add(row_, warpRow_), i * kGemmFragment);
                const Id column = plus(add(column_, warpColumn_), j * kGemmFragment);
                const Id to = kernel_.pointer(2, wideSum(wideProduct(row, n), wide(column)));
                m_.op(Op::CooperativeMatrixStoreKHR,
                      {to, m_.value(Op::Load, c_, {sums_[i * kFragments + j]}), m_.u32(kRowMajor), n});
            }
        }
        kernel_.finish();
    }

    Module m_{Flavour::Kernel};
    const Id u32_ = m_.intType(32);
    const Id unit_ = m_.vectorType(u32_, 4);
    Kernel kernel_{m_, "gemm", {unit_, unit_, m_.floatType(32)}, {kGemmGroup, 1, 1}, {u32_}};
    Id a_ = 0, b_ = 0, c_ = 0, sharedA_ = 0, sharedB_ = 0;
    Id row_ = 0, column_ = 0, warpRow_ = 0, warpColumn_ = 0, units_ = 0, startA_ = 0, startB_ = 0;
    std::array<Id, 2> line_{}, unitInLine_{}; // of A, of B
    std::array<Id, kFragments * kFragments> sums_{};
};

} // namespace

std::vector<uint32_t> gemmModule() {
    return Gemm().write();
}

} // namespace halyard::bench::cuda
