// SHA-256 (FIPS 180-4) of messages of 52 bytes, an invocation a message. Word w of message i is at w * count + i, in
// messages and in digests.
constant uint kRoot[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};

uint turn(uint x, uint by) {
    return rotate(x, 32u - by);
}

kernel void sha256(global const uint* restrict messages, global uint* restrict digests, uint count) {
    const uint i = get_global_id(0);
    if (i >= count) {
        return;
    }
    uint w[16];
    for (uint t = 0; t < 13; ++t) {
        w[t] = messages[t * count + i];
    }
    w[13] = 0x80000000u;
    w[14] = 0;
    w[15] = 52 * 8;
    uint a = 0x6a09e667u, b = 0xbb67ae85u, c = 0x3c6ef372u, d = 0xa54ff53au;
    uint e = 0x510e527fu, f = 0x9b05688cu, g = 0x1f83d9abu, h = 0x5be0cd19u;
    for (uint t = 0; t < 64; ++t) {
        const uint first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + kRoot[t] + w[t & 15];
        const uint second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
        const uint early = w[(t + 1) & 15];
        const uint late = w[(t + 14) & 15];
        w[t & 15] += (turn(early, 7) ^ turn(early, 18) ^ (early >> 3)) + w[(t + 9) & 15] +
                     (turn(late, 17) ^ turn(late, 19) ^ (late >> 10));
    }
    digests[i] = a + 0x6a09e667u;
    digests[count + i] = b + 0xbb67ae85u;
    digests[2 * count + i] = c + 0x3c6ef372u;
    digests[3 * count + i] = d + 0xa54ff53au;
    digests[4 * count + i] = e + 0x510e527fu;
    digests[5 * count + i] = f + 0x9b05688cu;
    digests[6 * count + i] = g + 0x1f83d9abu;
    digests[7 * count + i] = h + 0x5be0cd19u;
}
