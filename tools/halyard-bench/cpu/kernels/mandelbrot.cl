// Steps until each point of [-2, 1) x [-1.5, 1.5) leaves the circle of radius 2.
kernel void mandelbrot(global uint* restrict steps, uint side, uint limit) {
    const uint px = get_global_id(0);
    const uint py = get_global_id(1);
    const float cx = -2.0f + 3.0f * (float)px / (float)side;
    const float cy = -1.5f + 3.0f * (float)py / (float)side;
    float x = 0.0f;
    float y = 0.0f;
    uint n = 0;
    while (n < limit && x * x + y * y <= 4.0f) {
        const float next = x * x - y * y + cx;
        y = 2.0f * x * y + cy;
        x = next;
        ++n;
    }
    steps[py * side + px] = n;
}
