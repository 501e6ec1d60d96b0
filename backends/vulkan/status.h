// Failures and log lines, through the services of the runtime. Inside the backend a failure is thrown; guarded() turns
// it into a result with words before it reaches the interface.
#pragma once

#include "common/fault.h"
#include "halyard/backend.h"
#include "symbols.h"

#include <new>
#include <string>
#include <string_view>

namespace halyard::vulkan {

struct Failure {
    HyResult code = HY_ERROR_INTERNAL;
    std::string message, hint;
    const char* argument = ""; // the application's, when known
    VkResult native = VK_SUCCESS;
};

// "VK_ERROR_DEVICE_LOST", or "VkResult".
const char* nameOf(VkResult result) noexcept;
HyResult resultOf(VkResult result) noexcept;
// The failure of `what`, for example "vkQueueSubmit2".
Failure failureOf(VkResult result, std::string_view what);
// What went wrong in code that all backends have.
Failure failureOf(const common::Fault& fault);
// Throws it, unless the result is not negative.
void check(VkResult result, std::string_view what);

// The runtime's services. A copy is as good as the original; valid from initialise until shutdown returns. Thread-safe.
class Host {
public:
    explicit Host(const HyHostServices* services) : services_(services) {}

    const HyHostServices& services() const { return *services_; }
    // Sets the thread's error record and returns the failure's code.
    HyResult fail(const Failure& failure) const noexcept;
    void log(HyLogLevel level, const std::string& message) const noexcept;
    // What a kernel prints. Lost, with one warning a call, when the runtime is older than printing.
    void print(std::string_view text) const noexcept;
    // The correlation of the calling thread for tools, or 0.
    uint64_t correlation() const noexcept;
    // Null when unset, and in processes with elevated rights.
    const char* getEnv(const char* name) const noexcept;

private:
    const HyHostServices* services_;
};

// Runs `body`, which returns a HyResult, and turns what it throws into one: no exception may cross the interface.
template <typename Body> HyResult guarded(const Host& host, Body&& body) noexcept {
    try {
        return body();
    } catch (const Failure& failure) {
        return host.fail(failure);
    } catch (const std::bad_alloc&) {
        return host.fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left", ""});
    } catch (...) {
        return host.fail({HY_ERROR_INTERNAL, "the vulkan backend met an error that it does not know", ""});
    }
}

} // namespace halyard::vulkan
