// Kernels that compute something else: the module's words are changed before they are compiled.
#include "fault.h"
#include "spirv_words.h"

#include <bit>

namespace halyard::faulty {
namespace {

// Opcodes and numbers of the SPIR-V specification.
constexpr uint32_t kOpExtInst = 12;
constexpr uint32_t kOpExecutionMode = 16;
constexpr uint32_t kOpTypeFloat = 22;
constexpr uint32_t kOpConstant = 43;
constexpr uint32_t kOpLoad = 61;
constexpr uint32_t kOpStore = 62;
constexpr uint32_t kOpDecorate = 71;
constexpr uint32_t kOpIAdd = 128;
constexpr uint32_t kOpFMul = 133;
constexpr uint32_t kOpUDiv = 134;
constexpr uint32_t kOpSDiv = 135;
constexpr uint32_t kOpFDiv = 136;
constexpr uint32_t kOpSelect = 169;
constexpr uint32_t kOpULessThan = 176;
constexpr uint32_t kOpSLessThan = 177;
constexpr uint32_t kOpShiftRightLogical = 194;
constexpr uint32_t kOpShiftRightArithmetic = 195;
constexpr uint32_t kOpConvertSToF = 111;
constexpr uint32_t kOpConvertUToF = 112;
constexpr uint32_t kOpUConvert = 113;
constexpr uint32_t kOpSConvert = 114;
constexpr uint32_t kOpFOrdLessThan = 184;
constexpr uint32_t kOpFUnordLessThan = 185;
constexpr uint32_t kOpControlBarrier = 224;
constexpr uint32_t kOpAtomicCompareExchange = 230;
constexpr uint32_t kOpAtomicIAdd = 234;
constexpr uint32_t kOpAtomicISub = 235;
constexpr uint32_t kOpAtomicSMin = 236;
constexpr uint32_t kOpAtomicUMin = 237;
constexpr uint32_t kOpAtomicSMax = 238;
constexpr uint32_t kOpAtomicUMax = 239;
constexpr uint32_t kOpAtomicOr = 241;
constexpr uint32_t kOpAtomicXor = 242;
constexpr uint32_t kOpGroupIAdd = 264;
constexpr uint32_t kOpGroupNonUniformIAdd = 349;
constexpr uint32_t kNoContraction = 42;
constexpr uint32_t kContractionOff = 31;
constexpr uint32_t kClExp = 19;
constexpr uint32_t kClFma = 26;
constexpr uint32_t kClLog = 37;
constexpr uint32_t kClPow = 48;
constexpr uint32_t kClRsqrt = 56;
constexpr uint32_t kClSin = 57;
constexpr uint32_t kClSqrt = 61;
constexpr uint32_t kClFmax = 27;
constexpr uint32_t kClFmin = 28;
constexpr uint32_t kClSAddSat = 143;
constexpr uint32_t kClUAddSat = 144;
constexpr uint32_t kClClz = 151;
constexpr uint32_t kClCtz = 152;
constexpr uint32_t kClSMax = 156;
constexpr uint32_t kClUMax = 157;
constexpr uint32_t kClSMulHi = 160;
constexpr uint32_t kClUMulHi = 203;

// Results of type float that `matches` chooses are multiplied by `factor`.
template <class Matches>
std::vector<uint32_t> scaled(std::span<const uint32_t> in, float factor, const Matches& matches) {
    Words words(in);
    const uint32_t openCl = words.extendedSet("OpenCL.std");
    uint32_t floatType = 0;
    uint32_t constant = 0;
    return words.rewritten([&](const Instruction& instruction) {
        words.keep(instruction);
        if (instruction.opcode == kOpTypeFloat && instruction.words[2] == 32) {
            floatType = instruction.words[1];
            constant = words.newId();
            words.write(kOpConstant, {floatType, constant, std::bit_cast<uint32_t>(factor)});
        } else if (instruction.words.size() > 2 && instruction.words[1] == floatType && constant != 0 &&
                   matches(instruction, openCl)) {
            words.scaleLast(instruction, kOpFMul, constant);
        }
    });
}

// 4 to 8 units in the last place.
constexpr float kSomeUlps = 1 + 0x1p-21f;

template <uint32_t number> std::vector<uint32_t> inexact(std::span<const uint32_t> in) {
    return scaled(in, kSomeUlps, [](const Instruction& instruction, uint32_t openCl) {
        return instruction.opcode == kOpExtInst && instruction.words[3] == openCl && instruction.words[4] == number;
    });
}

// 64 to 128, for functions whose bound is larger.
template <uint32_t number> std::vector<uint32_t> veryInexact(std::span<const uint32_t> in) {
    return scaled(in, 1 + 0x1p-17f, [](const Instruction& instruction, uint32_t openCl) {
        return instruction.opcode == kOpExtInst && instruction.words[3] == openCl && instruction.words[4] == number;
    });
}

std::vector<uint32_t> inexactDivision(std::span<const uint32_t> in) {
    return scaled(in, kSomeUlps,
                  [](const Instruction& instruction, uint32_t) { return instruction.opcode == kOpFDiv; });
}

// One instruction instead of another with the same operands.
template <uint32_t from, uint32_t to> std::vector<uint32_t> instead(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        words.keepAs(instruction.opcode == from ? to : instruction.opcode, instruction);
    });
}

// One function of OpenCL.std instead of another.
template <uint32_t from, uint32_t to> std::vector<uint32_t> otherFunction(std::span<const uint32_t> in) {
    Words words(in);
    const uint32_t openCl = words.extendedSet("OpenCL.std");
    return words.rewritten([&](const Instruction& instruction) {
        words.keep(instruction);
        if (instruction.opcode == kOpExtInst && instruction.words[3] == openCl && instruction.words[4] == from)
            words.changeLast(instruction, 4, to);
    });
}

// Sums over a subgroup or a workgroup leave out those who come later.
std::vector<uint32_t> scansForReductions(std::span<const uint32_t> in) {
    constexpr uint32_t kReduce = 0, kInclusiveScan = 1;
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        words.keep(instruction);
        const bool sum = instruction.opcode == kOpGroupIAdd || instruction.opcode == kOpGroupNonUniformIAdd;
        if (sum && instruction.words[4] == kReduce)
            words.changeLast(instruction, 4, kInclusiveScan);
    });
}

// Exchanges whatever it finds.
std::vector<uint32_t> withoutComparison(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        if (instruction.opcode != kOpAtomicCompareExchange)
            return words.keep(instruction);
        const uint32_t pointer = instruction.words[3];
        words.write(kOpLoad, {instruction.words[1], instruction.words[2], pointer});
        words.write(kOpStore, {pointer, instruction.words[7]});
    });
}

std::vector<uint32_t> withoutBarriers(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        if (instruction.opcode != kOpControlBarrier)
            words.keep(instruction);
    });
}

std::vector<uint32_t> withoutAtomics(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        if (instruction.opcode != kOpAtomicIAdd)
            return words.keep(instruction);
        const uint32_t type = instruction.words[1], old = instruction.words[2], pointer = instruction.words[3];
        const uint32_t sum = words.newId();
        words.write(kOpLoad, {type, old, pointer});
        words.write(kOpIAdd, {type, sum, old, instruction.words[6]});
        words.write(kOpStore, {pointer, sum});
    });
}

std::vector<uint32_t> alwaysContracted(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        const bool decoration = instruction.opcode == kOpDecorate && instruction.words[2] == kNoContraction;
        const bool mode = instruction.opcode == kOpExecutionMode && instruction.words[2] == kContractionOff;
        if (!decoration && !mode)
            words.keep(instruction);
    });
}

std::vector<uint32_t> swappedSelection(std::span<const uint32_t> in) {
    Words words(in);
    return words.rewritten([&](const Instruction& instruction) {
        if (instruction.opcode != kOpSelect)
            return words.keep(instruction);
        words.write(kOpSelect, {instruction.words[1], instruction.words[2], instruction.words[3], instruction.words[5],
                                instruction.words[4]});
    });
}

// fma(a, b, c) rounds twice.
std::vector<uint32_t> unfusedFma(std::span<const uint32_t> in) {
    constexpr uint32_t kOpFAdd = 129;
    Words words(in);
    const uint32_t openCl = words.extendedSet("OpenCL.std");
    return words.rewritten([&](const Instruction& instruction) {
        if (instruction.opcode != kOpExtInst || instruction.words[3] != openCl || instruction.words[4] != kClFma)
            return words.keep(instruction);
        const uint32_t product = words.newId();
        words.write(kOpFMul, {instruction.words[1], product, instruction.words[5], instruction.words[6]});
        words.write(kOpFAdd, {instruction.words[1], instruction.words[2], product, instruction.words[7]});
    });
}

template <auto rewrite> void rewriteWith(Tables& tables) {
    tables.rewrite = rewrite;
}

void fastMath(Tables& tables) {
    tables.jitFlags |= HY_JIT_FAST_MATH;
}

constexpr Fault kFaults[] = {
    {"exp-inexact", "exp is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexact<kClExp>>},
    {"log-inexact", "log is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexact<kClLog>>},
    {"sin-inexact", "sin is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexact<kClSin>>},
    {"rsqrt-inexact", "rsqrt is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexact<kClRsqrt>>},
    {"sqrt-inexact", "sqrt is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexact<kClSqrt>>},
    {"pow-inexact", "pow is 64 units in the last place off", "*AccuracyOf.*", rewriteWith<veryInexact<kClPow>>},
    {"division-inexact", "a division is 4 units in the last place off", "*AccuracyOf.*", rewriteWith<inexactDivision>},
    {"fma-rounds-twice", "fma is a product and a sum", "Accuracy.*", rewriteWith<unfusedFma>},
    {"fast-math-always", "every module is compiled with relaxed arithmetic", "Kernels.Fast*", fastMath},
    {"contraction-always", "what must not be contracted is", "Accuracy.*", rewriteWith<alwaysContracted>},
    {"barrier-dropped", "a barrier does not wait", "Invocations.*", rewriteWith<withoutBarriers>},
    {"atomic-not-atomic", "an atomic addition is a load and a store", "Invocations.*", rewriteWith<withoutAtomics>},
    {"select-swapped", "a selection takes the other value", "Integers.*:*AccuracyOf.*", rewriteWith<swappedSelection>},
    {"signed-division-unsigned", "a signed division is unsigned", "Integers.*", rewriteWith<instead<kOpSDiv, kOpUDiv>>},
    {"signed-shift-unsigned", "a shift to the right forgets the sign", "Integers.*",
     rewriteWith<instead<kOpShiftRightArithmetic, kOpShiftRightLogical>>},
    {"signed-comparison-unsigned", "a signed comparison is unsigned", "Integers.*",
     rewriteWith<instead<kOpSLessThan, kOpULessThan>>},
    {"signed-conversion-unsigned", "a signed number becomes a float as an unsigned one", "Conversions.*",
     rewriteWith<instead<kOpConvertSToF, kOpConvertUToF>>},
    {"sign-not-extended", "a signed number is widened with zeros", "Conversions.*",
     rewriteWith<instead<kOpSConvert, kOpUConvert>>},
    {"comparison-unordered", "less than holds for a NaN", "Conversions.*",
     rewriteWith<instead<kOpFOrdLessThan, kOpFUnordLessThan>>},
    {"minimum-is-maximum", "fmin gives the larger", "Conversions.*", rewriteWith<otherFunction<kClFmin, kClFmax>>},
    {"signed-maximum-unsigned", "max of signed numbers is that of unsigned ones", "Conversions.*",
     rewriteWith<otherFunction<kClSMax, kClUMax>>},
    {"signed-mul-hi-unsigned", "mul_hi of signed numbers is that of unsigned ones", "Conversions.*",
     rewriteWith<otherFunction<kClSMulHi, kClUMulHi>>},
    {"signed-add-sat-unsigned", "add_sat of signed numbers is that of unsigned ones", "Conversions.*",
     rewriteWith<otherFunction<kClSAddSat, kClUAddSat>>},
    {"clz-counts-trailing", "clz counts at the other end", "Conversions.*", rewriteWith<otherFunction<kClClz, kClCtz>>},
    {"atomic-maximum-unsigned", "an atomic maximum of signed numbers is unsigned", "Atomics.*",
     rewriteWith<instead<kOpAtomicSMax, kOpAtomicUMax>>},
    {"atomic-minimum-unsigned", "an atomic minimum of signed numbers is unsigned", "Atomics.*",
     rewriteWith<instead<kOpAtomicSMin, kOpAtomicUMin>>},
    {"atomic-subtraction-adds", "an atomic subtraction adds", "Atomics.*",
     rewriteWith<instead<kOpAtomicISub, kOpAtomicIAdd>>},
    {"atomic-or-is-xor", "an atomic or clears bits", "Atomics.*", rewriteWith<instead<kOpAtomicOr, kOpAtomicXor>>},
    {"compare-exchange-without-comparison", "a compare and exchange always exchanges", "Atomics.AComp*",
     rewriteWith<withoutComparison>},
    {"subgroup-reduction-is-a-scan", "a sum over a subgroup leaves out those who come later", "Kernels.Sub*",
     rewriteWith<scansForReductions>},
};

} // namespace

std::span<const Fault> codeFaults() {
    return kFaults;
}

} // namespace halyard::faulty
