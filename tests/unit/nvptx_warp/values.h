// Scalars of KIR as the tests compute with them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace halyard::jit::nvptx::test {

template <typename T> std::string typeName() {
    if constexpr (std::is_same_v<T, bool>) {
        return "i1";
    } else if constexpr (std::is_same_v<T, float>) {
        return "f32";
    } else if constexpr (std::is_same_v<T, double>) {
        return "f64";
    } else {
        return "i" + std::to_string(8 * sizeof(T));
    }
}

template <typename T> std::string llvmName() {
    return std::is_same_v<T, float> ? "float" : std::is_same_v<T, double> ? "double" : typeName<T>();
}

// What two invocations' values come to; T is signed for smin and smax, and unsigned otherwise.
template <typename T> T combined(const std::string& operation, T a, T b) {
    if (operation == "fadd" || operation == "iadd") {
        return static_cast<T>(a + b);
    }
    if (operation == "fmul" || operation == "imul") {
        return static_cast<T>(a * b);
    }
    if (operation.ends_with("min")) {
        return b < a ? b : a;
    }
    if (operation.ends_with("max")) {
        return a < b ? b : a;
    }
    if constexpr (std::is_integral_v<T>) {
        return static_cast<T>(operation == "and" ? a & b : operation == "or" ? a | b : a ^ b);
    }
    return a;
}

// What exclusive scans begin with.
template <typename T> T identityOf(const std::string& operation) {
    using Limits = std::numeric_limits<T>;
    if (operation == "fmul" || operation == "imul") {
        return T(1);
    }
    if (operation.ends_with("min")) {
        return std::is_floating_point_v<T> ? Limits::infinity() : Limits::max();
    }
    if (operation.ends_with("max")) {
        return std::is_floating_point_v<T> ? -Limits::infinity() : Limits::min();
    }
    return operation == "and" ? static_cast<T>(~uint64_t{0}) : T(0);
}

} // namespace halyard::jit::nvptx::test
