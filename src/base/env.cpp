#include "base/env.h"

#include "base/log.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace halyard {

const char* getEnv(const char* name) {
    const char* value = secure_getenv(name);
    return value != nullptr && value[0] != '\0' ? value : nullptr;
}

uint64_t getEnvNumber(const char* name, uint64_t fallback, uint64_t minimum, uint64_t maximum, Log& log) {
    const char* value = getEnv(name);
    if (value == nullptr)
        return fallback;
    const std::string_view text(value);
    uint64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc() && end == text.data() + text.size() && number >= minimum && number <= maximum)
        return number;
    log.warning("core", "{}={} ignored: it takes a number from {} to {}; using {}", name, value, minimum, maximum,
                fallback);
    return fallback;
}

} // namespace halyard
