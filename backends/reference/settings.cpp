#include "settings.h"

#include <bit>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace halyard::reference {
namespace {

constexpr uint32_t kMaxSubgroupSize = 128;
constexpr uint32_t kMaxDevices = 64;

std::optional<uint64_t> parseNumber(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

// A number with one of the suffixes K, M, G.
std::optional<uint64_t> parseBytes(std::string_view text) {
    constexpr std::string_view kSuffixes = "KMG";
    const size_t suffix = text.empty() ? std::string_view::npos : kSuffixes.find(text.back());
    const bool scaled = suffix != std::string_view::npos;
    const std::optional<uint64_t> number = parseNumber(scaled ? text.substr(0, text.size() - 1) : text);
    if (!number)
        return std::nullopt;
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(*number, scaled ? uint64_t{1} << 10 * (suffix + 1) : 1, &bytes))
        return std::nullopt;
    return bytes;
}

// The variable's value when `parse` takes it; else `byDefault`, with a warning unless it is unset.
template <typename T, typename Parse>
T readEnv(const char* name, const Host& host, T byDefault, const char* expected, Parse&& parse) {
    const char* text = host.getEnv(name);
    if (text == nullptr)
        return byDefault;
    if (const std::optional<T> value = parse(std::string_view(text)))
        return *value;
    host.log(HY_LOG_WARNING, fmt::format("{}={} is not {}: the default is used", name, text, expected));
    return byDefault;
}

struct Checks {
    bool races = true, uninitialised = true;
};
std::optional<Checks> parseChecks(std::string_view text) {
    Checks checks{false, false};
    if (text == "none")
        return checks;
    while (true) {
        const size_t comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        if (one == "races")
            checks.races = true;
        else if (one == "uninitialised")
            checks.uninitialised = true;
        else
            return std::nullopt;
        if (comma == std::string_view::npos)
            return checks;
        text.remove_prefix(comma + 1);
    }
}

// Half of the machine's: each byte comes with what the checks know about it.
uint64_t defaultMemory() {
    return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 2;
}

} // namespace

Settings readSettings(const Host& host) {
    Settings settings;
    settings.devices = readEnv("HALYARD_REFERENCE_DEVICES", host, settings.devices, "a number from 1 to 64",
                               [](std::string_view text) -> std::optional<uint32_t> {
                                   const auto devices = parseNumber(text);
                                   if (!devices || *devices < 1 || *devices > kMaxDevices)
                                       return std::nullopt;
                                   return static_cast<uint32_t>(*devices);
                               });
    settings.subgroupSize =
        readEnv("HALYARD_REFERENCE_SUBGROUP_SIZE", host, settings.subgroupSize, "a power of two from 1 to 128",
                [](std::string_view text) -> std::optional<uint32_t> {
                    const auto size = parseNumber(text);
                    if (!size || !std::has_single_bit(*size) || *size > kMaxSubgroupSize)
                        return std::nullopt;
                    return static_cast<uint32_t>(*size);
                });
    settings.stepLimit = readEnv("HALYARD_REFERENCE_STEP_LIMIT", host, settings.stepLimit,
                                 "a number of instructions, at least 1", [](std::string_view text) {
                                     const auto steps = parseNumber(text);
                                     return steps && *steps == 0 ? std::nullopt : steps;
                                 });
    const Checks checks = readEnv("HALYARD_REFERENCE_CHECKS", host, Checks{},
                                  "'none' or a list of 'races' and 'uninitialised'", parseChecks);
    settings.detectRaces = checks.races;
    settings.detectUninitialised = checks.uninitialised;
    settings.memoryBytes = readEnv("HALYARD_REFERENCE_MEMORY", host, defaultMemory(),
                                   "a number of bytes, at least 1, with or without one of the suffixes K, M, G",
                                   [](std::string_view text) {
                                       const auto bytes = parseBytes(text);
                                       return bytes && *bytes == 0 ? std::nullopt : bytes;
                                   });
    return settings;
}

} // namespace halyard::reference
