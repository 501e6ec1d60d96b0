// What a failed compilation leaves for a report.
#pragma once

#include "jit/client/outcome.h"
#include "jit/client/request.h"

#include <filesystem>
#include <functional>
#include <optional>

namespace halyard::jit {

// The text that a compiler emits for ("kir" or "ir"); none when it cannot.
using EmitText = std::function<std::optional<std::string>(const char* emit)>;

// Saves module.spv, request.json, stderr.txt, and kir.ll and ir.ll as far as the stages before the failing one reach,
// in a new directory below `root` (made with mode 0700; refused when it belongs to another user), and names it in the
// outcome's hint. A process saves at most 16, so that a loop of failures does not fill the disk. Never fails: the hint
// says why nothing was saved.
void saveDump(const std::filesystem::path& root, const CompileRequest& request, const EmitText& emit, Outcome& outcome);

} // namespace halyard::jit
