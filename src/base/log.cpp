#include "base/log.h"

#include "base/env.h"

#include <cstdio>
#include <string>

namespace halyard {
namespace {

constexpr const char* kLevelNames[] = {"off", "error", "warning", "info", "debug"};

void writeToStderr(void*, HyLogLevel level, const char* source, const char* message) {
    std::fprintf(stderr, "halyard: %s: %s: %s\n", kLevelNames[level], source, message);
}

} // namespace

Log::Log() {
    const char* value = getEnv("HALYARD_LOG");
    if (value == nullptr)
        return;
    callback_ = writeToStderr;
    for (HyLogLevel level = HY_LOG_OFF; level <= HY_LOG_DEBUG; ++level) {
        if (std::string_view(value) == kLevelNames[level]) {
            level_ = level;
            return;
        }
    }
    level_ = HY_LOG_WARNING;
    warning("core", "HALYARD_LOG={} is not a level: use off, error, warning, info or debug", value);
}

void Log::setCallback(HyLogCallback callback, void* user, HyLogLevel level) {
    const std::lock_guard lock(mutex_);
    callback_ = callback;
    user_ = user;
    level_ = callback != nullptr ? level : HY_LOG_OFF;
}

void Log::writeFormatted(HyLogLevel level, const char* source, fmt::string_view format, fmt::format_args args) {
    write(level, source, fmt::vformat(format, args));
}

void Log::write(HyLogLevel level, const char* source, std::string_view message) {
    if (!wants(level))
        return;
    const std::string text(message);
    const std::lock_guard lock(mutex_);
    if (callback_ != nullptr)
        callback_(user_, level, source, text.c_str());
}

} // namespace halyard
