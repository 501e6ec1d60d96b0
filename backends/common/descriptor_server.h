// File descriptors that other processes of this user ask for by a name of plain bytes.
//
// A descriptor of the driver's memory cannot be opened again by way of /proc, and copying one out of another process
// (pidfd_getfd) needs the rights of a debugger, so the owner hands them out: a thread answers at a Unix socket without
// a file for as long as anything is offered.
#pragma once

#include "cache/file_descriptor.h"
#include "common/fault.h"
#include "halyard/backend.h"

#include <map>
#include <mutex>
#include <thread>

namespace halyard::common {

// What names a descriptor on this machine.
struct DescriptorName {
    uint64_t server[2];
    uint64_t number;
    uint64_t secret;
};

// As bytes of the interface, and back: HY_ERROR_INVALID_ARGUMENT when they are none, false.
HyBackendIpcHandle packName(const DescriptorName& name);
bool unpackName(const HyBackendIpcHandle& handle, DescriptorName& out, Fault& outFault);

// Thread-safe. One for each backend of the process. What returns false has told why.
class DescriptorServer {
public:
    static DescriptorServer& get();

    // Hands copies of it out, with the word `about`, until it is withdrawn. Throws std::bad_alloc.
    bool offer(FileDescriptor descriptor, uint64_t about, DescriptorName& outName, Fault& outFault);
    // `number` of a name that was offered; nobody is given it any more.
    void withdraw(uint64_t number) noexcept;

    // Asks the owner, which may be this process. `what` names the object in messages: "the memory". HY_ERROR_NOT_FOUND:
    // the owner ended or withdrew it; HY_ERROR_UNSUPPORTED: the system does not let this process reach it.
    static bool fetch(const DescriptorName& name, const char* what, FileDescriptor& out, uint64_t& outAbout,
                      Fault& outFault);

private:
    struct Offer {
        FileDescriptor descriptor;
        uint64_t secret = 0;
        uint64_t about = 0;
    };

    bool start(Fault& outFault);
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

} // namespace halyard::common
