#version 450
// A product and a sum that must be rounded one by one.
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) buffer Values { float data[]; } values;

void main() {
    precise float result = values.data[0] * values.data[1] + values.data[2];
    values.data[3] = result;
}
