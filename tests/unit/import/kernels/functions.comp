#version 460
layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer Out { uint words[]; } o;
layout(std430, binding = 1) buffer In { float f[]; } i;
int calls = 3;
vec4 state = vec4(1.0, 2.0, 3.0, 4.0);
const int primes[6] = int[](2, 3, 5, 7, 11, 13);

float poly(float x, inout float acc) {
    calls += 1;
    acc += x;
    return state.y * x + state[calls & 3];
}
void put(uint at, float v) { o.words[at] = floatBitsToUint(v); }
bool outOfRange(int n) { return n < 0 || n >= o.words.length(); }

void main() {
    float acc = 0.5;
    put(0, poly(2.0, acc));
    put(1, poly(3.0, acc));
    put(2, acc);
    o.words[3] = uint(calls) + (outOfRange(40) ? 100u : 0u);
    int sum = 0;
    for (int k = 0; k < 6; ++k) {
        if (k == 4) continue;
        sum += primes[k];
    }
    o.words[4] = uint(sum);
    uint carry, high, low;
    o.words[5] = uaddCarry(0xfffffff0u, o.words[5], carry);
    o.words[6] = carry;
    umulExtended(0x12345678u, 0x9abcdef0u, high, low);
    o.words[7] = high;
    o.words[8] = low;
    o.words[9] = bitfieldInsert(0xffffffffu, 5u, 4, 8);
    o.words[10] = uint(bitfieldExtract(int(0xfffff0f0), 4, 8));
    o.words[11] = bitfieldReverse(0x12345678u);
    o.words[12] = uint(findMSB(0x00f00000u)) + 100u * uint(findLSB(0x00f00000u));
    o.words[13] = packHalf2x16(vec2(1.5, -2.25));
    vec2 unpacked = unpackHalf2x16(o.words[13]);
    put(14, unpacked.x + unpacked.y);
    o.words[15] = packUnorm4x8(vec4(0.0, 0.5, 1.0, 2.0));
    put(16, fract(i.f[0]));
    put(17, mod(-5.5, i.f[1]));
    put(18, clamp(i.f[0], 0.0, 1.0));
    put(19, length(vec3(3.0, 4.0, 12.0)));
    vec3 r = reflect(vec3(1.0, -1.0, 0.0), vec3(0.0, 1.0, 0.0));
    put(20, r.y);
    int exponent;
    put(21, frexp(i.f[2], exponent));
    o.words[22] = uint(exponent);
    put(23, smoothstep(0.0, 2.0, i.f[1] - i.f[1] + 0.5));
    uint n = 0u;
    do { n += 2u; if (n > 20u) break; } while (n < o.words[24]);
    o.words[24] = n;
    switch (calls) { case 5: o.words[25] = 55u; break; case 6: o.words[25] = 66u; default: o.words[25] += 7u; }
    put(26, exp(i.f[1]) + pow(i.f[1], 3.0));
    put(27, inversesqrt(16.0 + i.f[1] - i.f[1]));
    bvec3 truth = lessThan(vec3(1, 2, 3), vec3(2.0, 2.0, i.f[2]));
    o.words[28] = (any(truth) ? 1u : 0u) | (all(truth) ? 2u : 0u) | (truth.y ? 4u : 0u);
    o.words[29] = uint(-7 / int(o.words[29])) ;
    o.words[30] = uint(sign(-3)) + uint(isnan(i.f[0]) ? 1 : 0);
    put(31, float(double(i.f[0]) * 3.0lf));
}
