// File descriptors that other processes of this user ask for by a name of plain bytes.
//
// A descriptor of the driver's memory cannot be opened again by way of /proc, and copying one out of another process
// (pidfd_getfd) needs the rights of a debugger, so the owner hands them out: a thread answers at a Unix socket without
// a file for as long as anything is offered.
#pragma once

#include "cache/file_descriptor.h"
#include "status.h"

#include <map>
#include <mutex>
#include <thread>

namespace halyard::cuda {

// What names a descriptor on this machine.
struct DescriptorName {
    uint64_t server[2];
    uint64_t number;
    uint64_t secret;
};

// As bytes of the interface, and back; HY_ERROR_INVALID_ARGUMENT when they are none.
HyBackendIpcHandle packName(const DescriptorName& name);
HyResult unpackName(const Host& host, const HyBackendIpcHandle& handle, DescriptorName& out);

// Thread-safe. One for the process.
class DescriptorServer {
public:
    static DescriptorServer& get();

    // Hands copies of it out until it is withdrawn. Throws std::bad_alloc.
    HyResult offer(const Host& host, FileDescriptor descriptor, DescriptorName& outName);
    // `number` of a name that was offered; nobody is given it any more.
    void withdraw(uint64_t number) noexcept;

    // Asks the owner, which may be this process. `what` names the object in messages: "the memory". HY_ERROR_NOT_FOUND:
    // the owner ended or withdrew it; HY_ERROR_UNSUPPORTED: the system does not let this process reach it.
    static HyResult fetch(const Host& host, const DescriptorName& name, const char* what, FileDescriptor& out);

private:
    struct Offer {
        FileDescriptor descriptor;
        uint64_t secret = 0;
    };

    HyResult start(const Host& host);
    void serve() noexcept;
    void answer(int client) noexcept;

    std::mutex mutex_;
    std::map<uint64_t, Offer> offers_;
    uint64_t last_ = 0;
    uint64_t token_[2] = {};
    FileDescriptor socket_;
    std::mutex threadMutex_; // held while the thread starts or ends
    std::thread thread_;
};

} // namespace halyard::cuda
