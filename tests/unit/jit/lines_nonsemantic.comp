#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer Values {
    float values[];
};

void main() {
    const float x = values[gl_GlobalInvocationID.x]; // line 8
    values[gl_GlobalInvocationID.x] =
        x / 3.0; // lines 9 and 10
}
