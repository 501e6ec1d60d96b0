#include "spv/opcodes.h"
#include "spv/spv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::spv {
namespace {

constexpr size_t kHeaderBytes = 20;

// The universal environments hold a module to SPIR-V itself; what a device adds to that is the backend's to check.
std::optional<spv_target_env> environment(uint32_t version) {
    static constexpr std::array kEnvironments{
        SPV_ENV_UNIVERSAL_1_0, SPV_ENV_UNIVERSAL_1_1, SPV_ENV_UNIVERSAL_1_2, SPV_ENV_UNIVERSAL_1_3,
        SPV_ENV_UNIVERSAL_1_4, SPV_ENV_UNIVERSAL_1_5, SPV_ENV_UNIVERSAL_1_6,
    };
    const uint32_t minor = version >> 8 & 0xff;
    if (version >> 16 != 1 || minor >= kEnvironments.size())
        return std::nullopt;
    return kEnvironments[minor];
}

// SPIRV-Tools counts instructions from 1, and gives 0 when it means the whole module.
std::string place(const Module& module, size_t position) {
    const std::vector<Instruction>& instructions = module.instructions();
    if (position == 0 || position > instructions.size())
        return "SPIR-V module";
    return module.describe(instructions[position - 1]);
}

// The number that ends `message` when it starts with `prefix`.
std::optional<uint32_t> numberAfter(std::string_view message, std::string_view prefix) {
    if (!message.starts_with(prefix))
        return std::nullopt;
    uint32_t value = 0;
    const char* begin = message.data() + prefix.size();
    if (std::from_chars(begin, message.data() + message.size(), value).ec != std::errc())
        return std::nullopt;
    return value;
}

// Names what `message` complains of when that is a number which this version of SPIRV-Tools has not heard of.
std::optional<std::string> newerThanValidator(std::string_view message) {
    if (const auto opcode = numberAfter(message, "Invalid opcode: "))
        return opcodeName(*opcode);
    if (const auto capability = numberAfter(message, "Invalid capability operand: ")) {
        const NameInfo* info = findCapability(*capability);
        return fmt::format("capability {}", info != nullptr ? info->name : std::to_string(*capability));
    }
    for (std::string_view kind : {"decoration", "execution mode", "built-in", "storage class", "memory model",
                                  "addressing model", "execution model", "FP encoding", "linkage type",
                                  "function parameter attribute", "group operation", "packed vector format"}) {
        if (const auto value = numberAfter(message, fmt::format("Invalid {} operand: ", kind)))
            return fmt::format("{} {}", kind, *value);
    }
    if (message.starts_with("Invalid extended instruction number"))
        return std::string("an extended instruction");
    return std::nullopt;
}

// What SPIRV-Tools 2023.1 says against modules that mean something all the same: its own mistakes, and those of
// producers that lose nothing. The importer reads blocks in the order of their dominators, variables wherever they
// stand and definitions before uses, checks the types of what it combines, and asks no capability for permission.
constexpr std::string_view kHarmless[] = {
    "to index into a structure must be an OpConstant.", // also an OpConstantNull, says the specification
    "Expected operand to be vector bool: A",            // OpAll, OpAny: clang-22 -O0
    "appears in the binary before its dominator",       // llvm-spirv
    "has not been defined",                             // the same, of an id; or truly so, as importing finds
    "All OpVariable instructions in a function must be the first",           // llvm-spirv
    "Illegal number of components (1) for TypeVector",                       // clang-22, of float1 and its kin
    "Expected input to have different bit width from Result Type: FConvert", // clang-22
    "requires one of these capabilities",
    "requires one of the following capabilities",
    "requires the VulkanMemoryModelDeviceScopeKHR capability", // glslang 12
    "expected Format data type to be 8-bit int",               // clang-22, of printf's string
};

// clang-22 gives an OpConstantNull of an event its type once more.
bool hasIdleOperand(const Module& module, size_t position, std::string_view message) {
    if (message.find("expected no more operands after") == std::string_view::npos || position == 0 ||
        position > module.instructions().size())
        return false;
    const Instruction& instruction = module.instructions()[position - 1];
    return instruction.op() == ::spv::Op::OpConstantNull && instruction.operandCount() == 1;
}

bool isHarmless(const Module& module, size_t position, std::string_view message) {
    const auto says = [&](std::string_view text) { return message.find(text) != std::string_view::npos; };
    return std::any_of(std::begin(kHarmless), std::end(kHarmless), says) || hasIdleOperand(module, position, message);
}

// Whether what is newer than the validator is known to our own tables, which then say what becomes of it. Everything
// but a decoration and a capability is refused by the importer where it does not know it.
bool isKnown(std::string_view message) {
    if (const auto capability = numberAfter(message, "Invalid capability operand: "))
        return findCapability(*capability) != nullptr;
    return newerThanValidator(message).has_value();
}

} // namespace

Status validate(std::span<const std::byte> bytes, std::string* outNote) {
    if (bytes.size() < kHeaderBytes)
        return Error{HY_ERROR_INVALID_MODULE,
                     fmt::format("{} bytes are too few for SPIR-V's header of {}", bytes.size(), kHeaderBytes),
                     {}};
    if (bytes.size() % sizeof(uint32_t) != 0)
        return Error{HY_ERROR_INVALID_MODULE, fmt::format("{} bytes are no whole number of SPIR-V words", bytes.size()),
                     "the file is cut short or was read in text mode"};
    std::vector<uint32_t> words(bytes.size() / sizeof(uint32_t));
    std::memcpy(words.data(), bytes.data(), bytes.size());

    // The validator recurses over types and reads what this pass has bounded; its own messages name no words.
    Result<Module> module = Module::parse(words);
    if (!module)
        return module.error();
    const std::optional<spv_target_env> target = environment(module->version());
    if (!target)
        return Error{HY_ERROR_UNSUPPORTED_SPIRV, "SPIR-V word 1: the validator has no rules for this version", {}};

    spvtools::SpirvTools tools(*target);
    std::string first;
    size_t position = 0;
    tools.SetMessageConsumer(
        [&](spv_message_level_t level, const char*, const spv_position_t& where, const char* message) {
            if (level > SPV_MSG_ERROR || !first.empty())
                return;
            first = message;
            position = where.index;
        });
    spvtools::ValidatorOptions options;
    options.SetScalarBlockLayout(true);
    options.SetWorkgroupScalarBlockLayout(true);
    options.SetAllowLocalSizeId(true);
    options.SetFriendlyNames(false);
    if (tools.Validate(module->words().data(), module->words().size(), options))
        return Unit{};

    // The message's further lines repeat the instruction; the first one says what is wrong.
    std::string_view line = std::string_view(first).substr(0, first.find('\n'));
    if (isKnown(line) || isHarmless(*module, position, line)) {
        if (outNote != nullptr)
            *outNote = fmt::format("{}: SPIRV-Tools {} says: {}; Halyard's own checks go on", place(*module, position),
                                   spvSoftwareVersionString(), line);
        return Unit{};
    }
    if (auto newer = newerThanValidator(line))
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("{}: {} is newer than the validator (SPIRV-Tools {})", place(*module, position),
                                 *newer, spvSoftwareVersionString()),
                     "compile the module without that extension"};
    return Error{HY_ERROR_INVALID_MODULE, fmt::format("{}: {}", place(*module, position), first),
                 "run spirv-val on the module for the whole report"};
}

} // namespace halyard::spv
