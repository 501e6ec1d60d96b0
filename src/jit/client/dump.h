// What a failed compilation leaves for a report.
#pragma once

#include "jit/client/outcome.h"
#include "jit/client/request.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace halyard::jit {

// The text that a compiler emits for ("kir" or "ir"); none when it cannot.
using EmitText = std::function<std::optional<std::string>(const char* emit)>;

// The dumps of one Compiler. Thread-safe.
class DumpWriter {
public:
    // Touches no file.
    explicit DumpWriter(std::filesystem::path root) : root_(std::move(root)) {}

    // Saves module.spv, request.json, stderr.txt, and kir.ll and ir.ll as far as the stages before the failing one
    // reach, in a new directory below the root (made with mode 0700; refused when others may write to it), and names it
    // in the outcome's hint. Saves at most 16, so that a loop of failures does not fill the disk. Never fails: the hint
    // says why nothing was saved.
    void save(const CompileRequest& request, const EmitText& emit, Outcome& outcome);

private:
    const std::filesystem::path root_;
    std::atomic<unsigned> saved_{0};
};

} // namespace halyard::jit
