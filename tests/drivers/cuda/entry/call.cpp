#include "call.h"

#include "logs.h"

#include <map>

namespace halyard::softcuda {

Status injected(const char* function) {
    if (knobs().fail.empty())
        return Status::Success;
    static std::map<std::string, std::atomic<uint64_t>>& calls = *[] {
        auto* made = new std::map<std::string, std::atomic<uint64_t>>;
        for (const FailOrder& order : knobs().fail)
            (*made)[order.function] = 0;
        return made;
    }();
    auto counter = calls.find(function);
    if (counter == calls.end())
        return Status::Success;
    uint64_t call = counter->second.fetch_add(1) + 1;
    for (const FailOrder& order : knobs().fail)
        if (order.function == function && (order.call == 0 || order.call == call))
            return static_cast<Status>(order.code);
    return Status::Success;
}

Status admit(const char* function) {
    if (inHostFunction())
        return Status::NotPermitted;
    if (forked())
        return Status::NotInitialized;
    if (int lost = driver().lost.load())
        return static_cast<Status>(lost);
    return injected(function);
}

Status enter(ContextPtr& out) {
    if (!currentHandle())
        return Status::InvalidContext;
    out = currentContext();
    return out ? out->status() : Status::ContextIsDestroyed;
}

void reportFailure(const char* function, Status status) {
    std::string words = std::string(function) + ": " + cuda::nameOf(static_cast<cuda::CUresult>(status));
    note(words);
    publish(words);
}

} // namespace halyard::softcuda
