// Writes a pattern over rows of bytes or of words: what vkCmdFillBuffer cannot do (other patterns than 4 bytes, any
// address and pitch). One invocation writes one unit.
#version 450
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_8bit_storage : require

layout(local_size_x = 64) in;

layout(buffer_reference, buffer_reference_align = 1, std430) buffer Bytes {
    uint8_t value;
};
layout(buffer_reference, buffer_reference_align = 4, std430) buffer Words {
    uint value;
};

layout(push_constant, std430) uniform Fill {
    uvec4 pattern;
    uint64_t address; // of the row and unit that the first invocation writes
    uint64_t rowPitch;
    uint64_t slicePitch;
    uint units;       // that are left of a row
    uint unitBytes;   // 1 or 4
    uint periodUnits; // of the pattern; a power of two
    uint firstUnit;   // within the pattern
} fill;

void main() {
    const uint unit = gl_GlobalInvocationID.x;
    if (unit >= fill.units)
        return;
    const uint place = (fill.firstUnit + unit) % fill.periodUnits;
    const uint64_t at = fill.address + gl_WorkGroupID.y * fill.rowPitch + gl_WorkGroupID.z * fill.slicePitch +
                        uint64_t(unit) * fill.unitBytes;
    if (fill.unitBytes == 4)
        Words(at).value = fill.pattern[place];
    else
        Bytes(at).value = uint8_t(fill.pattern[place / 4] >> (8 * (place % 4)));
}
