// A mutator that knows where words begin: SPIR-V is words, and a shifted byte is a module that parses no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t maxSize);

// libFuzzer looks this name up; include the header in one file of a fuzzer.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t maxSize, unsigned seed) {
    constexpr size_t kHeaderWords = 5;
    std::minstd_rand random(seed);
    const size_t count = size / sizeof(uint32_t);
    if (count <= kHeaderWords + 1 || random() % 16 == 0)
        return LLVMFuzzerMutate(data, size, maxSize);
    std::vector<uint32_t> words(count);
    std::memcpy(words.data(), data, count * sizeof(uint32_t));
    const auto any = [&] { return kHeaderWords + random() % (count - kHeaderWords); };
    for (unsigned change = 0; change < 1 + random() % 3; ++change) {
        uint32_t& word = words[any()];
        switch (random() % 5) {
        case 0:
            word ^= 1u << random() % 32;
            break;
        case 1:
            word = words[any()];
            break;
        case 2:
            word += static_cast<uint32_t>(random() % 5) - 2;
            break;
        case 3:
            word = static_cast<uint32_t>(random() % (words[3] | 1));
            break;
        default: // another opcode with as many words
            word = (word & 0xffff0000u) | (words[any()] & 0xffffu);
        }
    }
    std::memcpy(data, words.data(), count * sizeof(uint32_t));
    return count * sizeof(uint32_t);
}
