#version 460
#extension GL_EXT_scalar_block_layout : require
layout(local_size_x = 4) in;
struct Item { vec3 position; float weight; mat2 turn; uint kind[3]; };
layout(std430, set = 0, binding = 0) buffer Out { float result[]; } o;
layout(std430, set = 0, binding = 1) readonly buffer Items { uint count; Item items[]; } b;
layout(std140, set = 0, binding = 2) uniform Settings { mat4 columns; layout(row_major) mat3 rows; float scale[3]; } u;
layout(scalar, set = 0, binding = 3) buffer Scalar { vec3 a; float b; layout(row_major) mat4x3 m; } s;
layout(push_constant) uniform Push { vec2 offset; uint index; } p;
layout(constant_id = 7) const uint kCount = 3;
layout(constant_id = 8) const float kFactor = 0.5;
const uint kTwice = kCount * 2 + 1;

void main() {
    if (gl_GlobalInvocationID.x != 0) return;
    Item item = b.items[p.index];
    o.result[0] = item.position.x + item.position.y * 10.0 + item.position.z * 100.0 + item.weight * 1000.0;
    vec2 turned = item.turn * vec2(1.0, 2.0);
    o.result[1] = turned.x;
    o.result[2] = turned.y;
    o.result[3] = float(item.kind[2] + b.items[0].kind[1]);
    vec4 product = u.columns * vec4(1.0, 2.0, 3.0, 4.0);
    o.result[4] = product.x;
    o.result[5] = product.w;
    vec3 rowed = u.rows * vec3(1.0, 10.0, 100.0);
    o.result[6] = rowed.x;
    o.result[7] = rowed.y;
    o.result[8] = rowed.z;
    o.result[9] = u.rows[2][1] + u.scale[p.index + 1];
    vec3 column = u.rows[1];
    o.result[10] = column.x + column.y + column.z;
    o.result[11] = float(b.items.length()) * 1000.0 + float(o.result.length());
    o.result[12] = p.offset.x + p.offset.y;
    o.result[13] = float(kCount) + kFactor + float(kTwice);
    s.m[3] = s.a * 2.0;
    s.m[0][2] = s.b;
    s.a = vec3(7.0, 8.0, 9.0);
    o.result[14] = transpose(u.rows)[0][2];
    mat3 squared = u.rows * u.rows;
    o.result[15] = squared[2][0];
    o.result[16] = determinant(u.rows);
    o.result[17] = inverse(u.rows)[1][1];
    mat2x3 outer = outerProduct(vec3(1, 2, 3), vec2(4, 5));
    o.result[18] = outer[1][2];
    vec3 weighted = vec3(1, 2, 3) * u.rows;
    o.result[19] = weighted.z;
}
