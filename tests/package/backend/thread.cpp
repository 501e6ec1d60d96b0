#include "thread.h"

#include <cfenv>
#include <chrono>
#include <csignal>
#include <memory>
#include <pthread.h>
#include <system_error>

namespace vendor {
namespace {

// Kernels keep their private variables on the stack.
constexpr size_t kStackBytes = 8U << 20;

void* runBody(void* argument) {
    const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
    // The thread that made this one may flush denormals, or round otherwise.
    std::fesetenv(FE_DFL_ENV);
    (*body)();
    return nullptr;
}

} // namespace

uint64_t nowNs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

uint64_t deadlineAfter(uint64_t timeoutNs) {
    const uint64_t now = nowNs();
    return timeoutNs >= INT64_MAX - now ? kNever : now + timeoutNs;
}

void startThread(std::function<void()> body) {
    auto owned = std::make_unique<std::function<void()>>(std::move(body));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    // The application's signal handlers never run on threads of ours: a thread inherits the mask.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int failed = pthread_create(&thread, &attributes, runBody, owned.get());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attributes);
    if (failed != 0)
        throw std::system_error(failed, std::generic_category());
    static_cast<void>(owned.release());
}

} // namespace vendor
