// Calls as text: every argument by its type, whatever the function.
#pragma once

#include "halyard/layer.h"

#include <fmt/format.h>

#include <string_view>
#include <type_traits>

namespace halyard::layers {

using Text = fmt::memory_buffer;

// One parameter of a function as its declaration names it.
struct ParameterText {
    std::string_view type, name;
};
// Takes the next parameter from "(HyDevice device, uint64_t bytes)"; `rest` begins as the whole text.
ParameterText nextParameter(std::string_view& rest);

void append(Text& out, std::string_view text);
void appendNumber(Text& out, std::string_view type, uint64_t value);
void appendSigned(Text& out, int64_t value);
void appendAddress(Text& out, const void* address);
void appendString(Text& out, const char* string);
// "stream#3.1": slot and generation of the handle.
void appendHandle(Text& out, const char* kind, const void* handle);

// The structures that say more than their address.
void appendStruct(Text& out, const HyDim3& value);
void appendStruct(Text& out, const HyInstanceDesc& value);
void appendStruct(Text& out, const HyStreamDesc& value);
void appendStruct(Text& out, const HyCopy3D& value);
void appendStruct(Text& out, const HyFill3D& value);
void appendStruct(Text& out, const HyModuleDesc& value);
void appendStruct(Text& out, const HyLaunchDesc& value);
void appendStruct(Text& out, const HyPointerInfo& value);
void appendStruct(Text& out, const HyDeviceProperties& value);
void appendStruct(Text& out, const HyKernelInfo& value);
void appendStruct(Text& out, const HyParameterInfo& value);
void appendStruct(Text& out, const HyBackendInfo& value);
void appendStruct(Text& out, const HyNativeHandle& value);

template <typename T>
concept HasText = requires(Text& out, const T& value) {
    appendStruct(out, value);
};

template <typename T> struct HandleKind { static constexpr const char* kName = nullptr; };
#define HALYARD_HANDLE(type, name)                                                                                     \
    template <> struct HandleKind<type> { static constexpr const char* kName = name; };
HALYARD_HANDLE(HyInstance, "instance")
HALYARD_HANDLE(HyDevice, "device")
HALYARD_HANDLE(HyStream, "stream")
HALYARD_HANDLE(HyEvent, "event")
HALYARD_HANDLE(HyModule, "module")
HALYARD_HANDLE(HyKernel, "kernel")
HALYARD_HANDLE(HyMemoryPool, "pool")
HALYARD_HANDLE(HyPhysicalMemory, "physical")
HALYARD_HANDLE(HyGraph, "graph")
HALYARD_HANDLE(HyGraphExec, "graphexec")
HALYARD_HANDLE(HySemaphore, "semaphore")
#undef HALYARD_HANDLE

// `filled`: what an out parameter points to may be read, because the call has succeeded.
template <typename T> void appendValue(Text& out, const ParameterText& parameter, const T& value, bool filled) {
    if constexpr (HasText<T>) {
        appendStruct(out, value);
    } else if constexpr (std::is_integral_v<T>) {
        if constexpr (std::is_signed_v<T>)
            appendSigned(out, value);
        else
            appendNumber(out, parameter.type, value);
    } else if constexpr (!std::is_pointer_v<T>) {
        append(out, "{...}");
    } else if constexpr (HandleKind<T>::kName != nullptr) {
        appendHandle(out, HandleKind<T>::kName, value);
    } else if constexpr (std::is_same_v<T, const char*>) {
        appendString(out, value);
    } else if constexpr (std::is_function_v<std::remove_pointer_t<T>>) {
        appendAddress(out, reinterpret_cast<const void*>(value));
    } else {
        using Target = std::remove_cv_t<std::remove_pointer_t<T>>;
        constexpr bool kInput = std::is_const_v<std::remove_pointer_t<T>>;
        const bool readable = value != nullptr && (kInput || (filled && parameter.name.starts_with("out")));
        if constexpr (std::is_integral_v<Target> || HandleKind<Target>::kName != nullptr ||
                      std::is_same_v<Target, const char*> || HasText<Target>) {
            if (readable) {
                ParameterText pointee = parameter;
                if (pointee.type.ends_with('*'))
                    pointee.type.remove_suffix(1);
                return appendValue(out, pointee, static_cast<const Target&>(*value), filled);
            }
        }
        appendAddress(out, reinterpret_cast<const void*>(value));
    }
}

} // namespace halyard::layers
