#include "print.h"

#include "printf/record.h"

#include <cstring>

namespace halyard::cpu {
namespace {

constexpr size_t kMaxTextBytes = 1 << 20; // of one %s: a bound for a string without its end

std::string textAt(uint64_t address) {
    const auto* text = reinterpret_cast<const char*>(address);
    return text != nullptr ? std::string(text, strnlen(text, kMaxTextBytes)) : "(null)";
}

int32_t print(void* context, const char* format, const void* record, uint32_t bytes) {
    try {
        const auto* first = static_cast<const uint8_t*>(record);
        const std::vector<printf::Argument> arguments = printf::readRecord({first, bytes}, textAt);
        return static_cast<const Host*>(context)->print(printf::formatText(format, arguments)) ? 0 : -1;
    } catch (const std::bad_alloc&) {
        return -1; // what printf answers when it fails; the kernel goes on
    }
}

} // namespace

HyHostPrint printService(const Host& host) {
    return {print, const_cast<Host*>(&host)};
}

} // namespace halyard::cpu
