// The log of one instance: a level check that costs one load when the line is not wanted, then the application's
// callback, or stderr when HALYARD_LOG asks for it. Thread-safe; lines are delivered one at a time.
#pragma once

#include "halyard/halyard.h"

#include <fmt/core.h>

#include <atomic>
#include <mutex>
#include <string_view>

namespace halyard {

class Log {
public:
    // Starts from HALYARD_LOG: off when it is unset, and with a warning line when its value is none of the levels.
    Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    // Replaces the sink. When it returns, the old callback neither runs nor will run. A null callback means no lines.
    void setCallback(HyLogCallback callback, void* user, HyLogLevel level);

    bool wants(HyLogLevel level) const { return level <= level_.load(std::memory_order_relaxed); }
    void write(HyLogLevel level, const char* source, std::string_view message);

    template <typename... Args> void error(const char* source, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(HY_LOG_ERROR))
            writeFormatted(HY_LOG_ERROR, source, format, fmt::make_format_args(args...));
    }
    template <typename... Args> void warning(const char* source, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(HY_LOG_WARNING))
            writeFormatted(HY_LOG_WARNING, source, format, fmt::make_format_args(args...));
    }
    template <typename... Args> void info(const char* source, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(HY_LOG_INFO))
            writeFormatted(HY_LOG_INFO, source, format, fmt::make_format_args(args...));
    }
    template <typename... Args> void debug(const char* source, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(HY_LOG_DEBUG))
            writeFormatted(HY_LOG_DEBUG, source, format, fmt::make_format_args(args...));
    }

private:
    void writeFormatted(HyLogLevel level, const char* source, fmt::string_view format, fmt::format_args args);

    std::atomic<HyLogLevel> level_{HY_LOG_OFF};
    std::mutex mutex_; // guards the two below and serialises delivery
    HyLogCallback callback_ = nullptr;
    void* user_ = nullptr;
};

} // namespace halyard
