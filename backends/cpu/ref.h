// Shared ownership of small objects by an intrusive count: a reference in a command record is one pointer.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace halyard::cpu {

// Base of a shared object T. Starts with one reference, which the creator adopts. Thread-safe.
template <class T> class RefCounted {
public:
    RefCounted() = default;
    RefCounted(const RefCounted&) = delete;
    RefCounted& operator=(const RefCounted&) = delete;

    void acquire() const { refs_.fetch_add(1, std::memory_order_relaxed); }
    // False when the object is already on its way out; for registries that do not own.
    bool tryAcquire() const {
        uint32_t refs = refs_.load(std::memory_order_relaxed);
        while (refs != 0) {
            if (refs_.compare_exchange_weak(refs, refs + 1, std::memory_order_relaxed)) {
                return true;
            }
        }
        return false;
    }
    void release() const {
        if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete static_cast<const T*>(this);
        }
    }

    // The caller's reference is the only one, and nobody else can make another.
    bool exclusive() const { return refs_.load(std::memory_order_acquire) == 1; }

protected:
    ~RefCounted() = default;

private:
    mutable std::atomic<uint32_t> refs_{1};
};

template <class T> class Ref {
public:
    Ref() = default;
    Ref(const Ref& other) : object_(other.object_) {
        if (object_ != nullptr) {
            object_->acquire();
        }
    }
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_ != nullptr) {
            object_->release();
        }
    }

    // Takes over a reference that the caller owns.
    static Ref adopt(T* object) {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    // Adds a reference.
    static Ref share(T* object) {
        object->acquire();
        return adopt(object);
    }

    T* get() const { return object_; }
    T* operator->() const { return object_; }
    T& operator*() const { return *object_; }
    explicit operator bool() const { return object_ != nullptr; }
    // Gives the reference to the caller.
    T* leak() { return std::exchange(object_, nullptr); }

private:
    T* object_ = nullptr;
};

} // namespace halyard::cpu
