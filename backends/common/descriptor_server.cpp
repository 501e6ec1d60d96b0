#include "common/descriptor_server.h"

#include "base/block_signals.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace halyard::common {
namespace {

constexpr uint64_t kMagic = 0x3164667961687568; // "huhayfd1" in memory

struct Request {
    uint64_t magic;
    uint64_t number;
    uint64_t secret;
};

struct Answer {
    uint64_t magic;
    uint64_t found; // 1: the descriptor comes with it
    uint64_t about;
};

// Of a socket in the system's namespace without files; it is gone with its process.
socklen_t addressOf(const uint64_t (&token)[2], sockaddr_un& out) {
    out = {};
    out.sun_family = AF_UNIX;
    const int length =
        std::snprintf(out.sun_path + 1, sizeof out.sun_path - 1, "halyard-%016llx%016llx",
                      static_cast<unsigned long long>(token[0]), static_cast<unsigned long long>(token[1]));
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<size_t>(length));
}

bool isSameUser(int peer) {
    ucred about{};
    socklen_t bytes = sizeof about;
    return getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &about, &bytes) == 0 && about.uid == geteuid();
}

void limitWaits(int socket, int milliseconds) {
    const timeval limit{milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool fail(Fault& outFault, Fault fault) {
    outFault = std::move(fault);
    return false;
}

bool failSystem(Fault& outFault, HyResult code, const char* words, int error) {
    return fail(outFault, {code, words, "", "", error});
}

// A message with one descriptor, or room for one.
union Control {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

} // namespace

DescriptorServer& DescriptorServer::get() {
    static DescriptorServer& only = *new DescriptorServer; // outlives every instance
    return only;
}

bool DescriptorServer::start(Fault& outFault) {
    if (thread_.joinable())
        return true;
    if (getrandom(token_, sizeof token_, 0) != sizeof token_)
        return failSystem(outFault, HY_ERROR_NATIVE, "the system gives no random numbers (getrandom)", errno);
    FileDescriptor made(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address;
    const socklen_t length = addressOf(token_, address);
    constexpr int kQueue = 64;
    if (!made || bind(made.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        listen(made.get(), kQueue) != 0)
        return failSystem(outFault, HY_ERROR_NATIVE, "other processes cannot be given memory: no Unix socket", errno);
    socket_ = std::move(made);
    try {
        const BlockSignals blocked;
        thread_ = std::thread([this] { serve(); });
    } catch (const std::system_error& error) {
        socket_.reset();
        return failSystem(outFault, HY_ERROR_OUT_OF_HOST_MEMORY, "a thread cannot be started", error.code().value());
    }
    return true;
}

bool DescriptorServer::offer(FileDescriptor descriptor, uint64_t about, DescriptorName& outName, Fault& outFault) {
    Offer offer{std::move(descriptor), 0, about};
    if (getrandom(&offer.secret, sizeof offer.secret, 0) != sizeof offer.secret)
        return failSystem(outFault, HY_ERROR_NATIVE, "the system gives no random numbers (getrandom)", errno);
    const std::scoped_lock threadLock(threadMutex_);
    if (!start(outFault))
        return false;
    const std::scoped_lock lock(mutex_);
    outName = {{token_[0], token_[1]}, ++last_, offer.secret};
    offers_.emplace(last_, std::move(offer));
    return true;
}

void DescriptorServer::withdraw(uint64_t number) noexcept {
    const std::scoped_lock threadLock(threadMutex_);
    {
        const std::scoped_lock lock(mutex_);
        offers_.erase(number);
        if (!offers_.empty() || !thread_.joinable())
            return;
    }
    shutdown(socket_.get(), SHUT_RDWR); // ends accept()
    thread_.join();
    socket_.reset();
}

void DescriptorServer::serve() noexcept {
    constexpr int kPatienceMs = 200; // with one that asks nothing; others wait meanwhile
    for (;;) {
        const FileDescriptor client(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!client) {
            if (errno == EINVAL)
                return; // shut down
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            continue;
        }
        limitWaits(client.get(), kPatienceMs);
        if (isSameUser(client.get()))
            answer(client.get());
    }
}

void DescriptorServer::answer(int client) noexcept {
    Request request{};
    if (recv(client, &request, sizeof request, 0) != sizeof request || request.magic != kMagic)
        return;
    Answer answer{kMagic, 0, 0};
    iovec part{&answer, sizeof answer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Control control{};
    const std::scoped_lock lock(mutex_);
    const auto found = offers_.find(request.number);
    if (found != offers_.end() && found->second.secret == request.secret) {
        answer.found = 1;
        answer.about = found->second.about;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int descriptor = found->second.descriptor.get();
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    sendmsg(client, &message, MSG_NOSIGNAL);
}

HyBackendIpcHandle packName(const DescriptorName& name) {
    HyBackendIpcHandle out{};
    out.words[0] = kMagic;
    out.words[1] = name.server[0];
    out.words[2] = name.server[1];
    out.words[3] = name.number;
    out.words[4] = name.secret;
    return out;
}

bool unpackName(const HyBackendIpcHandle& handle, DescriptorName& out, Fault& outFault) {
    out = {{handle.words[1], handle.words[2]}, handle.words[3], handle.words[4]};
    if (handle.words[0] == kMagic &&
        std::all_of(handle.words + 5, std::end(handle.words), [](uint64_t word) { return word == 0; }))
        return true;
    return fail(outFault, {HY_ERROR_INVALID_ARGUMENT, "these are not the bytes of a handle of this version", "handle"});
}

namespace {

bool failGone(Fault& outFault, const char* what) {
    return fail(outFault,
                {HY_ERROR_NOT_FOUND, std::string(what) + " is gone: its process ended, or gave it up", "handle",
                 "keep the owner and what it shares until everybody has opened it; processes of different "
                 "containers do not see each other"});
}

// The descriptor that came with a message, or none.
FileDescriptor takeDescriptor(msghdr& message) {
    FileDescriptor out;
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS || at->cmsg_len != CMSG_LEN(sizeof(int)))
            continue;
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(at), sizeof descriptor);
        out.reset(descriptor);
    }
    return out;
}

} // namespace

bool DescriptorServer::fetch(const DescriptorName& name, const char* what, FileDescriptor& out, uint64_t& outAbout,
                             Fault& outFault) {
    constexpr int kPatienceMs = 5000;
    const FileDescriptor client(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!client)
        return failSystem(outFault, HY_ERROR_NATIVE, "no Unix socket to ask the owner of shared memory", errno);
    limitWaits(client.get(), kPatienceMs);
    sockaddr_un address;
    const socklen_t length = addressOf(name.server, address);
    if (connect(client.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
        return errno == ECONNREFUSED
                   ? failGone(outFault, what)
                   : failSystem(outFault, HY_ERROR_UNSUPPORTED,
                                "the system does not let this process reach the owner of shared memory", errno);
    if (!isSameUser(client.get()))
        return fail(outFault, {HY_ERROR_UNSUPPORTED, std::string(what) + " belongs to another user's process", "handle",
                               "run both processes as the same user"});
    const Request request{kMagic, name.number, name.secret};
    Answer answer{};
    iovec part{&answer, sizeof answer};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    if (send(client.get(), &request, sizeof request, MSG_NOSIGNAL) != sizeof request ||
        recvmsg(client.get(), &message, MSG_CMSG_CLOEXEC) != sizeof answer || answer.magic != kMagic)
        return failGone(outFault, what);
    FileDescriptor descriptor = takeDescriptor(message);
    if (answer.found != 1)
        return failGone(outFault, what);
    if (!descriptor)
        return fail(outFault, {HY_ERROR_NATIVE, "this process can have no more file descriptors (ulimit -n)"});
    out = std::move(descriptor);
    outAbout = answer.about;
    return true;
}

} // namespace halyard::common
