#include "harness.h"

#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <spirv-tools/libspirv.hpp>

#include <cmath>
#include <fstream>

namespace halyard::jit::test {

namespace {

struct Position {
    Size group{}, local{}, groups{}, size{};
};
Position position;

int64_t globalId(int32_t d) {
    return int64_t(position.group[d]) * position.size[d] + position.local[d];
}
int64_t localId(int32_t d) {
    return position.local[d];
}
int64_t groupId(int32_t d) {
    return position.group[d];
}
int64_t globalSize(int32_t d) {
    return int64_t(position.groups[d]) * position.size[d];
}
int64_t localSize(int32_t d) {
    return position.size[d];
}
int64_t numGroups(int32_t d) {
    return position.groups[d];
}
int64_t globalOffset(int32_t) {
    return 0;
}
int64_t localLinearId() {
    return position.local[0] +
           int64_t(position.size[0]) * (position.local[1] + int64_t(position.size[1]) * position.local[2]);
}
int64_t globalLinearId() {
    return globalId(0) + globalSize(0) * (globalId(1) + globalSize(1) * globalId(2));
}
int32_t one() {
    return 1;
}
int32_t zero() {
    return 0;
}
void barrier(int32_t, int32_t, int32_t) {}
void fence(int32_t, int32_t) {}
float rsqrtFloat(float x) {
    return 1.0f / std::sqrt(x);
}
float pownFloat(float x, int32_t n) {
    return std::pow(x, static_cast<float>(n));
}

// Functions that return two values, or a vector, do so as LLVM and not as C returns them.
constexpr const char* kRuntime = R"(
declare float @frexpf(float, ptr)
declare float @modff(float, ptr)
declare float @sinf(float)
declare float @cosf(float)
define {float, i32} @hy.math.frexp.f32(float %x) {
  %p = alloca i32
  %m = call float @frexpf(float %x, ptr %p)
  %e = load i32, ptr %p
  %a = insertvalue {float, i32} poison, float %m, 0
  %b = insertvalue {float, i32} %a, i32 %e, 1
  ret {float, i32} %b
}
define {float, float} @hy.math.modf.f32(float %x) {
  %p = alloca float
  %m = call float @modff(float %x, ptr %p)
  %e = load float, ptr %p
  %a = insertvalue {float, float} poison, float %m, 0
  %b = insertvalue {float, float} %a, float %e, 1
  ret {float, float} %b
}
define {float, float} @hy.math.sincos.f32(float %x) {
  %s = call float @sinf(float %x)
  %c = call float @cosf(float %x)
  %a = insertvalue {float, float} poison, float %s, 0
  %b = insertvalue {float, float} %a, float %c, 1
  ret {float, float} %b
}
define i1 @hy.subgroup.elect() {
  ret i1 true
}
define i1 @hy.subgroup.all(i1 %x) {
  ret i1 %x
}
define <4 x i32> @hy.subgroup.ballot(i1 %x) {
  %w = zext i1 %x to i32
  %v = insertelement <4 x i32> zeroinitializer, i32 %w, i32 0
  ret <4 x i32> %v
}
define i32 @hy.subgroup.reduce.iadd.i32(i32 %x) {
  ret i32 %x
}
define float @hy.subgroup.reduce.fadd.f32(float %x) {
  ret float %x
}
define float @hy.subgroup.shuffle_xor.f32(float %x, i32 %m) {
  ret float %x
}
define i32 @hy.subgroup.broadcast_first.i32(i32 %x) {
  ret i32 %x
}
)";

template <typename F> llvm::orc::ExecutorSymbolDef symbol(F* function) {
    return {llvm::orc::ExecutorAddr::fromPtr(function),
            llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
}

llvm::orc::SymbolMap runtimeSymbols(llvm::orc::LLJIT& jit) {
    using F1 = float (*)(float);
    using F2 = float (*)(float, float);
    llvm::orc::SymbolMap symbols;
    const auto add = [&](const char* name, auto* function) { symbols[jit.mangleAndIntern(name)] = symbol(function); };
    add("hy.global_id", globalId);
    add("hy.local_id", localId);
    add("hy.group_id", groupId);
    add("hy.global_size", globalSize);
    add("hy.local_size", localSize);
    add("hy.num_groups", numGroups);
    add("hy.global_offset", globalOffset);
    add("hy.local_linear_id", localLinearId);
    add("hy.global_linear_id", globalLinearId);
    add("hy.subgroup_size", one);
    add("hy.subgroup_max_size", one);
    add("hy.num_subgroups", one);
    add("hy.subgroup_id", zero);
    add("hy.subgroup_local_id", zero);
    add("hy.barrier", barrier);
    add("hy.fence", fence);
    add("hy.math.exp.f32", static_cast<F1>(std::exp));
    add("hy.math.log.f32", static_cast<F1>(std::log));
    add("hy.math.sin.f32", static_cast<F1>(std::sin));
    add("hy.math.cos.f32", static_cast<F1>(std::cos));
    add("hy.math.tanh.f32", static_cast<F1>(std::tanh));
    add("hy.math.rsqrt.f32", rsqrtFloat);
    add("hy.math.pown.f32", pownFloat);
    add("hy.math.pow.f32", static_cast<F2>(std::pow));
    add("hy.math.atan2.f32", static_cast<F2>(std::atan2));
    add("hy.math.fmod.f32", static_cast<F2>(std::fmod));
    add("frexpf", static_cast<float (*)(float, int*)>(std::frexp));
    add("modff", static_cast<float (*)(float, float*)>(std::modf));
    add("sinf", static_cast<F1>(std::sin));
    add("cosf", static_cast<F1>(std::cos));
    return symbols;
}

// void hyTestEntry(ptr array): calls the kernel with what the array points to.
void addEntry(llvm::Module& module, llvm::Function& kernel) {
    llvm::IRBuilder<> builder(module.getContext());
    auto* entry = llvm::Function::Create(llvm::FunctionType::get(builder.getVoidTy(), {builder.getPtrTy()}, false),
                                         llvm::GlobalValue::ExternalLinkage, "hyTestEntry", module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "", entry));
    std::vector<llvm::Value*> arguments;
    for (llvm::Argument& parameter : kernel.args()) {
        llvm::Value* slot = builder.CreateConstGEP1_64(builder.getPtrTy(), entry->getArg(0), parameter.getArgNo());
        llvm::Value* pointer = builder.CreateLoad(builder.getPtrTy(), slot);
        if (parameter.getType()->isPointerTy()) {
            arguments.push_back(builder.CreateAddrSpaceCast(pointer, parameter.getType()));
        } else {
            arguments.push_back(builder.CreateAlignedLoad(parameter.getType(), pointer, llvm::Align(1)));
        }
    }
    builder.CreateCall(&kernel, arguments);
    builder.CreateRetVoid();
}

} // namespace

std::vector<uint32_t> readKernelFile(const std::string& name) {
    std::ifstream file(std::string(HALYARD_KERNEL_DIR "/") + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<uint32_t> words(bytes.size() / 4);
    std::memcpy(words.data(), bytes.data(), words.size() * 4);
    return words;
}

std::vector<uint32_t> assemble(const std::string& text) {
    spvtools::SpirvTools tools(SPV_ENV_UNIVERSAL_1_6);
    std::string messages;
    tools.SetMessageConsumer(
        [&](spv_message_level_t, const char*, const spv_position_t& position, const char* message) {
            messages += std::to_string(position.line) + ": " + message + "\n";
        });
    std::vector<uint32_t> words;
    EXPECT_TRUE(tools.Assemble(text, &words)) << messages;
    return words;
}

Import importKernel(const std::vector<uint32_t>& words, const std::string& kernel,
                    const std::vector<spv::SpecValue>& values, bool fastMath, bool validate) {
    Import result;
    result.context = std::make_unique<llvm::LLVMContext>();
    if (validate) {
        if (auto valid = spv::validate(std::as_bytes(std::span(words))); !valid) {
            result.error = valid.error();
            return result;
        }
    }
    auto original = spv::Module::parse(words);
    if (!original) {
        result.error = original.error();
        return result;
    }
    auto specialised = spv::specialise(*original, values);
    if (!specialised) {
        result.error = specialised.error();
        return result;
    }
    auto parsed = spv::Module::parse(*specialised);
    if (!parsed) {
        result.error = parsed.error();
        return result;
    }
    auto reflection = spv::reflect(*parsed);
    if (!reflection) {
        result.error = reflection.error();
        return result;
    }
    for (spv::KernelInfo& info : reflection->kernels) {
        if (info.name != kernel) {
            continue;
        }
        result.info = info;
        constexpr uint32_t kSubgroupSize = 16;
        constexpr const char* kLayout =
            "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128";
        auto module = jit::importKernel(*result.context, *parsed, info, "x86_64-unknown-linux-gnu", kLayout,
                                        {fastMath, kSubgroupSize});
        if (module) {
            result.module = std::move(*module);
            EXPECT_FALSE(llvm::verifyModule(*result.module, &llvm::errs()));
        } else {
            result.error = module.error();
        }
        return result;
    }
    result.error = {HY_ERROR_NOT_FOUND, "no kernel " + kernel, ""};
    return result;
}

std::string print(const llvm::Module& module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream, nullptr);
    return text;
}

Program::Program(Import import) {
    compile(std::move(import));
}

void Program::compile(Import import) {
    [[maybe_unused]] static const bool ready =
        !llvm::InitializeNativeTarget() && !llvm::InitializeNativeTargetAsmPrinter();
    EXPECT_TRUE(import.module) << import.error.message;
    if (!import.module) {
        return;
    }
    llvm::Function* kernel = import.module->getFunction(import.info.name);
    ASSERT_NE(kernel, nullptr);
    addEntry(*import.module, *kernel);
    llvm::SMDiagnostic diagnostic;
    auto runtime = llvm::parseAssemblyString(kRuntime, diagnostic, *import.context);
    ASSERT_TRUE(runtime) << diagnostic.getMessage().str();
    runtime->setDataLayout(import.module->getDataLayout());
    runtime->setTargetTriple(import.module->getTargetTriple());
    ASSERT_FALSE(llvm::Linker::linkModules(*import.module, std::move(runtime), llvm::Linker::LinkOnlyNeeded));
    auto builder = llvm::orc::LLJITBuilder();
    auto machine = llvm::cantFail(llvm::orc::JITTargetMachineBuilder::detectHost());
    machine.setCodeGenOptLevel(llvm::CodeGenOptLevel::Less);
    auto jit = builder.setJITTargetMachineBuilder(std::move(machine)).create();
    ASSERT_TRUE(bool(jit)) << llvm::toString(jit.takeError());
    jit_ = std::move(*jit);
    import.module->setDataLayout(jit_->getDataLayout());
    llvm::cantFail(jit_->getMainJITDylib().define(llvm::orc::absoluteSymbols(runtimeSymbols(*jit_))));
    llvm::cantFail(jit_->addIRModule({std::move(import.module), std::move(import.context)}));
    auto entry = jit_->lookup("hyTestEntry");
    ASSERT_TRUE(bool(entry)) << llvm::toString(entry.takeError());
    entry_ = entry->toPtr<void (*)(void**)>();
}

void Program::run(const std::vector<void*>& arguments, Size workgroups, Size workgroupSize) {
    ASSERT_NE(entry_, nullptr);
    std::vector<void*> array = arguments;
    position = {{}, {}, workgroups, workgroupSize};
    const auto each = [](Size& index, const Size& count, auto&& body) {
        for (index[2] = 0; index[2] < count[2]; ++index[2]) {
            for (index[1] = 0; index[1] < count[1]; ++index[1]) {
                for (index[0] = 0; index[0] < count[0]; ++index[0]) {
                    body();
                }
            }
        }
    };
    each(position.group, workgroups, [&] { each(position.local, workgroupSize, [&] { entry_(array.data()); }); });
}

void runKernel(const std::vector<uint32_t>& words, const std::string& kernel, const std::vector<void*>& arguments,
               Size workgroups, Size workgroupSize, const std::vector<spv::SpecValue>& values) {
    Program program(importKernel(words, kernel, values));
    program.run(arguments, workgroups, workgroupSize);
}

} // namespace halyard::jit::test
