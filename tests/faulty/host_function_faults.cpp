// Host functions that are called at the wrong time, the wrong number of times or with the wrong status.
#include "target.h"

namespace halyard::faulty {
namespace {

struct Call {
    HyHostFunction function;
    void* user;
};

template <auto run> HyResult wrapped(HyBackendStream stream, HyHostFunction function, void* user) {
    auto* call = new Call{function, user};
    const HyResult result = real().stream.hostFunction(
        stream,
        [](void* wrapper, HyResult status) {
            const Call own = *static_cast<Call*>(wrapper);
            delete static_cast<Call*>(wrapper);
            run(own, status);
        },
        call);
    if (result != HY_SUCCESS)
        delete call;
    return result;
}

void twice(Tables& tables) {
    tables.stream.hostFunction = wrapped<[](Call call, HyResult status) {
        call.function(call.user, status);
        call.function(call.user, status);
    }>;
}

void notAfterAFailure(Tables& tables) {
    tables.stream.hostFunction = wrapped<[](Call call, HyResult status) {
        if (status == HY_SUCCESS)
            call.function(call.user, status);
    }>;
}

void statusAlwaysSuccess(Tables& tables) {
    tables.stream.hostFunction = wrapped<[](Call call, HyResult) { call.function(call.user, HY_SUCCESS); }>;
}

void atOnce(Tables& tables) {
    tables.stream.hostFunction = [](HyBackendStream, HyHostFunction function, void* user) -> HyResult {
        function(user, HY_SUCCESS);
        return HY_SUCCESS;
    };
}

void calledAlthoughRefused(Tables& tables) {
    tables.stream.hostFunction = [](HyBackendStream stream, HyHostFunction function, void* user) {
        const HyResult result = real().stream.hostFunction(stream, function, user);
        if (result != HY_SUCCESS)
            function(user, result);
        return result;
    };
}

constexpr Fault kFaults[] = {
    {"host-function-twice", "a host function is called twice", "HostFunctions.*", twice},
    {"host-function-not-after-a-failure", "a failed stream does not call its host functions", "HostFunctions.*",
     notAfterAFailure},
    {"host-function-status-success", "a host function is not told of a failure", "HostFunctions.*",
     statusAlwaysSuccess},
    {"host-function-at-once", "a host function does not wait for earlier work", "Synchronization.*", atOnce},
    {"host-function-called-although-refused", "a call that fails calls the function all the same", "HostFunctions.*",
     calledAlthoughRefused},
};

} // namespace

std::span<const Fault> hostFunctionFaults() {
    return kFaults;
}

} // namespace halyard::faulty
