// Fourier transforms of 1024 complex numbers each, a group of 256 a transform: Stockham's order, five steps of radix 4
// with the numbers in local memory between them. roots[t] = exp(-2 pi i t / 1024).
float2 times(float2 a, float2 b) {
    return (float2)(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

kernel void fft(global const float2* restrict in, global const float2* restrict roots, global float2* restrict out) {
    local float re[1024];
    local float im[1024];
    const uint id = get_local_id(0);
    const uint base = get_group_id(0) * 1024;
    float2 v[4];
    for (uint r = 0; r < 4; ++r) {
        v[r] = in[base + id + r * 256];
    }
    for (uint done = 1; done < 1024; done *= 4) { // transforms of so many numbers are there
        const uint k = id & (done - 1);
        for (uint r = 1; r < 4; ++r) {
            v[r] = times(v[r], roots[r * k * (256 / done)]);
        }
        const float2 even = v[0] + v[2];
        const float2 odd = v[0] - v[2];
        const float2 sum = v[1] + v[3];
        const float2 turned = (float2)(v[1].y - v[3].y, v[3].x - v[1].x); // -i (v1 - v3)
        v[0] = even + sum;
        v[1] = odd + turned;
        v[2] = even - sum;
        v[3] = odd - turned;
        if (done < 256) {
            const uint to = (id - k) * 4 + k;
            for (uint r = 0; r < 4; ++r) {
                re[to + r * done] = v[r].x;
                im[to + r * done] = v[r].y;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            for (uint r = 0; r < 4; ++r) {
                v[r] = (float2)(re[id + r * 256], im[id + r * 256]);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
        }
    }
    for (uint r = 0; r < 4; ++r) {
        out[base + id + r * 256] = v[r];
    }
}
