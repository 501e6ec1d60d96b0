#include "logs.h"

#include "call.h"

#include <cstring>
#include <deque>
#include <mutex>
#include <vector>

namespace halyard::softcuda {
namespace {

constexpr size_t kKept = 100;

struct Logs {
    struct Listener {
        cuda::CUlogsCallback callback;
        void* user;
        uint64_t handle;
    };
    std::mutex mutex;
    std::vector<Listener> listeners;
    std::deque<std::string> messages;
    uint32_t first = 0; // number of the oldest one kept
};

Logs& logs() {
    static Logs& only = *new Logs;
    return only;
}

} // namespace

void publish(const std::string& message) {
    Logs& l = logs();
    std::vector<Logs::Listener> listeners;
    {
        std::lock_guard lock(l.mutex);
        l.messages.push_back(message);
        if (l.messages.size() > kKept) {
            l.messages.pop_front();
            ++l.first;
        }
        listeners = l.listeners;
    }
    for (const Logs::Listener& listener : listeners) {
        std::string copy = message;
        listener.callback(listener.user, cuda::CU_LOG_LEVEL_ERROR, copy.data(), copy.size());
    }
}

} // namespace halyard::softcuda

namespace halyard::cuda {

using namespace softcuda;

extern "C" CUresult cuLogsRegisterCallback(CUlogsCallback callback, void* userData, CUlogsCallbackHandle* handle) {
    return always(__func__, [&] {
        if (!callback)
            return Status::InvalidValue;
        uint64_t number = nextHandle();
        std::lock_guard lock(logs().mutex);
        logs().listeners.push_back({callback, userData, number});
        if (handle)
            *handle = handleOf<CUlogsCallbackHandle>(number);
        return Status::Success;
    });
}

extern "C" CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle handle) {
    return always(__func__, [&] {
        std::lock_guard lock(logs().mutex);
        size_t removed = std::erase_if(logs().listeners, [&](const Logs::Listener& listener) {
            return listener.handle == reinterpret_cast<uint64_t>(handle);
        });
        return removed ? Status::Success : Status::InvalidHandle;
    });
}

extern "C" CUresult cuLogsCurrent(CUlogIterator* iterator, unsigned int flags) {
    return always(__func__, [&] {
        if (!iterator || flags)
            return Status::InvalidValue;
        std::lock_guard lock(logs().mutex);
        *iterator = logs().first + static_cast<uint32_t>(logs().messages.size());
        return Status::Success;
    });
}

extern "C" CUresult cuLogsDumpToMemory(CUlogIterator* iterator, char* buffer, size_t* bytes, unsigned int flags) {
    return always(__func__, [&] {
        if (!buffer || !bytes || !*bytes || flags)
            return Status::InvalidValue;
        Logs& l = logs();
        std::lock_guard lock(l.mutex);
        uint32_t end = l.first + static_cast<uint32_t>(l.messages.size());
        uint32_t from = iterator && *iterator > l.first ? *iterator : l.first;
        std::string text;
        for (uint32_t i = from; i < end; ++i)
            text += l.messages[i - l.first] + "\n";
        // What is newest matters most when not all fits.
        if (text.size() >= *bytes)
            text.erase(0, text.size() - *bytes + 1);
        std::memcpy(buffer, text.c_str(), text.size() + 1);
        *bytes = text.size();
        if (iterator)
            *iterator = end;
        return Status::Success;
    });
}

} // namespace halyard::cuda
