#include <algorithm>
#include <ctime>

#include <fmt/format.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "bench.h"
#include "jit/import/import.h"
#include "spv/spv.h"

namespace halyard::bench {
namespace {

// A kernel of about `bytes` bytes: load, compute, branch and store, over and over, as unrolled code has it.
class Generator {
public:
    std::vector<uint32_t> module(size_t bytes) {
        const size_t wanted = bytes / sizeof(uint32_t);
        words_ = {0x07230203, 0x00010400, 0, 0, 0};
        for (uint32_t capability : {4u, 6u, 5u, 11u}) // Addresses, Kernel, Linkage, Int64
            emit(17, {capability});
        emit(14, {2, 2});                       // Physical64, OpenCL
        emit(15, {6, kKernel, 'k', kInputs});   // OpEntryPoint Kernel "k"
        emit(19, {kVoid});                      // OpTypeVoid
        emit(20, {kBool});                      // OpTypeBool
        emit(21, {kInt, 32, 0});                // OpTypeInt
        emit(21, {kLong, 64, 0});               // OpTypeInt
        emit(22, {kFloat, 32});                 // OpTypeFloat
        emit(32, {kPointer, 5, kFloat});        // OpTypePointer CrossWorkgroup
        emit(33, {kFunction, kVoid, kPointer}); // OpTypeFunction
        emit(32, {kInputPointer, 1, kLong});    // OpTypePointer Input
        emit(59, {kInputPointer, kInputs, 1});  // OpVariable Input
        emit(43, {kFloat, kOne, 0x3f800000});   // OpConstant 1.0
        next_ = kFirstFree;
        constants();
        emit(54, {kVoid, kKernel, 0, kFunction}); // OpFunction
        emit(55, {kPointer, kData});              // OpFunctionParameter
        emit(248, {next_++});                     // OpLabel
        while (words_.size() < wanted)
            step();
        emit(253, {}); // OpReturn
        emit(56, {});  // OpFunctionEnd
        words_[3] = next_;
        decorate();
        return std::move(words_);
    }

private:
    enum Id : uint32_t {
        kKernel = 1,
        kInputs,
        kVoid,
        kBool,
        kInt,
        kLong,
        kFloat,
        kPointer,
        kFunction,
        kInputPointer,
        kOne,
        kData,
        kFirstFree,
    };
    static constexpr uint32_t kOffsets = 64;

    void emit(uint32_t opcode, std::initializer_list<uint32_t> operands) {
        words_.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | opcode);
        words_.insert(words_.end(), operands);
    }
    void constants() {
        for (uint32_t i = 0; i < kOffsets; ++i) {
            offsets_.push_back(next_);
            emit(43, {kLong, next_++, i, 0}); // OpConstant
        }
    }
    void step() {
        const uint32_t from = next_++, x = next_++, y = next_++, z = next_++, less = next_++, then = next_++,
                       merge = next_++, to = next_++;
        emit(70, {kPointer, from, kData, offsets_[from % kOffsets]}); // OpInBoundsPtrAccessChain
        emit(61, {kFloat, x, from, 2, 4});                            // OpLoad Aligned 4
        emit(133, {kFloat, y, x, kOne});                              // OpFMul
        emit(129, {kFloat, z, y, x});                                 // OpFAdd
        emit(184, {kBool, less, z, kOne});                            // OpFOrdLessThan
        emit(250, {less, then, merge});                               // OpBranchConditional
        emit(248, {then});
        emit(70, {kPointer, to, kData, offsets_[to % kOffsets]});
        emit(62, {to, z, 2, 4}); // OpStore Aligned 4
        emit(249, {merge});      // OpBranch
        emit(248, {merge});
    }
    // BuiltIn GlobalLinearId, before the types.
    void decorate() {
        const uint32_t decoration[] = {4u << 16 | 71, kInputs, 11, 34};
        size_t at = 5;
        while ((words_[at] & 0xffff) != 19)
            at += words_[at] >> 16;
        words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(at), std::begin(decoration), std::end(decoration));
    }

    std::vector<uint32_t> words_;
    std::vector<uint32_t> offsets_;
    uint32_t next_ = 0;
};

// One thread does all of it, so this is the time that it takes on a processor of its own, however busy the machine is.
double processorNanoseconds(const std::function<void()>& work) {
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
    };
    const double start = now();
    work();
    return now() - start;
}

template <typename T> T& require(spv::Result<T>& result) {
    if (!result)
        throw std::runtime_error(result.error().message);
    return *result;
}

void importModule(const std::vector<uint32_t>& words) {
    // The data layout of x86-64: any that has 64-bit pointers costs the same.
    constexpr const char* kLayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128";
    spv::Result<spv::Module> module = spv::Module::parse(words);
    spv::Result<spv::Reflection> reflection = spv::reflect(require(module));
    llvm::LLVMContext context;
    spv::Result<std::unique_ptr<llvm::Module>> kir =
        jit::importKernel(context, *module, require(reflection).kernels.at(0), "x86_64-unknown-linux-gnu", kLayout, {});
    require(kir);
}

} // namespace

Results measureImport(const Options& options) {
    Results results;
    constexpr size_t kKilo = 1000;
    for (const size_t bytes : {50 * kKilo, 1000 * kKilo, 2000 * kKilo, 5000 * kKilo, 10000 * kKilo}) {
        const std::vector<uint32_t> words = Generator().module(bytes);
        std::vector<double> times;
        for (unsigned repetition = 0; repetition < options.repetitions; ++repetition)
            times.push_back(processorNanoseconds([&] { importModule(words); }));
        constexpr double kMilli = 1e-6;
        results.push_back({fmt::format("import.{}kB", bytes / kKilo), median(times) * kMilli, "ms",
                           fmt::format("processor time to parse, reflect and import; {:.1f} ns a byte",
                                       median(times) / static_cast<double>(words.size() * 4))});
    }
    return results;
}

} // namespace halyard::bench
