// Kernels to PTX: from KIR text through the target alone, or from SPIR-V through the compiler's interface.
#pragma once

#include "jit/targets/target.h"

#include <cstddef>
#include <string>
#include <vector>

namespace halyard::jit::nvptx::test {

struct Request {
    std::string cpu = "sm_90", features = "+ptx87";
    std::array<uint32_t, 3> workgroupSize{};
    uint32_t subgroupSize = 0;
};

// What the compiler said: the artifact, or the words of its refusal.
struct Answer {
    std::string ptx;
    std::string refusal;
    HyResult result = HY_SUCCESS;
};

// KIR of a kernel "@k" with the declarations and attributes that kernels use.
std::string kirModule(const std::string& kernel);
Answer fromKir(const std::string& kir, const Request& request = {}, const spv::KernelInfo& info = {});
Answer fromSpirv(const void* spirv, size_t bytes, const std::string& kernel, const Request& request = {});

uint32_t count(const std::string& text, const std::string& what);
std::string firstLine(const std::string& text);
// "u64", "align 8 b8[24]"... of each parameter of the entry, in order.
std::vector<std::string> parameters(const std::string& ptx);

} // namespace halyard::jit::nvptx::test
