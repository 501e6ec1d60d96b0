// PTX that the trials run. The version and the processor come first, so that each driver gets its own.
#pragma once

#include <string>

namespace halyard::test {

struct TrialKernel {
    const char* name;
    const char* body; // of an entry with a pointer parameter `data` that is in %rd1
};

constexpr TrialKernel kTrialKernels[] = {
    {"add", "ld.global.u32 %r1, [%rd1];\nadd.u32 %r1, %r1, 5;\nst.global.u32 [%rd1], %r1;\n"},
    {"astray", "mov.u64 %rd2, 64;\nst.global.u32 [%rd2], 1;\n"},
    {"crooked", "st.global.u32 [%rd1+1], 1;\n"},
    {"trapped", "trap;\n"},
    {"endless", "again:\nbra.uni again;\n"},
};

inline std::string ptxOf(const TrialKernel& kernel, const std::string& version, const std::string& processor) {
    return ".version " + version + "\n.target sm_" + processor + "\n.address_size 64\n.visible .entry " + kernel.name +
           "(.param .u64 data) {\n.reg .b32 %r<3>;\n.reg .b64 %rd<3>;\nld.param.u64 %rd1, [data];\n" + kernel.body +
           "ret;\n}\n";
}

} // namespace halyard::test
