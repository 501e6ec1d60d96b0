// halyard-jit: the compiler in a process of its own, so that whatever LLVM does to its process, the application lives
// on.
#include "jit/jit.h"
#include "jit/protocol.h"
#include "jit/worker/channel.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace halyard::jit;

constexpr int kExitMalformed = 65;
constexpr int kExitUsage = 64;

// The application may have blocked or ignored signals, which exec hands down.
void resetSignals() {
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU}) {
        std::signal(signal, SIG_DFL);
    }
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Ends the process when the application is gone, also in the middle of a compilation. A death signal of the parent
// would not do: it comes when the thread that started the worker exits.
void watchForHangup() {
    std::thread([] {
        pollfd watched{kWorkerRequestFd, POLLRDHUP, 0};
        while (true) {
            const int count = poll(&watched, 1, -1);
            if (count > 0 && (watched.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0) {
                _exit(0);
            }
            if (count < 0 && errno != EINTR) {
                return;
            }
        }
    }).detach();
}

bool limitMemory(std::string_view megabytes) {
    char* end = nullptr;
    const std::string text(megabytes);
    const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0' || text[0] == '-' || value > (RLIM_INFINITY >> 21)) {
        return false;
    }
    if (value == 0) {
        return true;
    }
#ifdef HALYARD_SANITIZED
    return true; // the sanitizer's shadow of all addresses counts as data: no limit would leave room for anything
#else
    const rlimit limit{static_cast<rlim_t>(value) << 20, static_cast<rlim_t>(value) << 20};
    return setrlimit(RLIMIT_DATA, &limit) == 0;
#endif
}

bool parseArguments(int argc, char** argv) {
    constexpr std::string_view kMemory = "--memory-limit-mb";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument(argv[i]);
        if (argument == kMemory && i + 1 < argc) {
            if (!limitMemory(argv[++i])) {
                return false;
            }
        } else if (argument.substr(0, kMemory.size() + 1) == std::string(kMemory) + "=") {
            if (!limitMemory(argument.substr(kMemory.size() + 1))) {
                return false;
            }
        } else {
            return false;
        }
    }
    return true;
}

void reply(void*, const HyJitMessage* message) {
    if (!writeFrame(kWorkerReplyFd, *message)) {
        _exit(0); // nobody is left to answer
    }
}

void ignore(void*, const HyJitMessage*) {}

} // namespace

int main(int argc, char** argv) {
    resetSignals();
    if (!parseArguments(argc, argv)) {
        return kExitUsage;
    }
    const std::string_view isolate = R"({"op":"isolate"})";
    const HyJitMessage request{isolate.data(), isolate.size(), nullptr, 0};
    hyJitHandle(&request, ignore, nullptr);
    watchForHangup();
    Frame frame;
    while (true) {
        switch (readFrame(kWorkerRequestFd, frame)) {
        case ReadResult::End:
            _exit(0); // without LLVM's static destructors, which the watching thread could race with
        case ReadResult::Malformed:
            _exit(kExitMalformed);
        case ReadResult::Frame:
            const HyJitMessage message{frame.json.data(), frame.json.size(), frame.blob.data(), frame.blob.size()};
            hyJitHandle(&message, reply, nullptr);
        }
    }
}
