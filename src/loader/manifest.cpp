#include "loader/manifest.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>

namespace halyard {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kManifestFormat = 1;
constexpr size_t kMaxManifestBytes = 1 << 20;
constexpr int32_t kMaxPriority = 999;

class File {
public:
    // O_NONBLOCK: opening a pipe that somebody put there must not hang the application.
    explicit File(const fs::path& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

std::string readSmallFile(const fs::path& path, std::string& out) {
    const File file(path);
    struct stat info {};
    if (file.descriptor() < 0 || fstat(file.descriptor(), &info) != 0)
        return fmt::format("cannot be opened: {}", std::strerror(errno));
    if (!S_ISREG(info.st_mode))
        return "is not a regular file";
    char buffer[4096];
    for (;;) {
        const ssize_t count = ::read(file.descriptor(), buffer, sizeof buffer);
        if (count < 0)
            return fmt::format("cannot be read: {}", std::strerror(errno));
        if (count == 0)
            return {};
        out.append(buffer, static_cast<size_t>(count));
        if (out.size() > kMaxManifestBytes)
            return fmt::format("is larger than {} bytes, the limit for a manifest", kMaxManifestBytes);
    }
}

// Reads fields of one manifest; the first fault wins and names the field.
class Reader {
public:
    explicit Reader(Log& log) : log_(log) {}

    std::string read(const json& root, const fs::path& directory, Manifest& out) {
        checkFormat(root);
        readName(root, out.name);
        readLibrary(root, directory, out.library);
        readAbi(root, out);
        readPriority(root, out.priority);
        readProbes(root, out.probes);
        return std::move(fault_);
    }

private:
    template <typename... Args> void setFault(fmt::format_string<Args...> format, Args&&... args) {
        if (fault_.empty())
            fault_ = fmt::format(format, std::forward<Args>(args)...);
    }

    // Null when absent.
    static const json* find(const json& object, const char* key) {
        const auto entry = object.find(key);
        return entry == object.end() ? nullptr : &*entry;
    }

    // A string that can be a path or a name: present, not empty, without an embedded nul that would cut it short.
    bool takeString(const json& object, const char* key, const std::string& field, std::string& out) {
        const json* value = find(object, key);
        if (value == nullptr) {
            setFault("\"{}\" is missing", field);
            return false;
        }
        const auto* text = value->get_ptr<const std::string*>();
        if (text == nullptr || text->empty() || text->find('\0') != std::string::npos) {
            setFault("\"{}\" must be a string that is not empty and has no nul character", field);
            return false;
        }
        out = *text;
        return true;
    }

    void checkFormat(const json& root) {
        const json* version = find(root, "halyardBackendManifest");
        if (version == nullptr)
            setFault("\"halyardBackendManifest\" is missing: this is not a backend manifest");
        else if (!version->is_number_integer() || *version < 1)
            setFault("\"halyardBackendManifest\" must be {}", kManifestFormat);
        else if (*version > kManifestFormat)
            setFault("it has format {}, newer than {}, which this Halyard reads: update Halyard", version->dump(),
                     kManifestFormat);
    }

    void readName(const json& root, std::string& out) {
        std::string name;
        if (!takeString(root, "name", "name", name))
            return;
        if (isBackendName(name))
            out = std::move(name);
        else
            setFault("\"name\" is {}: {}", json(name).dump(-1, ' ', true, json::error_handler_t::replace),
                     kBackendNameRule);
    }

    void readLibrary(const json& root, const fs::path& directory, fs::path& out) {
        std::string library;
        if (takeString(root, "library", "library", library))
            out = (directory / library).lexically_normal();
    }

    void readAbi(const json& root, Manifest& out) {
        std::string text;
        if (!takeString(root, "abi", "abi", text))
            return;
        const char* end = text.data() + text.size();
        uint16_t major = 0, minor = 0; // the interface's own width
        const auto [dot, majorFault] = std::from_chars(text.data(), end, major);
        if (majorFault == std::errc() && dot != end && *dot == '.') {
            const auto [last, minorFault] = std::from_chars(dot + 1, end, minor);
            if (minorFault == std::errc() && last == end) {
                out.abiMajor = major;
                out.abiMinor = minor;
                return;
            }
        }
        setFault("\"abi\" must be two numbers such as \"1.0\"");
    }

    void readPriority(const json& root, int32_t& out) {
        const json* value = find(root, "priority");
        if (value == nullptr)
            return;
        if (value->is_number_integer() && *value >= 0 && *value <= kMaxPriority)
            out = value->get<int32_t>();
        else
            setFault("\"priority\" must be a whole number from 0 to {}", kMaxPriority);
    }

    void readProbes(const json& root, std::vector<ProbeGroup>& out) {
        const json* groups = find(root, "probes");
        if (groups == nullptr)
            return;
        if (!groups->is_array())
            setFault("\"probes\" must be an array");
        for (size_t i = 0; fault_.empty() && i < groups->size(); ++i)
            readGroup((*groups)[i], fmt::format("probes[{}]", i), out.emplace_back());
    }

    void readGroup(const json& group, const std::string& field, ProbeGroup& out) {
        const json* alternatives = group.is_object() ? find(group, "anyOf") : nullptr;
        if (alternatives == nullptr || !alternatives->is_array() || alternatives->empty()) {
            setFault("\"{}.anyOf\" must be an array with at least one probe", field);
            return;
        }
        if (find(group, "hint") != nullptr)
            takeString(group, "hint", field + ".hint", out.hint);
        for (size_t i = 0; fault_.empty() && i < alternatives->size(); ++i)
            out.anyOf.push_back(readProbe((*alternatives)[i], fmt::format("{}.anyOf[{}]", field, i)));
    }

    Probe readProbe(const json& probe, const std::string& field) {
        if (!probe.is_object() || probe.size() != 1) {
            setFault("\"{}\" must be an object with one key, the kind of probe", field);
            return UnknownProbe{};
        }
        const std::string& kind = probe.begin().key();
        std::string text;
        if (kind == "soname") {
            if (takeString(probe, "soname", field + ".soname", text) && text.find('/') != std::string::npos)
                setFault("\"{}.soname\" must be a file name without '/'", field);
            return SonameProbe{std::move(text)};
        }
        if (kind == "device") {
            if (takeString(probe, "device", field + ".device", text) && text.front() != '/')
                setFault("\"{}.device\" must be an absolute path", field);
            return DeviceProbe{std::move(text)};
        }
        if (kind == "pciVendor")
            return readPciVendor(probe, field);
        log_.debug("loader", "{}: probe of unknown kind {} ignored", field,
                   json(kind).dump(-1, ' ', true, json::error_handler_t::replace));
        return UnknownProbe{kind};
    }

    Probe readPciVendor(const json& probe, const std::string& field) {
        std::string text;
        uint16_t vendor = 0;
        if (!takeString(probe, "pciVendor", field + ".pciVendor", text))
            return UnknownProbe{};
        const char* end = text.data() + text.size();
        if (text.size() == 6 && text.starts_with("0x")) {
            const auto [last, fault] = std::from_chars(text.data() + 2, end, vendor, 16);
            if (fault == std::errc() && last == end)
                return PciVendorProbe{vendor};
        }
        setFault("\"{}.pciVendor\" must be four hexadecimal digits such as \"0x10de\"", field);
        return UnknownProbe{};
    }

    Log& log_;
    std::string fault_;
};

} // namespace

bool isBackendName(std::string_view name) {
    const auto isLetter = [](char c) { return c >= 'a' && c <= 'z'; };
    const auto isAllowed = [&](char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    return !name.empty() && name.size() <= 31 && isLetter(name.front()) && name != "uuid" &&
           std::all_of(name.begin(), name.end(), isAllowed);
}

std::string parseManifest(std::string_view text, const fs::path& directory, Manifest& out, Log& log) {
    const json root = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (root.is_discarded())
        return "is not JSON";
    if (!root.is_object())
        return "must be a JSON object";
    return Reader(log).read(root, directory, out);
}

std::string readManifest(const fs::path& path, Manifest& out, Log& log) {
    std::string text;
    std::string fault = readSmallFile(path, text);
    return fault.empty() ? parseManifest(text, path.parent_path(), out, log) : fault;
}

} // namespace halyard
