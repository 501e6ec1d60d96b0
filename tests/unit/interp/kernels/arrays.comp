#version 450
layout(local_size_x = 4) in;
layout(binding = 0) buffer Out { uint value[]; } result;
layout(binding = 1) buffer In { uint scale; uint value[]; } source[3];

void main() {
    uint i = gl_LocalInvocationIndex;
    uint which = result.value[0]; // uniform
    result.value[1 + i] = source[which].value[i] * source[1].scale + source[which].value.length();
}
