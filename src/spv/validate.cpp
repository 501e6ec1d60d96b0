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

} // namespace

Status validate(std::span<const std::byte> bytes) {
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
    if (auto newer = newerThanValidator(line))
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("{}: {} is newer than the validator (SPIRV-Tools {})", place(*module, position),
                                 *newer, spvSoftwareVersionString()),
                     "compile the module without that extension"};
    return Error{HY_ERROR_INVALID_MODULE, fmt::format("{}: {}", place(*module, position), first),
                 "run spirv-val on the module for the whole report"};
}

} // namespace halyard::spv
