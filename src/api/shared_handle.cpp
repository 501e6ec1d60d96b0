#include "api/shared_handle.h"

#include "api/check.h"

#include <algorithm>
#include <cstring>

namespace halyard {

const char* shareTypeName(HyShareType type) {
    return type == HY_SHARE_OPAQUE_FD ? "HY_SHARE_OPAQUE_FD" : "HY_SHARE_DMA_BUF";
}

HyResult checkShareType(HyShareType type) {
    if (type == HY_SHARE_OPAQUE_FD || type == HY_SHARE_DMA_BUF)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_ARGUMENT, "type", "use HY_SHARE_OPAQUE_FD or HY_SHARE_DMA_BUF", "type is {}", type);
}

void writeIpcHandle(const Device& device, IpcWords words, HyIpcHandle* outHandle) {
    std::memcpy(words.backend, device.properties.backend, sizeof words.backend - 1);
    std::memcpy(words.uuid, device.properties.uuid, sizeof words.uuid);
    std::memcpy(outHandle, &words, sizeof words);
}

HyResult readIpcHandle(const Device& device, const HyIpcHandle* handle, uint64_t magic, const char* getter,
                       IpcWords& outWords) {
    IpcWords words{};
    std::memcpy(&words, handle, sizeof words);
    if (words.magic != magic || words.backend[sizeof words.backend - 1] != '\0' || words.reserved[0] != 0 ||
        words.reserved[1] != 0) {
        const bool other = words.magic == kIpcMemory || words.magic == kIpcEvent;
        return fail(HY_ERROR_INVALID_ARGUMENT, "handle", fmt::format("pass all 128 bytes that {} gave", getter), "{}",
                    other && words.magic != magic ? "this is the handle of another kind of object"
                                                  : "these are not the bytes of a handle");
    }
    const HyDeviceProperties& properties = device.properties;
    if (std::strncmp(words.backend, properties.backend, sizeof words.backend - 1) != 0 ||
        !std::equal(std::begin(words.uuid), std::end(words.uuid), properties.uuid)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "handle", "open it with the same device of the same backend",
                    "the handle belongs to another device of the {} backend than {}", words.backend,
                    properties.selector);
    }
    outWords = words;
    return HY_SUCCESS;
}

} // namespace halyard
