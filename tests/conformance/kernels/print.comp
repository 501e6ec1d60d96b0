#version 450
#extension GL_EXT_debug_printf : require
layout(local_size_x = 2) in;
layout(set = 0, binding = 0) readonly buffer Data { uint data[]; };

void main() {
    debugPrintfEXT("glsl %u %v2f", data[gl_GlobalInvocationID.x], vec2(1.5, -2.0));
}
