#include "api/host_function.h"

#include "api/check.h"
#include "api/core.h"
#include "api/gate.h"
#include "graph/attention.h"

namespace halyard {
namespace {

struct Wrapped {
    Instance& instance;
    HyHostFunction function;
    void* user;
};

void callOnce(void* record, HyResult status) {
    const std::unique_ptr<Wrapped> wrapped(static_cast<Wrapped*>(record));
    callHostFunction(wrapped->instance, wrapped->function, wrapped->user, status);
}

HyResult submit(Stream& stream, HyHostFunction function, void* user) {
    HY_TRY(checkHostFunction(*stream.device, function));
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (const graph::Taken taken = graph::takeHostFunction(stream, {function, user}))
            return *taken;
    }
    HyHostFunction wrapper = nullptr;
    void* record = nullptr;
    HY_TRY(wrapHostFunction(*stream.instance, function, user, wrapper, record));
    const HyResult result = stream.tables->stream.hostFunction(stream.impl, wrapper, record);
    if (result < 0)
        dropHostFunction(record);
    return blameBackend(stream.device->backend->name, result);
}

} // namespace

HyResult checkHostFunction(const Device& device, HyHostFunction function) {
    if (function == nullptr)
        return fail(HY_ERROR_INVALID_ARGUMENT, "function", "pass a function", "function is null");
    if ((device.properties.capabilities & HY_CAP_HOST_FUNCTIONS) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "stream", "wait with hyStreamSynchronize on a thread of your own",
                    "{} has no host functions (HY_CAP_HOST_FUNCTIONS)", device.properties.selector);
    }
    return HY_SUCCESS;
}

HyResult wrapHostFunction(Instance& instance, HyHostFunction function, void* user, HyHostFunction& outFunction,
                          void*& outUser) {
    outUser = new Wrapped{instance, function, user};
    outFunction = callOnce;
    return HY_SUCCESS;
}

void dropHostFunction(void* wrapped) {
    delete static_cast<Wrapped*>(wrapped);
}

void callHostFunction(Instance& instance, HyHostFunction function, void* user, HyResult status) noexcept {
    const Gate::InHostFunction inside;
    try {
        function(user, status);
    } catch (const std::exception& fault) {
        instance.log.error("core", "a host function threw an exception, which is ignored: {}", fault.what());
    } catch (...) {
        instance.log.error("core", "a host function threw an exception, which is ignored");
    }
}

namespace core {

HyResult hyStreamHostFunction(HyStream stream, HyHostFunction function, void* user) {
    return onObject<Stream>("hyStreamHostFunction", stream, "stream",
                            [&](Stream& object) { return submit(object, function, user); });
}

} // namespace core
} // namespace halyard
