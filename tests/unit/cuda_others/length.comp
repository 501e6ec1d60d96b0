#version 450
// Writes how many words the buffer has into its first.
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) buffer Data { uint words[]; };
void main() { words[0] = words.length(); }
