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

    const bool swapped = words[0] != ::spv::MagicNumber;
    const uint32_t version = swapped ? __builtin_bswap32(words[1]) : words[1];
    if ((swapped ? __builtin_bswap32(words[0]) : words[0]) != ::spv::MagicNumber)
        return Error{HY_ERROR_INVALID_MODULE,
                     fmt::format("SPIR-V word 0: the magic number is {:#010x}, not {:#010x}", words[0],
                                 static_cast<uint32_t>(::spv::MagicNumber)),
                     {}};
    const std::optional<spv_target_env> target = environment(version);
    if (!target)
        return Error{
            HY_ERROR_UNSUPPORTED_SPIRV,
            fmt::format("SPIR-V word 1: version {}.{} is not between 1.0 and 1.6", version >> 16, version >> 8 & 0xff),
            {}};

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
    if (tools.Validate(words.data(), words.size(), options))
        return Unit{};

    // The message's further lines repeat the instruction; the first one says what is wrong.
    std::string_view line = std::string_view(first).substr(0, first.find('\n'));
    if (auto newer = newerThanValidator(line))
        return Error{HY_ERROR_UNSUPPORTED_SPIRV,
                     fmt::format("SPIR-V word {}: {} is newer than the validator (SPIRV-Tools {})", position, *newer,
                                 spvSoftwareVersionString()),
                     "compile the module without that extension"};
    return Error{HY_ERROR_INVALID_MODULE, fmt::format("the SPIR-V validator, at {}: {}", position, first),
                 "run spirv-val on the module for the whole report"};
}

} // namespace halyard::spv
