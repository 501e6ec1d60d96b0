// The distance along each pixel's ray at which it meets a scene of spheres without end above dunes, found by steps as
// long as the scene's distance allows; the far end for a ray that meets nothing.
float scene(float x, float y, float z) {
    const float sx = x - 4.0f * floor(x * 0.25f) - 2.0f;
    const float sz = z - 4.0f * floor(z * 0.25f) - 2.0f;
    const float sphere = sqrt(sx * sx + y * y + sz * sz) - 1.0f;
    const float ground = 0.7f * (y + 1.5f + 0.1f * (sx * sx + sz * sz));
    return fmin(sphere, ground);
}

kernel void raymarch(global float* restrict depths, uint width, uint height, float farEnd) {
    const uint px = get_global_id(0);
    const uint py = get_global_id(1);
    const float u = ((float)px - 0.5f * (float)width) / (float)height;
    const float v = (0.5f * (float)height - (float)py) / (float)height;
    const float inverse = 1.0f / sqrt(u * u + v * v + 1.0f);
    const float dx = u * inverse;
    const float dy = v * inverse;
    const float dz = inverse;
    float t = 0.0f;
    for (uint step = 0; step < 128; ++step) {
        const float distance = scene(0.3f + t * dx, 0.8f + t * dy, t * dz);
        if (distance < 0.001f || t > farEnd) {
            break;
        }
        t += distance;
    }
    depths[py * width + px] = fmin(t, farEnd);
}
