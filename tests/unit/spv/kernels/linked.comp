#version 450
#extension GL_EXT_buffer_reference : require
layout(local_size_x = 1) in;
layout(buffer_reference) buffer Node;
layout(buffer_reference, std430) buffer Node {
    Node children[4];
    Node more[];
};
layout(push_constant) uniform Push {
    Node root;
    Node other;
};

void main() { root.children[1].children[2] = other.more[3]; }
