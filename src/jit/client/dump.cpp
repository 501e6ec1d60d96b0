#include "jit/client/dump.h"

#include "cache/directory.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <system_error>

namespace halyard::jit {
namespace {

constexpr unsigned kMaxDumps = 16;
constexpr size_t kMaxNameBytes = 40;

// Kernel names come from the module: only letters that mean nothing to a file system stay.
std::string directoryPattern(const std::filesystem::path& root, std::string_view kernel) {
    std::string name(kernel.substr(0, kMaxNameBytes));
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return c >= 128 || (!std::isalnum(c) && c != '_'); }, '_');
    return (root / (name + "-XXXXXX")).native();
}

bool writeFile(int directory, const char* name, const void* data, size_t size) {
    const FileDescriptor fd(openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    const auto* cursor = static_cast<const char*>(data);
    while (fd && size > 0) {
        const ssize_t count = write(fd.get(), cursor, size);
        if (count <= 0 && errno != EINTR)
            return false;
        cursor += std::max<ssize_t>(count, 0);
        size -= static_cast<size_t>(std::max<ssize_t>(count, 0));
    }
    return static_cast<bool>(fd);
}

bool writeFile(int directory, const char* name, std::string_view text) {
    return writeFile(directory, name, text.data(), text.size());
}

std::string requestText(const CompileRequest& request, const Outcome& outcome) {
    const nlohmann::json document = {{"op", "compile"},
                                     {"id", 1},
                                     {"kernel", request.kernel},
                                     {"target", request.target},
                                     {"cpu", request.cpu},
                                     {"features", request.features},
                                     {"workgroupSize", request.workgroupSize},
                                     {"subgroupSize", request.subgroupSize},
                                     {"fastMath", (request.flags & HY_JIT_FAST_MATH) != 0},
                                     {"emit", "artifact"},
                                     {"buildId", buildId()},
                                     {"failedStage", outcome.stage},
                                     {"failure", outcome.message}};
    return document.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

void append(std::string& hint, const std::string& words) {
    hint += hint.empty() ? words : "; " + words;
}

} // namespace

void DumpWriter::save(const CompileRequest& request, const EmitText& emit, Outcome& outcome) {
    if (saved_.fetch_add(1) >= kMaxDumps)
        return append(outcome.hint, fmt::format("not saved: this instance has saved {} dumps already", kMaxDumps));
    const cache::OpenedDirectory parent = cache::openOrCreateDirectory(root_);
    if (!parent.fd)
        return append(outcome.hint, fmt::format("nothing is saved, set HALYARD_DUMP_DIR: {}", parent.problem));
    std::string path = directoryPattern(root_, request.kernel);
    if (mkdtemp(path.data()) == nullptr)
        return append(outcome.hint, fmt::format("nothing is saved: cannot create a directory in {}: {}", root_.native(),
                                                std::generic_category().message(errno)));
    const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    bool complete = writeFile(directory.get(), "module.spv", request.spirv.data(), request.spirv.size());
    complete = writeFile(directory.get(), "request.json", requestText(request, outcome)) && complete;
    complete = writeFile(directory.get(), "stderr.txt", outcome.diagnostics) && complete;
    const bool imported = !outcome.stage.empty() && outcome.stage != "import";
    const bool optimised = outcome.stage == "codegen" || outcome.stage == "link";
    if (imported) {
        if (const std::optional<std::string> text = emit("kir"))
            complete = writeFile(directory.get(), "kir.ll", *text) && complete;
    }
    if (optimised) {
        if (const std::optional<std::string> text = emit("ir"))
            complete = writeFile(directory.get(), "ir.ll", *text) && complete;
    }
    append(outcome.hint, fmt::format("the module and the request are in {}{}: please report them", path,
                                     complete ? "" : " (incomplete: the disk may be full)"));
}

} // namespace halyard::jit
