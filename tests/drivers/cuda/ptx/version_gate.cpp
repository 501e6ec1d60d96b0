#include "version_gate.h"

#include "parser.h"

#include <algorithm>
#include <string_view>

namespace halyard::softcuda::ptx {
namespace {

struct Gate {
    std::string_view opcode;   // empty: any
    std::string_view modifier; // one of its modifiers; empty: any
    uint32_t version, processor;
    std::string_view second = {}; // another modifier it must have
};

constexpr Gate kGates[] = {
    {"redux", "", 70, 80},
    {"elect", "", 80, 90},
    {"cp", "async", 70, 80},
    {"ldmatrix", "", 65, 75},
    {"stmatrix", "", 78, 90},
    {"mapa", "", 78, 90},
    {"getctarank", "", 78, 90},
    {"griddepcontrol", "", 78, 90},
    {"discard", "", 74, 80},
    {"prefetch", "L2::evict_last", 74, 80},
    {"prefetch", "L2::evict_normal", 74, 80},
    {"applypriority", "", 74, 80},
    {"nanosleep", "", 63, 70},
    {"activemask", "", 62, 30},
    {"fence", "", 60, 70},
    {"fence", "cluster", 78, 90},
    {"fence", "acquire", 86, 90},
    {"fence", "release", 86, 90},
    {"barrier", "cluster", 78, 90},
    {"", "relaxed", 60, 70},
    {"ld", "acquire", 60, 70},
    {"st", "release", 60, 70},
    {"atom", "cluster", 78, 90},
    {"red", "cluster", 78, 90},
    {"ld", "cluster", 78, 90},
    {"st", "cluster", 78, 90},
    {"", "shared::cta", 78, 30},
    {"", "shared::cluster", 78, 90},
    {"", "param::entry", 83, 70},
    {"", "param::func", 83, 70},
    {"cvta", "param", 77, 70},
    {"isspacep", "param", 77, 70},
    {"", "L1::no_allocate", 74, 70},
    {"", "L1::evict_last", 74, 70},
    {"", "L1::evict_first", 74, 70},
    {"", "L1::evict_normal", 74, 70},
    {"", "L1::evict_unchanged", 74, 70},
    {"", "L2::cache_hint", 74, 80},
    {"", "L2::64B", 74, 75},
    {"", "L2::128B", 74, 75},
    {"", "L2::256B", 74, 80},
    {"ld", "b128", 83, 70},
    {"st", "b128", 83, 70},
    {"atom", "b128", 83, 90},
    {"ld", "v8", 88, 100},
    {"st", "v8", 88, 100},
    {"atom", "b16", 63, 70},
    {"atom", "f16", 63, 70},
    {"red", "f16", 63, 70},
    {"atom", "f16x2", 62, 60},
    {"red", "f16x2", 62, 60},
    {"atom", "bf16", 78, 90},
    {"red", "bf16", 78, 90},
    {"atom", "bf16x2", 78, 90},
    {"red", "bf16x2", 78, 90},
    {"atom", "v2", 81, 90},
    {"atom", "v4", 81, 90},
    {"red", "v2", 81, 90},
    {"red", "v4", 81, 90},
    {"fma", "bf16", 70, 80},
    {"fma", "bf16x2", 70, 80},
    {"fma", "relu", 70, 80},
    {"add", "bf16", 78, 90},
    {"add", "bf16x2", 78, 90},
    {"sub", "bf16", 78, 90},
    {"sub", "bf16x2", 78, 90},
    {"mul", "bf16", 78, 90},
    {"mul", "bf16x2", 78, 90},
    {"neg", "bf16", 70, 80},
    {"neg", "bf16x2", 70, 80},
    {"abs", "bf16", 70, 80},
    {"abs", "bf16x2", 70, 80},
    {"neg", "f16", 60, 53},
    {"abs", "f16", 65, 53},
    {"min", "bf16", 70, 80},
    {"min", "bf16x2", 70, 80},
    {"max", "bf16", 70, 80},
    {"max", "bf16x2", 70, 80},
    {"min", "f16", 70, 80},
    {"min", "f16x2", 70, 80},
    {"max", "f16", 70, 80},
    {"max", "f16x2", 70, 80},
    {"min", "NaN", 70, 80},
    {"max", "NaN", 70, 80},
    {"min", "xorsign", 72, 86},
    {"max", "xorsign", 72, 86},
    {"min", "relu", 80, 90},
    {"max", "relu", 80, 90},
    {"set", "bf16", 78, 90},
    {"setp", "bf16", 78, 90},
    {"set", "bf16x2", 78, 90},
    {"setp", "bf16x2", 78, 90},
    {"tanh", "", 70, 75},
    {"tanh", "bf16", 78, 90},
    {"tanh", "bf16x2", 78, 90},
    {"ex2", "f16", 70, 75},
    {"ex2", "f16x2", 70, 75},
    {"ex2", "bf16", 78, 90},
    {"ex2", "bf16x2", 78, 90},
    {"cvt", "bf16", 70, 80},
    {"cvt", "bf16x2", 70, 80},
    {"cvt", "relu", 70, 80},
    {"cvt", "tf32", 70, 80},
    {"cvt", "f16x2", 70, 80},
    {"cvt", "e4m3x2", 78, 89},
    {"cvt", "e5m2x2", 78, 89},
    {"", "f32x2", 86, 100},
    {"add", "u16x2", 80, 90},
    {"add", "s16x2", 80, 90},
    {"min", "u16x2", 80, 90},
    {"min", "s16x2", 80, 90},
    {"max", "u16x2", 80, 90},
    {"max", "s16x2", 80, 90},
    {"bmsk", "", 76, 70},
    {"szext", "", 76, 70},
    {"alloca", "", 73, 52},
    {"stacksave", "", 73, 52},
    {"stackrestore", "", 73, 52},
    {"isspacep", "const", 31, 20},
    {"wmma", "", 60, 70},
    {"wmma", "s8", 63, 72},
    {"wmma", "u8", 63, 72},
    {"wmma", "s4", 63, 75},
    {"wmma", "u4", 63, 75},
    {"wmma", "b1", 63, 75},
    {"wmma", "bf16", 70, 80},
    {"wmma", "tf32", 70, 80},
    {"wmma", "f64", 70, 80},
    {"wmma", "m32n8k16", 61, 70},
    {"wmma", "m8n32k16", 61, 70},
    {"mma", "", 64, 70},
    {"mma", "m16n8k8", 65, 75},
    {"mma", "m8n8k16", 65, 75},
    {"mma", "m8n8k32", 65, 75},
    {"mma", "m16n8k16", 70, 80},
    {"mma", "m16n8k32", 70, 80},
    {"mma", "m16n8k4", 70, 80},
    {"mma", "bf16", 70, 80},
    {"mma", "tf32", 70, 80},
    {"mma", "f64", 70, 80},
    {"mma", "m8n8k4", 70, 80, "f64"},
    {"movmatrix", "", 78, 75},
    {"setmaxnreg", "", 80, 90},
};

struct TargetVersion {
    std::string_view name;
    uint32_t version;
};
constexpr TargetVersion kTargets[] = {
    {"sm_50", 40},   {"sm_52", 41},  {"sm_53", 42},   {"sm_60", 50},   {"sm_61", 50},  {"sm_62", 50},
    {"sm_70", 60},   {"sm_72", 61},  {"sm_75", 63},   {"sm_80", 70},   {"sm_86", 71},  {"sm_87", 74},
    {"sm_88", 90},   {"sm_89", 78},  {"sm_90", 78},   {"sm_90a", 80},  {"sm_100", 86}, {"sm_100a", 86},
    {"sm_100f", 88}, {"sm_101", 86}, {"sm_101a", 86}, {"sm_101f", 88}, {"sm_103", 88}, {"sm_103a", 88},
    {"sm_103f", 88}, {"sm_110", 90}, {"sm_110a", 90}, {"sm_110f", 90}, {"sm_120", 87}, {"sm_120a", 87},
    {"sm_120f", 88}, {"sm_121", 88}, {"sm_121a", 88}, {"sm_121f", 88},
};

bool has(const Instruction& instruction, std::string_view modifier) {
    return std::find(instruction.modifiers.begin(), instruction.modifiers.end(), modifier) !=
           instruction.modifiers.end();
}

std::string shown(uint32_t version) {
    return std::to_string(version / 10) + "." + std::to_string(version % 10);
}

} // namespace

uint32_t targetNumber(const std::string& target) {
    if (!target.starts_with("sm_") || target.size() > 8)
        return 0;
    uint32_t number = 0;
    for (const char c : target.substr(3)) {
        if (c >= '0' && c <= '9')
            number = number * 10 + static_cast<uint32_t>(c - '0');
    }
    return number;
}

void checkVersion(const Instruction& instruction, const Module& module) {
    const uint32_t processor = targetNumber(module.target);
    for (const Gate& gate : kGates) {
        if (!gate.opcode.empty() && gate.opcode != instruction.opcode)
            continue;
        if ((!gate.modifier.empty() && !has(instruction, gate.modifier)) ||
            (!gate.second.empty() && !has(instruction, gate.second)))
            continue;
        const std::string what = "'" + instruction.opcode + "'" +
                                 (gate.modifier.empty() ? "" : " with '." + std::string(gate.modifier) + "'");
        if (module.version < gate.version)
            throw PtxError(instruction.line, what + " requires PTX ISA .version " + shown(gate.version) +
                                                 " or later; the text is " + shown(module.version));
        if (processor < gate.processor)
            throw PtxError(instruction.line, what + " requires .target sm_" + std::to_string(gate.processor) +
                                                 " or higher; the text is for " + module.target);
    }
}

void checkTarget(const Module& module, const LoadOptions& options, uint32_t line) {
    const auto known = std::find_if(std::begin(kTargets), std::end(kTargets),
                                    [&](const TargetVersion& target) { return target.name == module.target; });
    if (known == std::end(kTargets))
        throw PtxError(line, "unknown .target '" + module.target + "'");
    if (module.version < known->version)
        throw PtxError(line, ".target " + module.target + " requires PTX ISA .version " + shown(known->version) +
                                 " or later; the text is " + shown(module.version));
    const uint32_t number = targetNumber(module.target);
    const char suffix = module.target.back();
    const bool runs = suffix == 'a'   ? number == options.processor
                      : suffix == 'f' ? number <= options.processor && number / 10 == options.processor / 10
                                      : number <= options.processor;
    if (!runs)
        throw NoBinaryError(line, ".target " + module.target + " does not run on this device, an sm_" +
                                      std::to_string(options.processor));
}

} // namespace halyard::softcuda::ptx
