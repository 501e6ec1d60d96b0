// A map that any thread may use.
#pragma once

#include <map>
#include <mutex>
#include <optional>

namespace halyard::faulty {

template <class Key, class Value> class Books {
public:
    void put(Key key, Value value) {
        const std::scoped_lock lock(mutex_);
        map_.insert_or_assign(key, std::move(value));
    }
    std::optional<Value> find(Key key) const {
        const std::scoped_lock lock(mutex_);
        const auto found = map_.find(key);
        return found != map_.end() ? std::optional<Value>(found->second) : std::nullopt;
    }
    std::optional<Value> take(Key key) {
        const std::scoped_lock lock(mutex_);
        const auto node = map_.extract(key);
        return node ? std::optional<Value>(std::move(node.mapped())) : std::nullopt;
    }

private:
    mutable std::mutex mutex_;
    std::map<Key, Value> map_;
};

// One for each use, made on first use and never destroyed: threads of the real backend may outlive static destructors.
template <class Tag, class Key, class Value> Books<Key, Value>& books() {
    static auto& one = *new Books<Key, Value>;
    return one;
}

} // namespace halyard::faulty
