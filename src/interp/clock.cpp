#include "interp/clock.h"

#include <algorithm>

namespace halyard::interp {
namespace {

constexpr size_t kMaxEntries = 256;

using Entries = std::vector<std::pair<uint32_t, uint32_t>>;

Entries merge(const Entries& a, const Entries& b) {
    Entries out;
    out.reserve(a.size() + b.size());
    auto i = a.begin();
    auto j = b.begin();
    while (i != a.end() || j != b.end()) {
        if (j == b.end() || (i != a.end() && i->first < j->first))
            out.push_back(*i++);
        else if (i == a.end() || j->first < i->first)
            out.push_back(*j++);
        else {
            out.emplace_back(i->first, std::max(i->second, j->second));
            ++i;
            ++j;
        }
    }
    return out;
}

uint32_t find(const Entries& entries, uint32_t key) {
    const auto it = std::lower_bound(entries.begin(), entries.end(), key,
                                     [](const auto& entry, uint32_t value) { return entry.first < value; });
    return it != entries.end() && it->first == key ? it->second : 0;
}

const KnowledgePtr& everything() {
    static const KnowledgePtr& all = *new KnowledgePtr(std::make_shared<Knowledge>(Knowledge{{}, {}, true}));
    return all;
}

} // namespace

KnowledgePtr join(const KnowledgePtr& a, const KnowledgePtr& b) {
    if (a == b || b == nullptr)
        return a;
    if (a == nullptr)
        return b;
    if (a->everything || b->everything)
        return everything();
    auto out = std::make_shared<Knowledge>();
    out->groups = merge(a->groups, b->groups);
    out->threads = merge(a->threads, b->threads);
    if (out->groups.size() + out->threads.size() > kMaxEntries)
        return everything();
    return out;
}

bool ThreadClock::knows(uint32_t other, uint32_t otherGroup, uint32_t clock) const {
    return known->everything || clock < find(known->groups, otherGroup) || clock <= find(known->threads, other);
}

KnowledgePtr ThreadClock::snapshot() const {
    auto own = std::make_shared<Knowledge>();
    own->groups.emplace_back(group, base);
    own->threads.emplace_back(thread, now);
    return join(own, known);
}

} // namespace halyard::interp
