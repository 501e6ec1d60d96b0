// The layer "log": a line for every call, with its arguments, its result and the time that it took.
#include "layers/common/clock.h"
#include "layers/common/kernels.h"
#include "layers/common/table.h"
#include "layers/log/decode.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace halyard::layers {
namespace {

// Where lines go.
class Sink {
public:
    explicit Sink(const HyLayerHost& host) : host_(host) {}
    ~Sink() {
        if (file_ > STDERR_FILENO)
            close(file_);
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    // HALYARD_LOG_LAYER_FILE; without it the instance's log, or stderr when that would drop the lines: who names the
    // layer wants to see them.
    HyResult open() {
        const char* path = host_.getEnv(host_.context, "HALYARD_LOG_LAYER_FILE");
        if (path == nullptr) {
            file_ = host_.wantsLog(host_.context, HY_LOG_INFO) != 0 ? -1 : STDERR_FILENO;
            return HY_SUCCESS;
        }
        file_ = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (file_ >= 0)
            return HY_SUCCESS;
        const std::string words = fmt::format("{} cannot be opened for writing: {}", path, std::strerror(errno));
        host_.setError(host_.context, HY_ERROR_IO, "HALYARD_LOG_LAYER_FILE", words.c_str(),
                       "name a file that can be written");
        return HY_ERROR_IO;
    }

    void write(Text& line) const {
        if (file_ < 0) {
            line.push_back('\0');
            host_.log(host_.context, HY_LOG_INFO, line.data());
            return;
        }
        line.push_back('\n');
        // One call for a line, so that lines of threads do not mix. A full disk is not the application's fault.
        if (::write(file_, line.data(), line.size()) < 0)
            host_.log(host_.context, HY_LOG_WARNING, "a line could not be written");
    }

private:
    const HyLayerHost& host_;
    int file_ = -1; // -1: the instance's log
};

class LogLayer {
public:
    explicit LogLayer(const HyLayerHost& host) : host_(host), sink_(host) {}

    HyResult open() { return sink_.open(); }

    template <Function F, typename... Args> HyResult call(const HyLayerLink* link, Args... args) {
        const uint64_t start = nowNs();
        const HyResult result = passOn<F>(link, args...);
        const uint64_t end = nowNs();
        try {
            if (result >= 0)
                learn(Tag<F>(), link, args...);
            Text line;
            fmt::format_to(std::back_inserter(line), "[{}] {}", threadNumber(), textOf(F).name);
            appendArguments<F>(line, result, args...);
            fmt::format_to(std::back_inserter(line), " = {}, {:.3f} us", hyResultName(result),
                           static_cast<double>(end - start) / 1e3);
            appendFailure(line, result);
            sink_.write(line);
        } catch (const std::bad_alloc&) { // the line is lost, the call is not
        }
        return result;
    }

private:
    static long threadNumber() {
        thread_local const long number = syscall(SYS_gettid);
        return number;
    }

    template <Function F, typename... Args> void appendArguments(Text& line, HyResult result, Args... args) {
        std::string_view declared = textOf(F).parameters;
        const char* separator = "(";
        const auto one = [&](const auto& value) {
            const ParameterText parameter = nextParameter(declared);
            append(line, separator);
            append(line, parameter.name);
            append(line, "=");
            appendValue(line, parameter, value, result >= 0);
            separator = ", ";
        };
        (one(args), ...);
        appendMore(Tag<F>(), line, args...);
        append(line, ")");
    }

    void appendFailure(Text& line, HyResult result) const {
        if (result >= 0)
            return;
        HyErrorInfo info{};
        info.structSize = sizeof info;
        if (host_.getLastError(host_.context, &info) == HY_SUCCESS && info.code == result)
            fmt::format_to(std::back_inserter(line), ": {}", info.message);
    }

    template <Function F, typename... Args> void learn(Tag<F>, const HyLayerLink*, Args...) {}
    void learn(Tag<Function::hyKernelCreate>, const HyLayerLink* link, HyModule, const char*, HyKernel* outKernel) {
        kernels_.add(link->next, *outKernel);
    }
    void learn(Tag<Function::hyKernelDestroy>, const HyLayerLink*, HyKernel kernel) { kernels_.remove(kernel); }

    template <Function F, typename... Args> void appendMore(Tag<F>, Text&, Args...) {}
    void appendMore(Tag<Function::hyLaunchKernel>, Text& line, HyStream stream, HyKernel kernel, HyDim3 workgroups,
                    HyDim3 workgroupSize, uint32_t, const void* const* args, uint32_t argCount) {
        appendLaunch(line, {stream, kernel, workgroups, workgroupSize, args, nullptr, argCount});
    }
    void appendMore(Tag<Function::hyLaunchKernelEx>, Text& line, const HyLaunchDesc* desc) {
        LaunchView launch;
        if (readLaunch(desc, launch))
            appendLaunch(line, launch);
    }

    // The kernel by name, and its arguments as it declares them.
    void appendLaunch(Text& line, const LaunchView& launch) {
        const KernelDescription* kernel = kernels_.find(launch.kernel);
        if (kernel == nullptr)
            return;
        fmt::format_to(std::back_inserter(line), "; {}(", kernel->name);
        for (size_t i = 0; i < kernel->parameters.size(); ++i) {
            append(line, i != 0 ? ", " : "");
            appendArgument(line, kernel->parameters[i], launch.argument(*kernel, i));
        }
        append(line, ")");
    }

    static void appendArgument(Text& line, const KernelParameter& parameter, const void* value) {
        if (!parameter.name.empty())
            fmt::format_to(std::back_inserter(line), "{}=", parameter.name);
        uint64_t word = 0;
        if (value == nullptr)
            return append(line, "none");
        if (parameter.bytes > sizeof word) {
            fmt::format_to(std::back_inserter(line), "{} bytes", parameter.bytes);
            return;
        }
        std::memcpy(&word, value, parameter.bytes);
        if (parameter.kind == HY_PARAMETER_LOCAL_POINTER)
            fmt::format_to(std::back_inserter(line), "{} local bytes", word);
        else
            fmt::format_to(std::back_inserter(line), "{:#x}", word);
    }

    const HyLayerHost& host_;
    Sink sink_;
    KernelTable kernels_;
};

HyResult attach(HyInstance, const HyLayerLink*, const HyLayerHost* host, void** outContext) {
    auto layer = std::make_unique<LogLayer>(*host);
    if (const HyResult result = layer->open(); result < 0)
        return result;
    *outContext = layer.release();
    return HY_SUCCESS;
}

void detach(void* context) {
    delete static_cast<LogLayer*>(context);
}

constexpr HyLayerTable kTable = makeTable<LogLayer>();

constexpr HyLayerInterface kInterface = {
    .structSize = sizeof(HyLayerInterface),
    .abiMajor = HY_LAYER_ABI_MAJOR,
    .abiMinor = HY_LAYER_ABI_MINOR,
    .name = "log",
    .description = "writes every call with its arguments, its result and its duration",
    .attach = attach,
    .detach = detach,
    .table = &kTable,
};

} // namespace
} // namespace halyard::layers

HyResult hyLayerGetInterface(uint32_t hostAbi, const HyLayerInterface** outInterface) {
    if (hostAbi >> 16 != HY_LAYER_ABI_MAJOR)
        return HY_ERROR_INCOMPATIBLE_ABI;
    *outInterface = &halyard::layers::kInterface;
    return HY_SUCCESS;
}
