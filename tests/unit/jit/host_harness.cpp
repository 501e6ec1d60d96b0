#include "host_harness.h"

#include <cstring>
#include <stdexcept>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

namespace halyard::jit::test {

Arg Arg::buffer(const void* address) {
    Arg arg = value(address);
    arg.kind = spv::ParameterKind::GlobalPointer;
    return arg;
}

Arg Arg::local(uint64_t bytes) {
    Arg arg = value(bytes);
    arg.kind = spv::ParameterKind::LocalPointer;
    return arg;
}

std::string kirModule(const std::string& kernel) {
    return kernel + R"(
declare i64 @hy.global_id(i32) #1
declare i64 @hy.local_id(i32) #1
declare i64 @hy.group_id(i32) #1
declare i64 @hy.global_size(i32) #1
declare i64 @hy.local_size(i32) #1
declare i64 @hy.num_groups(i32) #1
declare i64 @hy.global_offset(i32) #1
declare i64 @hy.local_linear_id() #1
declare i64 @hy.global_linear_id() #1
declare i32 @hy.subgroup_size() #1
declare i32 @hy.num_subgroups() #1
declare i32 @hy.subgroup_id() #1
declare i32 @hy.subgroup_local_id() #1
declare void @hy.barrier(i32, i32, i32) #2
declare void @hy.fence(i32, i32)
attributes #0 = { "hy.kernel" convergent nounwind }
attributes #1 = { nounwind willreturn memory(none) }
attributes #2 = { convergent nounwind }
)";
}

namespace {

spv::KernelInfo describe(const std::vector<Arg>& args) {
    spv::KernelInfo info;
    info.name = "k";
    for (const Arg& arg : args) {
        spv::Parameter parameter;
        parameter.kind = arg.kind;
        parameter.size = static_cast<uint32_t>(arg.bytes.size());
        parameter.alignment = parameter.size;
        parameter.offset = (info.argumentBytes + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
        info.argumentBytes = parameter.offset + parameter.size;
        info.parameters.push_back(parameter);
    }
    return info;
}

struct AlignedBlock {
    explicit AlignedBlock(size_t bytes)
        : bytes_(bytes + 256), memory_(std::aligned_alloc(128, (bytes_ + 127) / 128 * 128)) {
        std::memset(memory_, 0xA5, bytes_);
    }
    ~AlignedBlock() { std::free(memory_); }
    AlignedBlock(const AlignedBlock&) = delete;
    AlignedBlock& operator=(const AlignedBlock&) = delete;
    // Nothing wrote behind the end.
    bool intact(size_t used) const {
        for (size_t i = used; i < bytes_; ++i) {
            if (static_cast<const unsigned char*>(memory_)[i] != 0xA5) {
                return false;
            }
        }
        return true;
    }
    void* data() const { return memory_; }

private:
    size_t bytes_;
    void* memory_;
};

} // namespace

std::vector<std::byte> packArguments(const std::vector<Arg>& args) {
    const spv::KernelInfo info = describe(args);
    std::vector<std::byte> block(info.argumentBytes + 16);
    for (size_t i = 0; i < args.size(); ++i) {
        std::memcpy(block.data() + info.parameters[i].offset, args[i].bytes.data(), args[i].bytes.size());
    }
    return block;
}

spv::Result<std::string> compileKir(const std::string& kir, const std::vector<Arg>& args, const Dim3& workgroupSize,
                                    Emit emit, uint32_t subgroupSize) {
    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(kir, diagnostic, context);
    if (module == nullptr) {
        std::string text;
        llvm::raw_string_ostream stream(text);
        diagnostic.print("kir", stream);
        return spv::Error{HY_ERROR_INVALID_MODULE, text, ""};
    }
    spv::Result<std::unique_ptr<Target>> target = createTarget("host", "native", "");
    if (!target) {
        return target.error();
    }
    module->setTargetTriple(llvm::Triple((*target)->triple()));
    module->setDataLayout((*target)->dataLayout());
    Stages stages([](const std::string&) {});
    return (*target)->compile(std::move(module), describe(args), {workgroupSize, emit, subgroupSize}, stages);
}

HostKernel::HostKernel(const std::string& artifact) {
    const int file = memfd_create("kernel", MFD_CLOEXEC);
    if (file < 0 || write(file, artifact.data(), artifact.size()) != static_cast<ssize_t>(artifact.size())) {
        throw std::runtime_error("cannot write the artifact");
    }
    library_ = dlopen(("/proc/self/fd/" + std::to_string(file)).c_str(), RTLD_NOW | RTLD_LOCAL);
    close(file);
    if (library_ == nullptr) {
        throw std::runtime_error(dlerror());
    }
    info_ = static_cast<const HyHostKernelInfo*>(dlsym(library_, "hyHostKernelInfo"));
    run_ = reinterpret_cast<HyHostKernelRun>(dlsym(library_, "hyHostKernelRun"));
    if (info_ == nullptr || run_ == nullptr) {
        throw std::runtime_error("the artifact lacks a symbol");
    }
}

HostKernel::~HostKernel() {
    dlclose(library_);
}

void HostKernel::run(const Dim3& groups, const Dim3& size, const std::vector<Arg>& args, unsigned ranges) const {
    size_t localBytes = info_->staticLocalBytes;
    for (const Arg& arg : args) {
        if (arg.kind == spv::ParameterKind::LocalPointer) {
            uint64_t bytes = 0;
            std::memcpy(&bytes, arg.bytes.data(), sizeof bytes);
            localBytes += (bytes + 127) / 128 * 128;
        }
    }
    const size_t items = (size_t{size[0]} * size[1] * size[2] + 63) / 64 * 64;
    const AlignedBlock local(localBytes);
    const AlignedBlock scratch(info_->scratchBytesPerItem * items);
    const std::vector<std::byte> packed = packArguments(args);
    const AlignedBlock block(packed.size());
    std::memcpy(block.data(), packed.data(), packed.size());
    const uint32_t cancel = 0;
    HyHostLaunch launch{};
    std::copy(groups.begin(), groups.end(), launch.workgroups);
    std::copy(size.begin(), size.end(), launch.workgroupSize);
    launch.args = block.data();
    launch.cancel = &cancel;
    const uint64_t total = uint64_t{groups[0]} * groups[1] * groups[2];
    for (unsigned i = 0; i < ranges; ++i) {
        run_(&launch, total * i / ranges, total * (i + 1) / ranges, local.data(), scratch.data());
    }
    EXPECT_TRUE(local.intact(localBytes)) << "the kernel wrote behind its local memory";
    EXPECT_TRUE(scratch.intact(info_->scratchBytesPerItem * items)) << "the kernel wrote behind its scratch memory";
}

void compileAndRun(const std::string& kir, const Dim3& groups, const Dim3& size, const std::vector<Arg>& args,
                   bool specialised) {
    const spv::Result<std::string> artifact = compileKir(kir, args, specialised ? size : Dim3{});
    ASSERT_TRUE(artifact) << artifact.error().message;
    const HostKernel kernel(*artifact);
    ASSERT_EQ(kernel.info().magic, HY_HOST_KERNEL_MAGIC);
    ASSERT_EQ(kernel.info().abi, HY_HOST_KERNEL_ABI);
    kernel.run(groups, size, args, 3);
}

} // namespace halyard::jit::test
