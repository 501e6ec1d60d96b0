// A kernel of `halyard-bench cpu` with everything that its sides share: source, sizes, contents, the host's versions of
// it and what the result must be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "cpu/native/openmp.h"
#include "halyard/halyard.h"

namespace halyard::bench::cpu {

using Words = std::vector<uint32_t>; // of floats or of integers

struct Slot {
    size_t index; // in Twin::buffers
};
using Argument = std::variant<float, uint32_t, Slot>;

// One kernel's text for OpenCL and its SPIR-V for us, made from that text.
struct Code {
    const char* source;
    const uint32_t* spirv;
    size_t spirvBytes;
};

// Where a host version finds the buffers.
class Memory {
public:
    explicit Memory(std::vector<uint32_t*> buffers) : buffers_(std::move(buffers)) {}
    float* floats(size_t index) const { return reinterpret_cast<float*>(buffers_[index]); }
    uint32_t* words(size_t index) const { return buffers_[index]; }
    int32_t* integers(size_t index) const { return reinterpret_cast<int32_t*>(buffers_[index]); }
    int8_t* bytes(size_t index) const { return reinterpret_cast<int8_t*>(buffers_[index]); }

private:
    std::vector<uint32_t*> buffers_;
};
using HostVersion = std::function<void(const Memory&)>;

constexpr double kFloatRounding = 0x1p-24; // relative error of one rounding

struct Twin {
    std::string name;  // of the kernel
    std::string sizes; // for people
    Code code;
    HyDim3 groups, groupSize;
    std::vector<Words> buffers; // what they hold before each check
    std::vector<Argument> arguments;
    size_t output;                          // index of the buffer to check
    bool integers;                          // what that holds; floats otherwise
    std::function<double(size_t)> expected; // element of it, in plain C++ from `buffers`
    size_t stride;     // every how many elements `expected` is asked; the sides' results are compared everywhere
    double tolerance;  // of a float, relative to the larger of 1 and its expected value
    double mismatches; // part of the elements that may differ more: where a rounding decides how often a loop runs
    double bytes;      // that one launch must move at least
    double operations; // floating-point operations of one launch, 0 where they do not count
    std::function<void(const OpenMp&, const Memory&)> openmp;
    HostVersion wide; // empty where there is none
};

struct Sizes {
    bool small; // for looks at the results only
};

using Maker = Twin (*)(const Sizes&);
// All kernels in the order of the table.
const std::vector<std::pair<std::string, Maker>>& twinMakers();

Twin makeVecadd(const Sizes& sizes);
Twin makeSaxpy(const Sizes& sizes);
Twin makeStencil(const Sizes& sizes);
Twin makeReduction(const Sizes& sizes);
Twin makeScan(const Sizes& sizes);
Twin makeSgemmNaive(const Sizes& sizes);
Twin makeSgemmTiled(const Sizes& sizes);
Twin makeSoftmax(const Sizes& sizes);
Twin makeNbody(const Sizes& sizes);
Twin makeMandelbrot(const Sizes& sizes);
Twin makeBlackscholes(const Sizes& sizes);
Twin makeHistogram(const Sizes& sizes);
Twin makeTranspose(const Sizes& sizes);
Twin makeSpmv(const Sizes& sizes);
Twin makeStencil3d(const Sizes& sizes);
Twin makeConvolution(const Sizes& sizes);
Twin makeFft(const Sizes& sizes);
Twin makeBitonic(const Sizes& sizes);
Twin makeKmeans(const Sizes& sizes);
Twin makeSha256(const Sizes& sizes);
Twin makeRaymarch(const Sizes& sizes);
Twin makeGemmInt8(const Sizes& sizes);
Twin makeAttention(const Sizes& sizes);

// `count` floats, the same each time, from a range.
Words randomFloats(size_t count, float from, float to, uint32_t seed = 7);
// `count` words of 32 random bits, the same each time.
Words randomWords(size_t count, uint32_t seed = 7);
inline float asFloat(uint32_t word) {
    float value = 0;
    std::memcpy(&value, &word, sizeof value);
    return value;
}
inline uint32_t asWord(float value) {
    uint32_t word = 0;
    std::memcpy(&word, &value, sizeof word);
    return word;
}
inline float at(const Words& words, size_t index) {
    return asFloat(words[index]);
}

} // namespace halyard::bench::cpu
