// Kernels whose results are whole numbers and hence exact: sorting, hashing, the product of bytes.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "bitonic_cl.spv.h"
#include "bitonic_cl.txt.h"
#include "cpu/twin.h"
#include "gemm_int8_cl.spv.h"
#include "gemm_int8_cl.txt.h"
#include "sha256_cl.spv.h"
#include "sha256_cl.txt.h"

namespace halyard::bench::cpu {
namespace {

// The first 32 bits behind the point, by which SHA-256's constants are defined.
uint32_t fraction(long double number) {
    return static_cast<uint32_t>((number - std::floor(number)) * 0x1p32L);
}

std::vector<uint32_t> primes(size_t count) {
    std::vector<uint32_t> found;
    for (uint32_t number = 2; found.size() < count; ++number) {
        if (std::none_of(found.begin(), found.end(), [&](uint32_t prime) { return number % prime == 0; })) {
            found.push_back(number);
        }
    }
    return found;
}

uint32_t turned(uint32_t word, int by) {
    return word >> by | word << (32 - by);
}

// FIPS 180-4 by the letter, with a schedule of 64 words and constants from their definition, for 13 words.
std::array<uint32_t, 8> digestOf(const std::array<uint32_t, 13>& message) {
    static const std::vector<uint32_t> numbers = primes(64);
    std::array<uint32_t, 64> w{};
    std::copy(message.begin(), message.end(), w.begin());
    w[13] = 0x80000000u;
    w[15] = 13 * 32;
    for (size_t t = 16; t < 64; ++t) {
        const uint32_t s0 = turned(w[t - 15], 7) ^ turned(w[t - 15], 18) ^ (w[t - 15] >> 3);
        const uint32_t s1 = turned(w[t - 2], 17) ^ turned(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    std::array<uint32_t, 8> start{};
    for (size_t i = 0; i < 8; ++i) {
        start[i] = fraction(std::sqrt(static_cast<long double>(numbers[i])));
    }
    auto [a, b, c, d, e, f, g, h] = start;
    for (size_t t = 0; t < 64; ++t) {
        const uint32_t root = fraction(std::cbrt(static_cast<long double>(numbers[t])));
        const uint32_t t1 = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + root + w[t];
        const uint32_t t2 = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    return {start[0] + a, start[1] + b, start[2] + c, start[3] + d,
            start[4] + e, start[5] + f, start[6] + g, start[7] + h};
}

} // namespace

Twin makeBitonic(const Sizes& sizes) {
    const uint32_t blocks = sizes.small ? 3 : 8192;
    Twin twin = {};
    twin.name = "bitonic";
    twin.sizes = fmt::format("{} blocks of 512 keys, a group of 256 a block", blocks);
    twin.code = {bitonic_cl_txt, bitonic_cl_spv, bitonic_cl_spv_size};
    twin.groups = {blocks, 1, 1};
    twin.groupSize = {256, 1, 1};
    const size_t count = size_t{blocks} * 512;
    Words sorted = randomWords(count);
    twin.buffers = {sorted, Words(count)};
    for (size_t first = 0; first < count; first += 512) {
        const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(first);
        std::sort(begin, begin + 512);
    }
    twin.arguments = {Slot{0}, Slot{1}};
    twin.output = 1;
    twin.integers = true;
    twin.expected = [sorted](size_t i) { return double{static_cast<double>(sorted[i])}; };
    twin.stride = 1;
    twin.bytes = 8.0 * static_cast<double>(count);
    twin.openmp = [blocks](const OpenMp& omp, const Memory& m) { omp.bitonic(m.words(0), m.words(1), blocks); };
    return twin;
}

Twin makeSha256(const Sizes& sizes) {
    const uint32_t count = sizes.small ? 1000 : 1u << 18;
    Twin twin = {};
    twin.name = "sha256";
    twin.sizes = fmt::format("{} messages of 52 bytes, groups of 256", count);
    twin.code = {sha256_cl_txt, sha256_cl_spv, sha256_cl_spv_size};
    twin.groups = {(count + 255) / 256, 1, 1};
    twin.groupSize = {256, 1, 1};
    twin.buffers = {randomWords(size_t{count} * 13), Words(size_t{count} * 8)};
    twin.arguments = {Slot{0}, Slot{1}, count};
    twin.output = 1;
    twin.integers = true;
    twin.expected = [messages = twin.buffers[0], count](size_t i) {
        std::array<uint32_t, 13> message{};
        for (size_t word = 0; word < 13; ++word) {
            message[word] = messages[word * count + i % count];
        }
        return double{static_cast<double>(digestOf(message)[i / count])};
    };
    twin.stride = count > 100000 ? 997 : 1;
    twin.bytes = 4.0 * (13 + 8) * count;
    twin.openmp = [count](const OpenMp& omp, const Memory& m) { omp.sha256(m.words(0), m.words(1), count); };
    return twin;
}

Twin makeGemmInt8(const Sizes& sizes) {
    const uint32_t n = sizes.small ? 64 : 1024;
    Twin twin = {};
    twin.name = "gemm_int8";
    twin.sizes = fmt::format("{0} x {0} x {0} bytes, groups of 16 x 16", n);
    twin.code = {gemm_int8_cl_txt, gemm_int8_cl_spv, gemm_int8_cl_spv_size};
    twin.groups = {n / 16, n / 16, 1};
    twin.groupSize = {16, 16, 1};
    const size_t count = size_t{n} * n;
    twin.buffers = {randomWords(count / 4), randomWords(count / 4, 8), Words(count)};
    twin.arguments = {Slot{0}, Slot{1}, Slot{2}, n};
    twin.output = 2;
    twin.integers = true;
    twin.expected = [a = twin.buffers[0], b = twin.buffers[1], n](size_t i) {
        const auto* left = reinterpret_cast<const int8_t*>(a.data()) + i / n * n;
        const auto* right = reinterpret_cast<const int8_t*>(b.data()) + i % n * 4;
        int32_t sum = 0;
        for (size_t k = 0; k < n; ++k) {
            sum += left[k] * right[k / 4 * n * 4 + k % 4];
        }
        return double{static_cast<double>(static_cast<uint32_t>(sum))};
    };
    twin.stride = count > 100000 ? 37 : 1;
    twin.bytes = 6.0 * static_cast<double>(count);
    twin.openmp = [n](const OpenMp& omp, const Memory& m) { omp.gemmInt8(m.bytes(0), m.bytes(1), m.integers(2), n); };
    return twin;
}

} // namespace halyard::bench::cpu
