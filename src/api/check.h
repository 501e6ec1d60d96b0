// Argument checks that several entry points share. Each returns HY_SUCCESS or sets the record.
#pragma once

#include "api/object.h"
#include "base/struct_size.h"

namespace halyard {

inline HyResult requirePointer(const void* pointer, const char* argument) {
    if (pointer != nullptr)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_ARGUMENT, argument, "pass the address of a variable", "{} is null", argument);
}

// Reads an input structure by the size rule, and checks flags and next.
template <typename T> HyResult readDesc(const T* in, T& out, size_t v1Size, uint32_t knownFlags, const char* argument) {
    if (const HyResult result = requirePointer(in, argument); result < 0)
        return result;
    if (readStruct(in, out, v1Size) != StructFault::None)
        return failStruct(argument, in->structSize, v1Size, sizeof(T));
    if ((out.flags & ~knownFlags) != 0) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "flags", "use only the flags that the structure's documentation names",
                    "{}->flags has unknown bits {:#x}", argument, out.flags & ~knownFlags);
    }
    if (out.next != nullptr) {
        return fail(HY_ERROR_INVALID_STRUCT, "next", "set next to null",
                    "{}->next is not null, and this version knows no extension", argument);
    }
    return HY_SUCCESS;
}

// Fills an output structure by the size rule.
template <typename T> HyResult writeOut(T* out, const T& value, size_t v1Size, const char* argument) {
    if (const HyResult result = requirePointer(out, argument); result < 0)
        return result;
    return writeStruct(out, value, v1Size) ? HY_SUCCESS : failStruct(argument, out->structSize, v1Size, sizeof(T));
}

// The body of a cold entry point about one object: resolves the handle that `argument` names, then runs body(object).
template <typename T, typename H, typename Body>
HyResult onObject(const char* call, H handle, const char* argument, Body&& body) {
    return enter(call, [&] {
        HyResult result = HY_SUCCESS;
        auto* object = resolve<T>(handle, argument, result);
        return object != nullptr ? body(*object) : result;
    });
}

// Destroys the object behind a handle; of two racing calls one succeeds.
template <typename T, typename H> HyResult destroyObject(const char* call, H handle, const char* argument) {
    return enter(call, [&] {
        const auto word = reinterpret_cast<uint64_t>(handle);
        auto* object = static_cast<T*>(HandleTable::remove(word, T::kType));
        if (object == nullptr)
            return failHandle(word, T::kType, argument);
        object->instance->destroy(object);
        return HY_SUCCESS;
    });
}

// Gives the object to its instance and its handle to the caller.
template <typename T, typename H> HyResult publish(std::unique_ptr<T> object, H* outHandle) {
    Instance& instance = *object->instance;
    const T* adopted = instance.adopt(std::move(object));
    if (adopted == nullptr)
        return HY_ERROR_OUT_OF_HOST_MEMORY;
    *outHandle = toHandle<H>(adopted);
    return HY_SUCCESS;
}

} // namespace halyard

// Leaves the function with any result that is an error.
#define HY_TRY(expression)                                                                                             \
    do {                                                                                                               \
        if (const HyResult hyTryResult = (expression); hyTryResult < 0)                                                \
            return hyTryResult;                                                                                        \
    } while (false)
