#include "jit/fault.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include <unistd.h>

namespace halyard::jit {

namespace {

[[noreturn]] void hang() {
    while (true) {
        pause();
    }
}

[[noreturn]] void exhaustMemory() {
    constexpr size_t kStep = 16u << 20;
    while (true) {
        void* block = ::operator new(kStep);
        std::memset(block, 1, kStep);
        asm volatile("" : : "r"(block) : "memory"); // or the pair of allocation and fill is optimised away
    }
}

} // namespace

void injectFault(const std::string& stage) {
    const char* value = secure_getenv("HALYARD_JIT_FAULT");
    if (value == nullptr) {
        return;
    }
    const std::string_view fault(value);
    const size_t colon = fault.find(':');
    if (colon == std::string_view::npos || fault.substr(colon + 1) != stage) {
        return;
    }
    const std::string_view kind = fault.substr(0, colon);
    if (kind == "crash") {
        std::abort();
    } else if (kind == "hang") {
        hang();
    } else if (kind == "memory") {
        exhaustMemory();
    }
}

} // namespace halyard::jit
