// What the application holds: numbers that look like no address and are never used twice, so that a destroyed or
// foreign handle is told from a live one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace halyard::softcuda {

uint64_t nextHandle();

template <class Object> class HandleTable {
public:
    uint64_t add(std::shared_ptr<Object> object) {
        uint64_t handle = nextHandle();
        std::lock_guard lock(mutex_);
        objects_.emplace(handle, std::move(object));
        return handle;
    }
    // Null when there is no such handle.
    std::shared_ptr<Object> find(const void* handle) const {
        std::shared_lock lock(mutex_);
        auto found = objects_.find(reinterpret_cast<uint64_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }
    std::shared_ptr<Object> remove(const void* handle) {
        std::lock_guard lock(mutex_);
        auto found = objects_.find(reinterpret_cast<uint64_t>(handle));
        if (found == objects_.end())
            return nullptr;
        std::shared_ptr<Object> object = std::move(found->second);
        objects_.erase(found);
        return object;
    }
    // Those for which `matches(object)` holds; they go when the result does, outside the table's lock.
    template <class Matches> std::vector<std::shared_ptr<Object>> removeIf(Matches matches) {
        std::vector<std::shared_ptr<Object>> removed;
        std::lock_guard lock(mutex_);
        for (auto it = objects_.begin(); it != objects_.end();) {
            if (!matches(*it->second)) {
                ++it;
                continue;
            }
            removed.push_back(std::move(it->second));
            it = objects_.erase(it);
        }
        return removed;
    }

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<uint64_t, std::shared_ptr<Object>> objects_;
};

} // namespace halyard::softcuda
