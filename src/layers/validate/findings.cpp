#include "layers/validate/findings.h"

#include <fmt/format.h>

namespace halyard::layers {

void Findings::report(HyLogLevel level, const char* kind, uint64_t place, const std::string& words) {
    {
        const std::lock_guard lock(mutex_);
        ++counts_[kind];
        if (known_.size() >= kMostLogged || !known_.emplace(kind, place).second)
            return;
    }
    host_.log(host_.context, level, fmt::format("{}: {}", kind, words).c_str());
}

void Findings::summarise() const {
    const std::lock_guard lock(mutex_);
    if (counts_.empty())
        return;
    std::string words = "findings, repetitions included:";
    for (const auto& [kind, count] : counts_)
        words += fmt::format(" {} {};", count, kind);
    words.pop_back();
    host_.log(host_.context, HY_LOG_WARNING, words.c_str());
}

} // namespace halyard::layers
