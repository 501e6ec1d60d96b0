// One time step of `n` bodies under gravity. A position is x, y, z and mass; a velocity's fourth value is unused. Each
// invocation moves one body; the workgroup loads the others in tiles of its own size into workgroup memory, given with the launch.

__kernel void stepBodies(__global const float4* restrict positions, __global float4* restrict newPositions,
                         __global float4* restrict velocities, __local float4* tile, uint n, float dt, float softening2) {
    const uint i = get_global_id(0);
    const uint id = get_local_id(0);
    const uint size = get_local_size(0);
    const float4 own = i < n ? positions[i] : (float4)(0.0f);

    float3 acceleration = (float3)(0.0f);
    for (uint base = 0; base < n; base += size) {
        // Bodies beyond the last have no mass, so they pull at nobody.
        tile[id] = base + id < n ? positions[base + id] : (float4)(0.0f);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint j = 0; j < size; ++j) {
            const float4 other = tile[j];
            const float3 r = other.xyz - own.xyz;
            const float distance2 = r.x * r.x + r.y * r.y + r.z * r.z + softening2;
            const float inverse = rsqrt(distance2);
            acceleration += r * (other.w * inverse * inverse * inverse);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    if (i < n) {
        float4 velocity = velocities[i];
        velocity.xyz += acceleration * dt;
        velocities[i] = velocity;
        newPositions[i] = (float4)(own.xyz + velocity.xyz * dt, own.w);
    }
}
