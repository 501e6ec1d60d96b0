#include "printf/record.h"

#include <cstring>

namespace halyard::printf {

std::vector<Argument> readRecord(std::span<const uint8_t> record, const std::function<std::string(uint64_t)>& textAt) {
    std::vector<Argument> arguments;
    while (record.size() >= kEntryHeaderBytes) {
        uint32_t kind = 0;
        uint16_t bytes = 0, count = 0;
        std::memcpy(&kind, record.data(), 4);
        std::memcpy(&bytes, record.data() + 4, 2);
        std::memcpy(&count, record.data() + 6, 2);
        record = record.subspan(kEntryHeaderBytes);
        const size_t size = (size_t{bytes} * count + kEntryAlignment - 1) / kEntryAlignment * kEntryAlignment;
        const bool known = kind <= static_cast<uint32_t>(Argument::Kind::Text) &&
                           (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
        if (!known || size > record.size())
            return arguments;
        Argument argument;
        argument.kind = static_cast<Argument::Kind>(kind);
        argument.bytes = bytes;
        for (size_t i = 0; i < count; ++i) {
            uint64_t bits = 0;
            std::memcpy(&bits, record.data() + i * bytes, bytes);
            argument.components.push_back(bits);
        }
        if (argument.kind == Argument::Kind::Text) {
            argument.text = count == 1 && bytes == 8 ? textAt(argument.components[0]) : std::string();
            argument.components.clear();
        }
        arguments.push_back(std::move(argument));
        record = record.subspan(size);
    }
    return arguments;
}

} // namespace halyard::printf
