#include "jit/client/pack.h"

#include "cache/entry.h"

#include <build_id.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace halyard::jit {
namespace {

constexpr std::string_view kPackNamespace = "halyard.pack.1";
constexpr size_t kDigits = 2 * sizeof(CacheKey);
constexpr size_t kMaxName = 255;

std::span<const std::byte> bytesOf(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// Over all that decides the artifact but the processor.
CacheKey packKey(const CompileRequest& request) {
    const std::string_view operation = request.operation == Operation::Validate ? "validate" : "compile";
    const std::span<const std::byte> parts[] = {bytesOf(kPackNamespace),
                                                bytesOf(HALYARD_JIT_SOURCE_ID),
                                                bytesOf(operation),
                                                request.digest,
                                                bytesOf(request.kernel),
                                                bytesOf(request.target),
                                                std::as_bytes(std::span(request.workgroupSize)),
                                                std::as_bytes(std::span(&request.subgroupSize, 1)),
                                                std::as_bytes(std::span(&request.flags, 1))};
    return Cache::makeKey(parts);
}

// What the file says it is: a file that was given another processor's name is damaged.
CacheKey fileKey(const CacheKey& key, std::string_view cpu, std::string_view features) {
    const std::span<const std::byte> parts[] = {std::as_bytes(std::span(key)), bytesOf(cpu), bytesOf(features)};
    return Cache::makeKey(parts);
}

std::string digitsOf(const CacheKey& key) {
    std::string digits;
    for (const uint8_t byte : key)
        fmt::format_to(std::back_inserter(digits), "{:02x}", byte);
    return digits;
}

// "<digits> <cpu> <features>": neither has a space.
std::string fileName(std::string_view digits, std::string_view cpu, std::string_view features) {
    return fmt::format("{} {} {}", digits, cpu, features);
}

bool isPlain(std::string_view text) {
    return text.find_first_of(std::string_view("/ \0", 3)) == std::string_view::npos;
}

// The number behind `prefix`; none when there is anything else, as the "a" of sm_90a, whose code runs nowhere else.
std::optional<unsigned> numberAfter(std::string_view prefix, std::string_view text) {
    unsigned number = 0;
    if (text.substr(0, prefix.size()) != prefix)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + prefix.size(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::filesystem::path folderOf(const std::filesystem::path& pack) {
    return pack / HALYARD_JIT_SOURCE_ID;
}

} // namespace

bool runsOn(std::string_view target, std::string_view cpu, std::string_view features, std::string_view wantedCpu,
            std::string_view wantedFeatures) {
    if (cpu == wantedCpu && features == wantedFeatures)
        return true;
    if (target != "nvptx")
        return false;
    const auto processor = numberAfter("sm_", cpu), wantedProcessor = numberAfter("sm_", wantedCpu);
    const auto version = numberAfter("+ptx", features), wantedVersion = numberAfter("+ptx", wantedFeatures);
    return processor && wantedProcessor && version && wantedVersion && *processor <= *wantedProcessor &&
           *version <= *wantedVersion;
}

void Pack::list() {
    std::error_code fault;
    std::filesystem::directory_iterator entry(folderOf(source_), fault);
    const std::filesystem::directory_iterator end;
    for (; !fault && entry != end; entry.increment(fault)) {
        const std::string name = entry->path().filename().native();
        const size_t second = name.find(' ', kDigits + 1);
        if (name.size() > kDigits && name[kDigits] == ' ' && second != std::string::npos)
            code_[name.substr(0, kDigits)].push_back(
                {name.substr(kDigits + 1, second - kDigits - 1), name.substr(second + 1)});
    }
    if (fault)
        log_.warning("jit", "HALYARD_PACK={}: {}: {}", source_.native(), folderOf(source_).native(), fault.message());
}

std::shared_ptr<const CacheBlob> Pack::get(const CompileRequest& request) {
    if (source_.empty())
        return nullptr;
    std::call_once(listed_, [this] { list(); });
    const CacheKey key = packKey(request);
    const std::string digits = digitsOf(key);
    const auto found = code_.find(digits);
    if (found == code_.end())
        return nullptr;
    const auto rank = [](const Variant& variant) {
        return std::pair(numberAfter("sm_", variant.cpu), numberAfter("+ptx", variant.features));
    };
    const Variant* best = nullptr;
    for (const Variant& variant : found->second) {
        if (!runsOn(request.target, variant.cpu, variant.features, request.cpu, request.features))
            continue;
        if (best == nullptr || rank(*best) < rank(variant))
            best = &variant;
    }
    if (best == nullptr)
        return nullptr;
    const std::filesystem::path path = folderOf(source_) / fileName(digits, best->cpu, best->features);
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    std::unique_ptr<MemoryBlob> blob;
    if (!fd || cache::readEntry(fd.get(), fileKey(key, best->cpu, best->features), blob) != cache::ReadResult::Found) {
        log_.warning("jit", "{} is damaged or cannot be read, and was passed over", path.native());
        return nullptr;
    }
    return blob;
}

void Pack::record(const CompileRequest& request, std::span<const std::byte> artifact) {
    if (destination_.empty())
        return;
    const CacheKey key = packKey(request);
    const std::string name = fileName(digitsOf(key), request.cpu, request.features);
    if (!isPlain(request.cpu) || !isPlain(request.features) || name.size() > kMaxName) {
        log_.warning("jit", "{} is not recorded: its processor makes no file name", request.describe());
        return;
    }
    std::error_code fault;
    const std::filesystem::path folder = folderOf(destination_);
    std::filesystem::create_directories(folder, fault);
    // Processes that record at the same time write the same bytes; each renames a file of its own.
    std::string temporary = (folder / "recording-XXXXXX").native();
    FileDescriptor fd(mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) {
        log_.warning("jit", "HALYARD_PACK_RECORD: cannot write to {}: {}", folder.native(),
                     std::generic_category().message(errno));
        return;
    }
    const bool written = cache::writeEntry(fd.get(), fileKey(key, request.cpu, request.features), artifact) &&
                         fchmod(fd.get(), 0644) == 0 && ::close(fd.release()) == 0 &&
                         ::rename(temporary.c_str(), (folder / name).c_str()) == 0;
    if (!written) {
        log_.warning("jit", "HALYARD_PACK_RECORD: cannot write {}: {}", (folder / name).native(),
                     std::generic_category().message(errno));
        ::unlink(temporary.c_str());
    }
}

std::string Pack::describeMiss() const {
    if (source_.empty())
        return "";
    if (code_.empty())
        return fmt::format("HALYARD_PACK={} has no code of this build's compiler (no folder {}); make it from the same "
                           "sources with tools/make-pack",
                           source_.native(), HALYARD_JIT_SOURCE_ID);
    return fmt::format("HALYARD_PACK={} has no such code; record it with tools/make-pack", source_.native());
}

} // namespace halyard::jit
