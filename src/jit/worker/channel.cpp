#include "jit/worker/channel.h"

#include "jit/protocol.h"

#include <cerrno>

#include <unistd.h>

namespace halyard::jit {

namespace {

// Bytes read before the end of the stream or an error.
size_t readAll(int fd, void* data, size_t size) {
    size_t done = 0;
    while (done < size) {
        const ssize_t got = read(fd, static_cast<char*>(data) + done, size - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        done += got > 0 ? static_cast<size_t>(got) : 0;
    }
    return done;
}

bool writeAll(int fd, const void* data, size_t size) {
    size_t done = 0;
    while (done < size) {
        const ssize_t put = write(fd, static_cast<const char*>(data) + done, size - done);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        done += put > 0 ? static_cast<size_t>(put) : 0;
    }
    return true;
}

} // namespace

ReadResult readFrame(int fd, Frame& frame) {
    FrameHeader header;
    const size_t got = readAll(fd, &header, sizeof header);
    if (got == 0) {
        return ReadResult::End;
    }
    if (got != sizeof header || header.magic != FrameHeader::kMagic || header.jsonSize > FrameHeader::kMaxJson ||
        header.blobSize > FrameHeader::kMaxBlob) {
        return ReadResult::Malformed;
    }
    frame.json.resize(header.jsonSize);
    frame.blob.resize(header.blobSize);
    const bool whole = readAll(fd, frame.json.data(), frame.json.size()) == frame.json.size() &&
                       readAll(fd, frame.blob.data(), frame.blob.size()) == frame.blob.size();
    return whole ? ReadResult::Frame : ReadResult::Malformed;
}

bool writeFrame(int fd, const HyJitMessage& message) {
    FrameHeader header;
    header.jsonSize = static_cast<uint32_t>(message.jsonSize);
    header.blobSize = message.blobSize;
    return writeAll(fd, &header, sizeof header) && writeAll(fd, message.json, message.jsonSize) &&
           writeAll(fd, message.blob, message.blobSize);
}

} // namespace halyard::jit
