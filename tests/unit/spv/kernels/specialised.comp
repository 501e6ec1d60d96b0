#version 450
#extension GL_EXT_shader_explicit_arithmetic_types : require
layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z = 2) in;
layout(constant_id = 0) const uint kWidth = 4;
layout(constant_id = 3) const float kScale = 2.5;
layout(constant_id = 4) const bool kDouble = true;
layout(constant_id = 5) const int64_t kWide = 5000000000l;
layout(constant_id = 6) const int kSigned = -3;
const uint kTiles = kWidth * 2 + (kDouble ? 1 : 0);

layout(binding = 0) buffer Output { float values[]; };
shared float tile[kTiles];

void main() {
    tile[gl_LocalInvocationIndex % kTiles] = kScale;
    barrier();
    values[gl_GlobalInvocationID.x] = tile[0] * float(kWide) * kSigned;
}
