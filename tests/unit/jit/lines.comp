#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Values {
    float values[];
};
shared float row[64];

float square(float x) {
    return x * x; // line 9
}

void main() {
    const uint i = gl_LocalInvocationID.x;
    row[i] = square(values[gl_GlobalInvocationID.x]); // line 14
    barrier();
    if (row[i] > 2.0) {
        values[gl_GlobalInvocationID.x] = row[63 - i] / 3.0; // line 17
    }
}
