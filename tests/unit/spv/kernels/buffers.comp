#version 450
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_buffer_reference : require
layout(local_size_x = 8, local_size_y = 2) in;

layout(set = 1, binding = 0, scalar) buffer Third {
    vec3 rows[4];
    dvec2 pair;
    mat2x3 matrices[2];
} third;
layout(binding = 0) buffer First { float first[]; };
layout(binding = 0) buffer FirstAsVectors { vec4 firstVectors[]; };
layout(binding = 2, std140) uniform Second {
    mat3 m;
    vec3 v;
    float f;
} second;
layout(binding = 1) readonly buffer Input { int values[]; } source;
layout(binding = 9) buffer Unused { int unused; };
layout(buffer_reference, std430) buffer Reference { uint values[]; };
layout(push_constant) uniform Push {
    Reference reference;
    mat3 m;
    uint16_t h;
} push;
shared float tile[33];

void helper() {
    first[0] = firstVectors[1].x + second.m[0].x + second.v.y + second.f;
    tile[gl_LocalInvocationIndex] = first[1];
}

void main() {
    helper();
    barrier();
    third.rows[1] = vec3(1) * third.matrices[1][0] * tile[1];
    push.reference.values[first.length()] = uint(push.m[1].x) + source.values[0];
}
