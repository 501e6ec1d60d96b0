// Object file to shared object, in memory.
#pragma once

#include "spv/status.h"

#include <string>
#include <string_view>

namespace halyard::jit::host {

// Links one relocatable ELF object with lld. Not thread-safe (lld keeps global state).
// Errors: HY_ERROR_COMPILE_FAILED naming undefined symbols other than the four memory functions that a compiler may
// call (memcpy, memmove, memset, memcmp), or with lld's message.
spv::Result<std::string> linkSharedObject(std::string_view object);

} // namespace halyard::jit::host
