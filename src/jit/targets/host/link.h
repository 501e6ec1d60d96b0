// Object file to shared object, in memory.
#pragma once

#include "spv/status.h"

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace halyard::jit::host {

// Symbols that the relocatable ELF object uses and does not define, other than the four memory functions that a
// compiler may call (memcpy, memmove, memset, memcmp). Errors: HY_ERROR_COMPILE_FAILED for what is no such object.
spv::Result<std::set<std::string>> undefinedSymbols(std::string_view object);

// Links relocatable ELF objects, which must not leave undefined symbols, with lld. Not thread-safe (lld keeps global
// state). Errors: HY_ERROR_COMPILE_FAILED with lld's message.
spv::Result<std::string> linkSharedObject(std::span<const std::string> objects);

} // namespace halyard::jit::host
