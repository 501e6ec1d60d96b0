#include "layers/log/decode.h"

#include "api/handle_table.h"
#include "base/struct_size.h"

namespace halyard::layers {
namespace {

constexpr size_t kLongestString = 80;

template <typename... Args> void format(Text& out, fmt::format_string<Args...> pattern, Args&&... args) {
    fmt::format_to(std::back_inserter(out), pattern, std::forward<Args>(args)...);
}

// A structure that a program of any version made, complete; null when it is too short to have a size.
template <typename T> bool complete(Text& out, const T& in, T& full) {
    if (readStruct(&in, full, sizeof(uint32_t)) == StructFault::None)
        return true;
    format(out, "{{structSize={}: not readable}}", in.structSize);
    return false;
}

const char* levelName(uint64_t level) {
    constexpr const char* kNames[] = {"off", "error", "warning", "info", "debug"};
    return level < std::size(kNames) ? kNames[level] : nullptr;
}

const char* kindName(HyMemoryKind kind) {
    return kind == HY_MEMORY_DEVICE ? "device" : kind == HY_MEMORY_HOST_REGISTERED ? "registered" : "other";
}

const char* parameterKindName(HyParameterKind kind) {
    constexpr const char* kNames[] = {"value", "global pointer", "local pointer", "push constants"};
    return kind < std::size(kNames) ? kNames[kind] : "unknown";
}

const char* formatName(HyModuleFormat format) {
    constexpr const char* kNames[] = {"auto",   "spirv",           "ptx",      "cubin",
                                      "fatbin", "amd code object", "host elf", "fat file"};
    return format < std::size(kNames) ? kNames[format] : "unknown";
}

const char* orNull(const char* string) {
    return string != nullptr ? string : "";
}

} // namespace

ParameterText nextParameter(std::string_view& rest) {
    if (rest.starts_with('('))
        rest.remove_prefix(1);
    size_t end = rest.find(',');
    if (end == std::string_view::npos)
        end = rest.rfind(')');
    const std::string_view one = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const size_t split = one.find_last_of(" *");
    if (split == std::string_view::npos)
        return {one, one};
    std::string_view type = one.substr(0, split + 1);
    type = type.substr(0, type.find_last_not_of(' ') + 1);
    return {type, one.substr(split + 1)};
}

void append(Text& out, std::string_view text) {
    out.append(text.data(), text.data() + text.size());
}

void appendNumber(Text& out, std::string_view type, uint64_t value) {
    if (type == "HyDevicePtr")
        format(out, "{:#x}", value);
    else if (type == "HyLogLevel" && levelName(value) != nullptr)
        append(out, levelName(value));
    else if (type == "uint64_t" && value == HY_TIMEOUT_INFINITE)
        append(out, "infinite");
    else
        format(out, "{}", value);
}

void appendSigned(Text& out, int64_t value) {
    format(out, "{}", value);
}

void appendAddress(Text& out, const void* address) {
    if (address == nullptr)
        append(out, "null");
    else
        format(out, "{}", fmt::ptr(address));
}

void appendString(Text& out, const char* string) {
    if (string == nullptr)
        return append(out, "null");
    std::string_view text(string);
    const bool isLong = text.size() > kLongestString;
    format(out, "\"{}\"{}", text.substr(0, kLongestString), isLong ? "..." : "");
}

void appendHandle(Text& out, const char* kind, const void* handle) {
    const auto word = reinterpret_cast<uint64_t>(handle);
    if (word >> 56 == HandleTable::kMagic)
        format(out, "{}#{}.{}", kind, word & HandleTable::kIndexMask, (word >> HandleTable::kIndexBits) & 0xffffff);
    else if (handle == nullptr)
        append(out, "null");
    else
        format(out, "{}?{:#x}", kind, word);
}

void appendStruct(Text& out, const HyDim3& value) {
    format(out, "{}x{}x{}", value.x, value.y, value.z);
}

void appendStruct(Text& out, const HyInstanceDesc& value) {
    HyInstanceDesc full{};
    if (complete(out, value, full))
        format(out, "{{devices=\"{}\", layers=\"{}\"}}", orNull(full.devices), orNull(full.layers));
}

void appendStruct(Text& out, const HyStreamDesc& value) {
    HyStreamDesc full{};
    if (complete(out, value, full))
        format(out, "{{flags={:#x}, priority={}}}", full.flags, full.priority);
}

void appendStruct(Text& out, const HyCopy3D& value) {
    HyCopy3D full{};
    if (complete(out, value, full))
        format(out, "{{dst={:#x} pitches {} {}, src={:#x} pitches {} {}, {} bytes x {} x {}}}", full.dst,
               full.dstRowPitch, full.dstSlicePitch, full.src, full.srcRowPitch, full.srcSlicePitch, full.widthBytes,
               full.height, full.depth);
}

void appendStruct(Text& out, const HyFill3D& value) {
    HyFill3D full{};
    if (complete(out, value, full))
        format(out, "{{dst={:#x} pitches {} {}, {} patterns of {} bytes x {} x {}}}", full.dst, full.rowPitch,
               full.slicePitch, full.width, full.patternBytes, full.height, full.depth);
}

void appendStruct(Text& out, const HyModuleDesc& value) {
    HyModuleDesc full{};
    if (complete(out, value, full))
        format(out, "{{flags={:#x}, {} bytes at {}, format {}, {} specialisation constants}}", full.flags,
               full.dataBytes, full.data, formatName(full.format), full.specConstantCount);
}

void appendStruct(Text& out, const HyLaunchDesc& value) {
    HyLaunchDesc full{};
    if (!complete(out, value, full))
        return;
    format(out, "{{flags={:#x}, stream=", full.flags);
    appendHandle(out, "stream", full.stream);
    append(out, ", kernel=");
    appendHandle(out, "kernel", full.kernel);
    append(out, ", workgroups=");
    appendStruct(out, full.workgroups);
    append(out, ", workgroupSize=");
    appendStruct(out, full.workgroupSize);
    if (full.packedArgs != nullptr)
        format(out, ", {} bytes of packed arguments}}", full.packedArgBytes);
    else
        format(out, ", {} arguments}}", full.argCount);
}

void appendStruct(Text& out, const HyPointerInfo& value) {
    format(out, "{{{} memory {:#x}+{} of {} bytes}}", kindName(value.kind), value.base, value.offset, value.bytes);
}

void appendStruct(Text& out, const HyDeviceProperties& value) {
    format(out, "{{{} \"{}\"}}", value.selector, value.name);
}

void appendStruct(Text& out, const HyKernelInfo& value) {
    format(out, "{{\"{}\", {} parameters}}", orNull(value.name), value.parameterCount);
}

void appendStruct(Text& out, const HyParameterInfo& value) {
    format(out, "{{{}, {} bytes}}", parameterKindName(value.kind), value.bytes);
}

void appendStruct(Text& out, const HyBackendInfo& value) {
    format(out, "{{\"{}\"}}", orNull(value.name));
}

void appendStruct(Text& out, const HyNativeHandle& value) {
    format(out, "{{{} {:#x}}}", orNull(value.typeName), value.value);
}

} // namespace halyard::layers
