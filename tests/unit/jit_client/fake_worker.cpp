// fake_jit behind the frames of protocol.h. FAKE_START makes it misbehave before the first frame: exit:<status>,
// loader, hang, silent. Kernel names that are about frames: garbage oversize huge partial exit dieafter dienext.
#include "jit/jit.h"
#include "jit/protocol.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unistd.h>

namespace {
using halyard::jit::FrameHeader;
using halyard::jit::kWorkerReplyFd;
using halyard::jit::kWorkerRequestFd;

bool readAll(void* data, size_t size) {
    for (auto* cursor = static_cast<char*>(data); size > 0;) {
        const ssize_t count = read(kWorkerRequestFd, cursor, size);
        if (count <= 0)
            return false;
        cursor += count;
        size -= static_cast<size_t>(count);
    }
    return true;
}

void writeAll(const void* data, size_t size) {
    for (const auto* cursor = static_cast<const char*>(data); size > 0;) {
        const ssize_t count = write(kWorkerReplyFd, cursor, size);
        if (count <= 0)
            _exit(3);
        cursor += count;
        size -= static_cast<size_t>(count);
    }
}

void writeFrame(void*, const HyJitMessage* message) {
    FrameHeader header;
    header.jsonSize = static_cast<uint32_t>(message->jsonSize);
    header.blobSize = message->blobSize;
    writeAll(&header, sizeof header);
    writeAll(message->json, message->jsonSize);
    writeAll(message->blob, message->blobSize);
}

bool asksFor(const std::string& json, const char* kernel) {
    return json.find("\"kernel\":\"" + std::string(kernel) + "\"") != std::string::npos;
}

void misbehaveAtStart() {
    const char* start = getenv("FAKE_START");
    if (start == nullptr)
        return;
    if (std::strncmp(start, "exit:", 5) == 0)
        _exit(std::atoi(start + 5));
    if (std::strcmp(start, "loader") == 0) {
        std::fputs(
            "halyard-jit: error while loading shared libraries: libLLVM.so.22.1: cannot open shared object file\n",
            stderr);
        _exit(127);
    }
    while (std::strcmp(start, "hang") == 0)
        pause();
}

void misbehaveInFrames(const std::string& json) {
    if (asksFor(json, "garbage")) {
        const std::string garbage(4096, 'G');
        writeAll(garbage.data(), garbage.size());
    } else if (asksFor(json, "oversize")) {
        FrameHeader header;
        header.jsonSize = FrameHeader::kMaxJson + 1;
        writeAll(&header, sizeof header);
    } else if (asksFor(json, "huge")) {
        FrameHeader header;
        header.blobSize = FrameHeader::kMaxBlob + 1;
        writeAll(&header, sizeof header);
    } else if (asksFor(json, "partial")) {
        const FrameHeader header{.jsonSize = 100};
        writeAll(&header, sizeof header);
        _exit(0);
    } else if (asksFor(json, "exit")) {
        _exit(5);
    }
}

} // namespace

int main() {
    misbehaveAtStart();
    bool dieNext = false;
    FrameHeader header;
    while (readAll(&header, sizeof header)) {
        std::string json(header.jsonSize, '\0'), blob(header.blobSize, '\0');
        if (!readAll(json.data(), json.size()) || !readAll(blob.data(), blob.size()) || dieNext)
            return 1;
        misbehaveInFrames(json);
        const HyJitMessage message = {json.data(), json.size(), reinterpret_cast<const uint8_t*>(blob.data()),
                                      blob.size()};
        hyJitHandle(&message, writeFrame, nullptr);
        if (asksFor(json, "dieafter"))
            return 0;
        dieNext = asksFor(json, "dienext");
    }
    return 0;
}
