#include "layers/validate/objects.h"

#include <fmt/format.h>

namespace halyard::layers {

void Objects::remove(const void* handle) {
    const auto entry = live_.find(handle);
    if (entry == live_.end())
        return;
    Record record = entry->second;
    live_.erase(entry);
    record.destroyed = Site::here();
    if (gone_.size() >= kMostGone)
        gone_.erase(gone_.begin());
    gone_[handle] = record;
}

void Objects::check(const void* handle, const char* call, bool destroys) {
    const auto entry = gone_.find(handle);
    if (entry == gone_.end())
        return;
    const Record& record = entry->second;
    const Site now = Site::here();
    findings_.report(HY_LOG_ERROR, destroys ? "destroyed-twice" : "destroyed-handle",
                     now.key() ^ record.destroyed->key(),
                     fmt::format("{} got a {} that was made at {} and destroyed at {}; called at {}. {}", call,
                                 record.kind, record.made.text(), record.destroyed->text(), now.text(),
                                 destroys ? "Destroy each object once, and set the handle to null after it"
                                          : "Destroy it after its last use"));
}

void Objects::reportLeaks() {
    for (const auto& [handle, record] : live_)
        findings_.report(HY_LOG_WARNING, "leak", reinterpret_cast<uintptr_t>(handle),
                         fmt::format("the instance is destroyed with a {} that was made at {} and not destroyed",
                                     record.kind, record.made.text()));
}

} // namespace halyard::layers
