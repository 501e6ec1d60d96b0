#version 450
layout(local_size_x = 4) in;
layout(std140, binding = 0) uniform In { layout(row_major) mat3 rows; mat3x2 columns; float list[3]; } source;
layout(std430, binding = 1) buffer Out { uint count; float values[]; } result;
layout(push_constant) uniform Push { vec3 offset; float scale; } push;
shared vec3 exchange[4];

void main() {
    uint i = gl_LocalInvocationIndex;
    exchange[i] = vec3(i, i + 1u, i + 2u);
    barrier();
    vec3 v = source.rows * exchange[3u - i] + push.offset;
    vec2 w = source.columns * vec3(source.list[0], source.list[1], source.list[2]);
    result.values[i] = (v.x + v.y * 10.0 + v.z * 100.0 + source.rows[1][2] + w.x + w.y) * push.scale;
    if (i == 0u)
        result.count = uint(result.values.length());
}
