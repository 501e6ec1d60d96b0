// The nearest of `centres` for each of `count` points in eight dimensions; of equally near ones the first. Points are
// stored dimension by dimension, centres one after the other.
kernel void kmeans(global const float* restrict points, global const float* restrict centres,
                   global uint* restrict nearest, uint count, uint centreCount) {
    const uint i = get_global_id(0);
    if (i >= count) {
        return;
    }
    float own[8];
    for (uint d = 0; d < 8; ++d) {
        own[d] = points[d * count + i];
    }
    float least = INFINITY;
    uint best = 0;
    for (uint c = 0; c < centreCount; ++c) {
        float square = 0.0f;
        for (uint d = 0; d < 8; ++d) {
            const float away = own[d] - centres[c * 8 + d];
            square = fma(away, away, square);
        }
        if (square < least) {
            least = square;
            best = c;
        }
    }
    nearest[i] = best;
}
