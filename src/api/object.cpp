#include "api/object.h"

namespace halyard {

HyResult failHandle(uint64_t handle, ObjectType type, const char* argument) {
    const char* name = objectTypeName(type);
    switch (HandleTable::explain(handle, type)) {
    case HandleFault::Null:
        return fail(HY_ERROR_INVALID_HANDLE, argument, "create the object first and check that call's result",
                    "{} is null", argument);
    case HandleFault::NotAHandle:
        return fail(HY_ERROR_INVALID_HANDLE, argument, "pass a handle that Halyard returned, unchanged",
                    "{} ({:#x}) is not a Halyard handle", argument, handle);
    case HandleFault::WrongType:
        return fail(HY_ERROR_INVALID_HANDLE, argument, "check the order of the arguments", "{} is a {}, not a {}",
                    argument, objectTypeName(static_cast<ObjectType>(static_cast<uint8_t>(handle >> 48))), name);
    case HandleFault::Forked:
        return fail(HY_ERROR_FORKED, argument, "create a new instance in the child process",
                    "{} belongs to the parent of this forked process", argument);
    case HandleFault::Destroyed:
        break;
    }
    return fail(HY_ERROR_INVALID_HANDLE, argument, "do not use a handle after its object or its instance was destroyed",
                "{} is a {} that was destroyed", argument, name);
}

HyResult failStruct(const char* argument, uint32_t size, size_t v1Size, size_t ourSize) {
    if (size < v1Size) {
        return fail(HY_ERROR_INVALID_STRUCT, argument, "set structSize to sizeof of the structure",
                    "{}->structSize is {}, less than the smallest version of the structure ({} bytes)", argument, size,
                    v1Size);
    }
    return fail(HY_ERROR_INVALID_STRUCT, argument,
                "set the fields that this library does not know to zero, or update it",
                "{}->structSize is {}, this library knows {} bytes, and the fields beyond are not zero", argument, size,
                ourSize);
}

} // namespace halyard
