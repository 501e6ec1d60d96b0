// The number of iterations of z = z * z + c before |z| > 2, for each pixel. Contraction is off, so every device that rounds
// as IEEE 754 says gives exactly the same image: far from the set's edge a last bit does not matter, near it everything does.
#pragma OPENCL FP_CONTRACT OFF

__kernel void mandelbrot(__global uint* restrict iterations, uint width, uint height, float left, float top, float step,
                         uint limit) {
    const uint px = get_global_id(0);
    const uint py = get_global_id(1);
    if (px >= width || py >= height) {
        return;
    }
    const float cx = left + (float)px * step;
    const float cy = top - (float)py * step;
    float x = 0.0f;
    float y = 0.0f;
    uint count = 0;
    while (count < limit) {
        const float x2 = x * x;
        const float y2 = y * y;
        if (x2 + y2 > 4.0f) {
            break;
        }
        y = 2.0f * x * y + cy;
        x = x2 - y2 + cx;
        ++count;
    }
    iterations[(size_t)py * width + px] = count;
}
