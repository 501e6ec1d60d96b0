#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {

std::byte* TestMemory::resolve(uint64_t address, uint64_t bytes, bool write, uint64_t* begin, uint64_t* end) {
    auto found = blocks_.upper_bound(address);
    if (found == blocks_.begin() || (write && readOnly))
        return nullptr;
    --found;
    const uint64_t offset = address - found->first;
    if (offset > found->second.size() || found->second.size() - offset < bytes)
        return nullptr;
    *begin = found->first;
    *end = found->first + found->second.size();
    return found->second.data() + offset;
}

uint64_t TestMemory::allocate(uint64_t bytes, uint64_t alignment) {
    if (bytes > limit)
        return 0;
    const uint64_t address = (next_ + alignment - 1) / alignment * alignment;
    next_ = address + bytes + 4096;
    blocks_[address].resize(bytes);
    return address;
}

void TestMemory::free(uint64_t address) {
    blocks_.erase(address);
    ++generation_;
}

std::string head(uint32_t version, uint32_t processor) {
    return ".version " + std::to_string(version / 10) + "." + std::to_string(version % 10) + "\n.target sm_" +
           std::to_string(processor) + "\n.address_size 64\n";
}

std::string kernel(const std::string& body, const std::string& before) {
    return before + R"(
.visible .entry k(.param .u64 k_0, .param .u64 k_1) {
  .reg .pred %p<20>; .reg .b16 %rs<20>; .reg .b32 %r<40>; .reg .b64 %rd<40>; .reg .f32 %f<20>; .reg .f64 %fd<20>;
  ld.param.u64 %rd1, [k_0];
  ld.param.u64 %rd2, [k_1];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd3, %r1, 4;
  add.s64 %rd3, %rd1, %rd3;
)" + body + "\n  ret;\n}\n";
}

Program* Device::load(const std::string& body, uint32_t version, uint32_t processor) {
    std::string log;
    const LoadStatus status = Program::load(head(version, processor) + body, {}, memory, program, log);
    EXPECT_EQ(status, LoadStatus::Ok) << log;
    return program.get();
}

std::string Device::refusal(const std::string& body, LoadStatus expected, uint32_t version, uint32_t processor) {
    std::string log;
    std::unique_ptr<Program> out;
    const size_t before = memory.allocations();
    EXPECT_EQ(Program::load(head(version, processor) + body, {}, memory, out, log), expected) << log;
    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(memory.allocations(), before) << "a module that did not load keeps memory";
    return log;
}

std::byte* Device::host(uint64_t address, uint64_t bytes) {
    uint64_t begin = 0, end = 0;
    return memory.resolve(address, bytes, false, &begin, &end);
}

std::optional<Fault> Device::run(uint32_t blocks, uint32_t threads, std::vector<uint64_t> parameters,
                                 uint32_t dynamicShared, bool cooperative) {
    if (!program)
        return Fault{FaultKind::IllegalInstruction, "nothing is loaded", 0};
    parameters.resize(std::max<size_t>(parameters.size(), program->functions().at(0).parameterBytes / 8));
    Launch launch;
    launch.grid = {blocks, 1, 1};
    launch.block = {threads, 1, 1};
    launch.dynamicSharedBytes = dynamicShared;
    launch.parameters = reinterpret_cast<const std::byte*>(parameters.data());
    launch.cooperative = cooperative;
    return program->run(launch, stop);
}

void Device::expectRuns(uint32_t blocks, uint32_t threads, std::vector<uint64_t> parameters, uint32_t dynamicShared,
                        bool cooperative) {
    const auto fault = run(blocks, threads, std::move(parameters), dynamicShared, cooperative);
    EXPECT_FALSE(fault.has_value()) << fault->words;
}

} // namespace halyard::softcuda::ptx::test
