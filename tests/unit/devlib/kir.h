// KIR modules that call the device maths library, for the tests of linking and vectorisation.
#pragma once

#include <string>
#include <vector>

namespace halyard::jit::devlib_test {

// A library function: its name without "hy.math." and the type; T in `result` and `parameters` stands for the type.
struct Signature {
    const char* name;
    const char* result;
    std::vector<const char*> parameters;
};

// Everything that docs/kir.md rule 7 lets a module call.
const std::vector<Signature>& signatures();

// "float" for "f32" and so on.
std::string llvmType(const std::string& suffix);

// `text` with each T replaced.
std::string substitute(std::string text, const std::string& type);

// "declare float @hy.math.exp.f32(float)\n"
std::string declaration(const Signature& signature, const std::string& suffix);

// A host module with one function, `kernel`, that calls the library function once.
std::string callOnce(const Signature& signature, const std::string& suffix);

// A host module with one function, `kernel`, that calls it for each element of arrays (the first part of a pair is
// stored).
std::string callInLoop(const Signature& signature, const std::string& suffix);

} // namespace halyard::jit::devlib_test
