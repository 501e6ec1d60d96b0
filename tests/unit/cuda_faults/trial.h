// One small program over the backend, each step of which may fail.
#pragma once

#include "halyard/backend.h"

#include <string>

namespace halyard::test {

struct Report {
    const char* step = ""; // that failed; "" when none did
    HyResult result = HY_SUCCESS;
    std::string message;
    std::string nativeName;
    int64_t nativeCode = 0;
};

class Trial {
public:
    Trial(const HyBackendInterface& api, const HyHostServices& services) : api_(api), services_(services) {}
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    bool open();  // the backend and a device
    bool start(); // the backend, a device, a stream and 4096 bytes
    bool load(const std::string& ptx, const char* name);
    bool launch();           // one invocation
    bool fillThenReadBack(); // fill with 10, launch, expect 15
    bool wait(uint64_t timeoutNs);
    bool reset(uint64_t timeoutNs); // the device must be open; what was made on it is to be destroyed alone
    // What closes the device gives; the destructor's work, with a limit.
    HyResult close(uint64_t timeoutNs);

    const Report& report() const { return report_; }
    uint64_t freeBytes();
    HyCapabilities capabilities();

private:
    bool step(const char* name, HyResult result);

    const HyBackendInterface& api_;
    const HyHostServices& services_;
    Report report_;
    HyBackendContext context_ = nullptr;
    HyBackendDevice device_ = nullptr;
    HyBackendStream stream_ = nullptr;
    HyBackendModule module_ = nullptr;
    HyBackendKernel kernel_ = nullptr;
    HyDevicePtr memory_ = 0;
    uint32_t found_ = 0; // here, because a copy that was not waited for may come late
};

// The last error of this thread, as the backend told it.
Report& lastError();

} // namespace halyard::test
