// One buffer under several types, arrays of buffers, and a table too large for registers.
#version 450
#extension GL_EXT_nonuniform_qualifier : enable
layout(local_size_x = 4) in;

layout(set = 0, binding = 0) buffer Words { uint words[]; };
layout(set = 0, binding = 0) buffer Pairs { uvec2 pairs[]; };
layout(set = 0, binding = 0) buffer Floats { float floats[]; };

layout(set = 0, binding = 1) readonly buffer Source { uint first; uint rest[]; } sources[3];
layout(set = 0, binding = 2) uniform Factor { uint factor; } factors[2];
layout(set = 1, binding = 0) buffer Sink { uint total; uint lengths[3]; uint fromTable; } sink;
layout(push_constant) uniform Push { uint which; };

uint pick(uint buffer_, uint index) {
    return sources[buffer_].rest[index] * factors[index & 1].factor;
}

void main() {
    uint i = gl_LocalInvocationID.x;
    words[4 + i] = floatBitsToUint(floats[i] * 2.0) + pairs[i & 1].y;
    if (i == 0) {
        sink.total = pick(which, 1) + sources[0].first + sources[2].first;
        for (uint b = 0; b < 3; ++b)
            sink.lengths[b] = uint(sources[nonuniformEXT(b)].rest.length());
        uint table[9000];
        for (uint k = 0; k < 9000; ++k)
            table[k] = k * k;
        uint copy[9000] = table;
        sink.fromTable = copy[words[0] % 9000] + words.length();
    }
}
