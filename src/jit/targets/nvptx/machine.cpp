#include "jit/targets/nvptx/machine.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit::nvptx {
namespace {

// The first PTX version with each processor (PTX ISA 9.0, release notes), oldest first.
constexpr Processor kProcessors[] = {{70, 60}, {72, 61},  {75, 63},  {80, 70},  {86, 71},  {87, 74},  {89, 78},
                                     {90, 78}, {100, 86}, {101, 86}, {103, 88}, {110, 90}, {120, 87}, {121, 88}};
// What LLVM 22 writes; what it does not know in between is written as the one before.
constexpr uint32_t kVersions[] = {60, 61, 62, 63, 64, 65, 70, 71, 72, 73, 74, 75, 76,
                                  77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90};

bool parseNumber(const std::string& text, const std::string& prefix, uint32_t* out) {
    if (text.rfind(prefix, 0) != 0 || text.size() == prefix.size() || text.size() > prefix.size() + 4 ||
        !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(),
                     [](char c) { return c >= '0' && c <= '9'; })) {
        return false;
    }
    *out = static_cast<uint32_t>(std::stoul(text.substr(prefix.size())));
    return true;
}

} // namespace

spv::Result<Processor> chooseProcessor(const std::string& cpu, const std::string& features) {
    uint32_t sm = 0;
    if (!parseNumber(cpu, "sm_", &sm)) {
        return spv::Error{HY_ERROR_INVALID_ARGUMENT, "the target nvptx knows no processor '" + cpu + "'",
                          "use a name such as sm_90"};
    }
    if (sm < kProcessors[0].sm) {
        return spv::Error{HY_ERROR_UNSUPPORTED,
                          "the target nvptx has no code for '" + cpu + "': it begins with sm_70 (Volta)", ""};
    }
    Processor chosen;
    for (const Processor& known : kProcessors) {
        chosen = known.sm <= sm ? known : chosen;
    }
    if (features.empty()) {
        return chosen;
    }
    uint32_t accepted = 0;
    if (!parseNumber(features, "+ptx", &accepted)) {
        return spv::Error{HY_ERROR_INVALID_ARGUMENT, "the target nvptx knows no feature '" + features + "'",
                          "use the newest PTX version that the driver accepts, such as +ptx78"};
    }
    if (accepted < chosen.ptx) {
        return spv::Error{HY_ERROR_UNSUPPORTED,
                          fmt::format("sm_{} needs PTX {}.{}, and the driver accepts no newer than {}.{}", chosen.sm,
                                      chosen.ptx / 10, chosen.ptx % 10, accepted / 10, accepted % 10),
                          "update the NVIDIA driver"};
    }
    for (const uint32_t version : kVersions) {
        chosen.ptx = version <= accepted ? std::max(chosen.ptx, version) : chosen.ptx;
    }
    return chosen;
}

spv::Result<std::unique_ptr<llvm::TargetMachine>> createMachine(const Processor& processor) {
    static std::once_flag registered;
    std::call_once(registered, [] {
        LLVMInitializeNVPTXTargetInfo();
        LLVMInitializeNVPTXTarget();
        LLVMInitializeNVPTXTargetMC();
        LLVMInitializeNVPTXAsmPrinter();
    });
    const llvm::Triple triple("nvptx64-nvidia-cuda");
    std::string why;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, why);
    if (target == nullptr) {
        return spv::Error{HY_ERROR_UNSUPPORTED, "LLVM has no code generator for PTX: " + why, ""};
    }
    llvm::TargetOptions options;
    options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
    options.NoTrappingFPMath = true;
    return std::unique_ptr<llvm::TargetMachine>(
        target->createTargetMachine(triple, fmt::format("sm_{}", processor.sm), fmt::format("+ptx{}", processor.ptx),
                                    options, std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

} // namespace halyard::jit::nvptx
