#include "driver_log.h"

#include <algorithm>
#include <mutex>
#include <string_view>
#include <vector>

namespace halyard::cuda {
namespace {

// Never destroyed: the driver may speak up while the process ends.
struct Watchers {
    std::mutex mutex;
    std::vector<const HyHostServices*> hosts;
    bool registered = false;

    static Watchers& get() {
        static Watchers& only = *new Watchers;
        return only;
    }
};

thread_local bool failureExpected = false;
thread_local bool inside = false; // a log callback that calls CUDA must not come back here

// Called by the driver within the call that fails.
void receive(void*, CUlogLevel level, char* message, size_t length) {
    if (inside || message == nullptr)
        return;
    inside = true;
    std::string_view text(message, length);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\0'))
        text.remove_suffix(1);
    const HyLogLevel to = failureExpected ? HY_LOG_DEBUG : level == CU_LOG_LEVEL_ERROR ? HY_LOG_ERROR : HY_LOG_WARNING;
    try {
        const std::string line = "the driver: " + std::string(text);
        Watchers& all = Watchers::get();
        const std::scoped_lock lock(all.mutex);
        for (const HyHostServices* host : all.hosts)
            Host(host).log(to, line);
    } catch (...) {
        // The failure itself is reported all the same.
        inside = false;
        return;
    }
    inside = false;
}

} // namespace

void watchDriverLog(const Symbols& cu, const HyHostServices* host) {
    if (cu.cuLogsRegisterCallback == nullptr)
        return;
    Watchers& all = Watchers::get();
    {
        const std::scoped_lock lock(all.mutex);
        all.hosts.push_back(host);
        if (all.registered)
            return;
        all.registered = true;
    }
    // For as long as the process lives: what it uses does so too, and the driver may be inside of it at any time.
    CUlogsCallbackHandle callback = nullptr;
    if (const CUresult code = cu.cuLogsRegisterCallback(receive, nullptr, &callback); code != CUDA_SUCCESS)
        Host(host).log(HY_LOG_INFO, std::string("the driver does not pass on its messages: ") + meaningOf(code).name);
}

void unwatchDriverLog(const HyHostServices* host) noexcept {
    Watchers& all = Watchers::get();
    const std::scoped_lock lock(all.mutex);
    std::erase(all.hosts, host);
}

ExpectFailure::ExpectFailure() : before_(failureExpected) {
    failureExpected = true;
}

ExpectFailure::~ExpectFailure() {
    failureExpected = before_;
}

} // namespace halyard::cuda
