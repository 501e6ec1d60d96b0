// What is wrong with the program: each finding once, as a line of the instance's log.
#pragma once

#include "halyard/layer.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace halyard::layers {

// Thread-safe.
class Findings {
public:
    explicit Findings(const HyLayerHost& host) : host_(host) {}

    // Logs "kind: words". `place` tells repetitions, which are only counted, from news.
    void report(HyLogLevel level, const char* kind, uint64_t place, const std::string& words);
    // A line with the number of findings, when there are any.
    void summarise() const;

private:
    static constexpr size_t kMostLogged = 1000;
    const HyLayerHost& host_;
    mutable std::mutex mutex_;
    std::set<std::pair<std::string, uint64_t>> known_;
    std::map<std::string, uint64_t> counts_;
};

} // namespace halyard::layers
