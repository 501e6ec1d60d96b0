#include "jit/client/settings.h"

#include "base/env.h"

#include <algorithm>
#include <string_view>
#include <unistd.h>

namespace halyard::jit {
namespace {

constexpr uint64_t kDefaultTimeoutMs = 60'000;
constexpr uint64_t kMaxTimeoutMs = 24ull * 3600 * 1000;
constexpr uint64_t kDefaultMemoryMegabytes = 4096;
constexpr uint64_t kMaxMemoryMegabytes = 1ull << 20;
constexpr long kDefaultMaxWorkers = 8; // each holds LLVM: about 60 MB that it does not share
constexpr uint64_t kMaxWorkers = 256;

Mode readMode(Log& log) {
    const char* text = getEnv("HALYARD_JIT");
    const std::string_view mode = text != nullptr ? text : "worker";
    if (mode == "inprocess")
        return Mode::InProcess;
    if (mode == "off")
        return Mode::Off;
    if (mode != "worker")
        log.warning("jit", "HALYARD_JIT={} ignored: it takes worker, inprocess or off; using worker", mode);
    return Mode::Worker;
}

std::filesystem::path absolutePath(const char* name, const char* text, Log& log) {
    if (text == nullptr)
        return {};
    std::filesystem::path path(text);
    if (path.is_absolute())
        return path;
    log.warning("jit", "{}={} ignored: it must be an absolute path", name, text);
    return {};
}

std::filesystem::path readDumpRoot() {
    if (const char* text = getEnv("HALYARD_DUMP_DIR")) {
        std::error_code fault;
        std::filesystem::path path = std::filesystem::absolute(text, fault);
        if (!fault)
            return path;
    }
    const char* temporary = getEnv("TMPDIR");
    const std::filesystem::path base = temporary != nullptr && temporary[0] == '/' ? temporary : "/tmp";
    return base / fmt::format("halyard-dump-{}", geteuid());
}

} // namespace

Settings readSettings(Log& log) {
    const long cpus = std::clamp(sysconf(_SC_NPROCESSORS_ONLN), 1L, kDefaultMaxWorkers);
    Settings settings;
    settings.mode = readMode(log);
    settings.workerPath = absolutePath("HALYARD_JIT_PATH", getEnv("HALYARD_JIT_PATH"), log);
    settings.pack = absolutePath("HALYARD_PACK", getEnv("HALYARD_PACK"), log);
    settings.packRecord = absolutePath("HALYARD_PACK_RECORD", getEnv("HALYARD_PACK_RECORD"), log);
    settings.timeout =
        std::chrono::milliseconds(getEnvNumber("HALYARD_JIT_TIMEOUT_MS", kDefaultTimeoutMs, 1, kMaxTimeoutMs, log));
    settings.memoryMegabytes =
        getEnvNumber("HALYARD_JIT_MEMORY_MB", kDefaultMemoryMegabytes, 1, kMaxMemoryMegabytes, log);
    settings.workers =
        static_cast<unsigned>(getEnvNumber("HALYARD_JIT_WORKERS", static_cast<uint64_t>(cpus), 1, kMaxWorkers, log));
    settings.dumpRoot = readDumpRoot();
    return settings;
}

} // namespace halyard::jit
