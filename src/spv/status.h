// The error type of src/spv and src/jit: a HyResult code, a message that names the instruction, and a hint.
// A success carries a value and allocates nothing. Both libraries use the public result codes and no others.
#pragma once

#include "halyard/result.h"

#include <string>
#include <utility>
#include <variant>

namespace halyard::spv {

struct Error {
    HyResult code = HY_ERROR_INTERNAL;
    std::string message; // what failed, naming the instruction and the value
    std::string hint;    // what the user can do; may be empty
};

template <typename T> class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
    explicit operator bool() const { return state_.index() == 0; }
    T& value() { return std::get<0>(state_); }
    const T& value() const { return std::get<0>(state_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

struct Unit {};
using Status = Result<Unit>;

} // namespace halyard::spv
