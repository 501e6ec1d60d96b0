// The loops of openmp.h in three dimensions, on signals and images, on keys, and of learning and hashing.
#include "openmp.h"

#include <cmath>
#include <cstddef>

namespace halyard::bench::cpu::HALYARD_OPENMP {
namespace {

void stencil3d(const float* __restrict in, float* __restrict out, uint32_t width, uint32_t height, uint32_t depth) {
    const size_t row = width;
    const size_t plane = row * height;
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t z = 1; z < depth - 1; ++z) {
        for (uint32_t y = 1; y < height - 1; ++y) {
            const float* from = in + z * plane + y * row;
            float* to = out + z * plane + y * row;
#pragma omp simd
            for (uint32_t x = 1; x < width - 1; ++x) {
                const float* at = from + x;
                const float around = *(at - 1) + *(at + 1) + *(at - row) + *(at + row) + *(at - plane) + *(at + plane);
                to[x] = 0.4f * *at + 0.1f * around;
            }
        }
    }
}

// The window's weights outside and the row inside, so that the inner loop has neither a gather nor a sum across lanes.
void convolution(const float* __restrict in, const float* __restrict weights, float* __restrict out, uint32_t width,
                 uint32_t height) {
#pragma omp parallel for schedule(static)
    for (uint32_t y = 0; y < height; ++y) {
        float* to = out + size_t{y} * width;
#pragma omp simd
        for (uint32_t x = 0; x < width; ++x) {
            float sum = 0.0f;
#pragma clang loop unroll(full)
            for (uint32_t j = 0; j < 7; ++j) {
#pragma clang loop unroll(full)
                for (uint32_t i = 0; i < 7; ++i) {
                    sum = std::fma(in[size_t{y + j} * (width + 6) + x + i], weights[j * 7 + i], sum);
                }
            }
            to[x] = sum;
        }
    }
}

// The kernel's five steps of radix 4 with the same roots, between two arrays in cache.
void transform(const float* __restrict in, const float* __restrict roots, float* __restrict out) {
    float re[2][1024];
    float im[2][1024];
    for (uint32_t i = 0; i < 1024; ++i) {
        re[0][i] = in[2 * i];
        im[0][i] = in[2 * i + 1];
    }
    uint32_t from = 0;
    for (uint32_t done = 1; done < 1024; done *= 4, from = 1 - from) {
        const float* re0 = re[from];
        const float* im0 = im[from];
        float* toRe = re[1 - from];
        float* toIm = im[1 - from];
#pragma omp simd
        for (uint32_t id = 0; id < 256; ++id) {
            const uint32_t k = id & (done - 1);
            const uint32_t turn = k * (256 / done) * 2;
            const uint32_t to = (id - k) * 4 + k;
            const float w1 = roots[turn], u1 = roots[turn + 1];
            const float w2 = roots[2 * turn], u2 = roots[2 * turn + 1];
            const float w3 = roots[3 * turn], u3 = roots[3 * turn + 1];
            const float a = re0[id], b = im0[id];
            const float c = re0[id + 256] * w1 - im0[id + 256] * u1, d = re0[id + 256] * u1 + im0[id + 256] * w1;
            const float e = re0[id + 512] * w2 - im0[id + 512] * u2, f = re0[id + 512] * u2 + im0[id + 512] * w2;
            const float g = re0[id + 768] * w3 - im0[id + 768] * u3, h = re0[id + 768] * u3 + im0[id + 768] * w3;
            toRe[to] = a + e + (c + g);
            toIm[to] = b + f + (d + h);
            toRe[to + done] = a - e + (d - h);
            toIm[to + done] = b - f - (c - g);
            toRe[to + 2 * done] = a + e - (c + g);
            toIm[to + 2 * done] = b + f - (d + h);
            toRe[to + 3 * done] = a - e - (d - h);
            toIm[to + 3 * done] = b - f + (c - g);
        }
    }
    for (uint32_t i = 0; i < 1024; ++i) {
        out[2 * i] = re[from][i];
        out[2 * i + 1] = im[from][i];
    }
}

void fft(const float* __restrict in, const float* __restrict roots, float* __restrict out, uint32_t transforms) {
#pragma omp parallel for schedule(static)
    for (uint32_t i = 0; i < transforms; ++i) {
        transform(in + size_t{i} * 2048, roots, out + size_t{i} * 2048);
    }
}

// The kernel's network. A sort that compares less would compare algorithms.
void bitonic(const uint32_t* __restrict in, uint32_t* __restrict out, uint32_t blocks) {
#pragma omp parallel for schedule(static)
    for (uint32_t block = 0; block < blocks; ++block) {
        uint32_t keys[512];
        for (uint32_t i = 0; i < 512; ++i) {
            keys[i] = in[size_t{block} * 512 + i];
        }
        for (uint32_t size = 2; size <= 512; size *= 2) {
            for (uint32_t distance = size / 2; distance > 0; distance /= 2) {
                for (uint32_t first = 0; first < 512; first += 2 * distance) {
                    const bool falling = (first & size) != 0;
#pragma omp simd
                    for (uint32_t low = first; low < first + distance; ++low) {
                        const uint32_t a = keys[low];
                        const uint32_t b = keys[low + distance];
                        const uint32_t less = a < b ? a : b;
                        const uint32_t more = a < b ? b : a;
                        keys[low] = falling ? more : less;
                        keys[low + distance] = falling ? less : more;
                    }
                }
            }
        }
        for (uint32_t i = 0; i < 512; ++i) {
            out[size_t{block} * 512 + i] = keys[i];
        }
    }
}

void kmeans(const float* __restrict points, const float* __restrict centres, uint32_t* __restrict nearest,
            uint32_t count, uint32_t centreCount) {
#pragma omp parallel for simd schedule(static)
    for (uint32_t i = 0; i < count; ++i) {
        float least = 3.402823466e38f; // the largest: there is no infinity in fast maths
        uint32_t best = 0;
        for (uint32_t c = 0; c < centreCount; ++c) {
            float square = 0.0f;
#pragma clang loop unroll(full)
            for (uint32_t d = 0; d < 8; ++d) {
                const float away = points[size_t{d} * count + i] - centres[c * 8 + d];
                square = std::fma(away, away, square);
            }
            best = square < least ? c : best;
            least = square < least ? square : least;
        }
        nearest[i] = best;
    }
}

constexpr uint32_t kRoot[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};
constexpr uint32_t kStart[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};

uint32_t turn(uint32_t x, uint32_t by) {
    return x >> by | x << (32 - by);
}

// Messages side by side, as the kernel has them: plain C++ that clang could make vectors of.
void sha256(const uint32_t* __restrict messages, uint32_t* __restrict digests, uint32_t count) {
#pragma omp parallel for simd schedule(static)
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t w[16];
        for (uint32_t t = 0; t < 13; ++t) {
            w[t] = messages[size_t{t} * count + i];
        }
        w[13] = 0x80000000u;
        w[14] = 0;
        w[15] = 52 * 8;
        uint32_t s[8];
        for (uint32_t j = 0; j < 8; ++j) {
            s[j] = kStart[j];
        }
#pragma clang loop unroll(full)
        for (uint32_t t = 0; t < 64; ++t) {
            const uint32_t first = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
                                   ((s[4] & s[5]) ^ (~s[4] & s[6])) + kRoot[t] + w[t & 15];
            const uint32_t second =
                (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            s[7] = s[6];
            s[6] = s[5];
            s[5] = s[4];
            s[4] = s[3] + first;
            s[3] = s[2];
            s[2] = s[1];
            s[1] = s[0];
            s[0] = first + second;
            const uint32_t early = w[(t + 1) & 15];
            const uint32_t late = w[(t + 14) & 15];
            w[t & 15] += (turn(early, 7) ^ turn(early, 18) ^ (early >> 3)) + w[(t + 9) & 15] +
                         (turn(late, 17) ^ turn(late, 19) ^ (late >> 10));
        }
        for (uint32_t j = 0; j < 8; ++j) {
            digests[size_t{j} * count + i] = s[j] + kStart[j];
        }
    }
}

float scene(float x, float y, float z) {
    const float sx = x - 4.0f * std::floor(x * 0.25f) - 2.0f;
    const float sz = z - 4.0f * std::floor(z * 0.25f) - 2.0f;
    const float sphere = std::sqrt(sx * sx + y * y + sz * sz) - 1.0f;
    const float ground = 0.7f * (y + 1.5f + 0.1f * (sx * sx + sz * sz));
    return sphere < ground ? sphere : ground;
}

// Rows take turns, for they differ in length.
void raymarch(float* __restrict depths, uint32_t width, uint32_t height, float farEnd) {
#pragma omp parallel for schedule(dynamic, 8)
    for (uint32_t py = 0; py < height; ++py) {
        for (uint32_t px = 0; px < width; ++px) {
            const float u = (static_cast<float>(px) - 0.5f * static_cast<float>(width)) / static_cast<float>(height);
            const float v = (0.5f * static_cast<float>(height) - static_cast<float>(py)) / static_cast<float>(height);
            const float inverse = 1.0f / std::sqrt(u * u + v * v + 1.0f);
            float t = 0.0f;
            for (uint32_t step = 0; step < 128; ++step) {
                const float distance = scene(0.3f + t * (u * inverse), 0.8f + t * (v * inverse), t * inverse);
                if (distance < 0.001f || t > farEnd) {
                    break;
                }
                t += distance;
            }
            depths[size_t{py} * width + px] = t < farEnd ? t : farEnd;
        }
    }
}

// Tiles of 16 x 16 with their sums in registers, as the kernel's group has them.
void gemmInt8(const int8_t* __restrict a, const int8_t* __restrict b, int32_t* __restrict c, uint32_t n) {
    constexpr uint32_t kTile = 16;
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t row = 0; row < n; row += kTile) {
        for (uint32_t column = 0; column < n; column += kTile) {
            int32_t sums[kTile][kTile] = {};
            for (uint32_t k = 0; k < n; k += 4) {
                const int8_t* right = b + size_t{k} * n + size_t{column} * 4;
                for (uint32_t i = 0; i < kTile; ++i) {
                    const int8_t* left = a + size_t{row + i} * n + k;
#pragma omp simd
                    for (uint32_t j = 0; j < kTile; ++j) {
                        sums[i][j] += left[0] * right[4 * j] + left[1] * right[4 * j + 1] + left[2] * right[4 * j + 2] +
                                      left[3] * right[4 * j + 3];
                    }
                }
            }
            for (uint32_t i = 0; i < kTile; ++i) {
                for (uint32_t j = 0; j < kTile; ++j) {
                    c[size_t{row + i} * n + column + j] = sums[i][j];
                }
            }
        }
    }
}

// Tiles of 32 keys with a running maximum and sum, query by query, as each of the kernel's invocations; the keys and
// values of a head stay in the second level of cache.
void attention(const float* __restrict q, const float* __restrict k, const float* __restrict v, float* __restrict o,
               uint32_t heads, uint32_t length, float scale) {
    constexpr uint32_t kSize = 64;
    constexpr uint32_t kKeys = 32;
#pragma omp parallel for collapse(2) schedule(static)
    for (uint32_t head = 0; head < heads; ++head) {
        for (uint32_t query = 0; query < length; ++query) {
            const size_t base = size_t{head} * length * kSize;
            const float* own = q + base + size_t{query} * kSize;
            float sums[kSize] = {};
            float largest = -3.402823466e38f;
            float total = 0.0f;
            for (uint32_t first = 0; first < length; first += kKeys) {
                float scores[kKeys];
                float most = largest;
                for (uint32_t j = 0; j < kKeys; ++j) {
                    const float* key = k + base + size_t{first + j} * kSize;
                    float dot = 0.0f;
#pragma omp simd reduction(+ : dot)
                    for (uint32_t d = 0; d < kSize; ++d) {
                        dot += own[d] * key[d];
                    }
                    scores[j] = dot * scale;
                    most = scores[j] > most ? scores[j] : most;
                }
                const float rescale = std::exp(largest - most);
                largest = most;
                total *= rescale;
#pragma omp simd
                for (uint32_t d = 0; d < kSize; ++d) {
                    sums[d] *= rescale;
                }
#pragma omp simd reduction(+ : total)
                for (uint32_t j = 0; j < kKeys; ++j) {
                    scores[j] = std::exp(scores[j] - largest);
                    total += scores[j];
                }
                for (uint32_t j = 0; j < kKeys; ++j) {
                    const float* value = v + base + size_t{first + j} * kSize;
#pragma omp simd
                    for (uint32_t d = 0; d < kSize; ++d) {
                        sums[d] += scores[j] * value[d];
                    }
                }
            }
            for (uint32_t d = 0; d < kSize; ++d) {
                o[base + size_t{query} * kSize + d] = sums[d] / total;
            }
        }
    }
}

} // namespace

void fillMore(OpenMp& table) {
    table.stencil3d = stencil3d;
    table.convolution = convolution;
    table.fft = fft;
    table.bitonic = bitonic;
    table.kmeans = kmeans;
    table.sha256 = sha256;
    table.raymarch = raymarch;
    table.gemmInt8 = gemmInt8;
    table.attention = attention;
}

} // namespace halyard::bench::cpu::HALYARD_OPENMP
