#version 450
// Litmus tests by the Vulkan memory model, as litmus.cl has them by OpenCL's: a role is a workgroup of one.
#extension GL_KHR_memory_scope_semantics : require
#pragma use_vulkan_memory_model
layout(local_size_x = 1) in;

layout(std430, set = 0, binding = 0) buffer Memory { uint m[]; };
layout(std430, set = 0, binding = 1) buffer Results { uint r[]; };
layout(push_constant) uniform Push { uint test; uint roles; uint instances; uint together; };

const uint kInstanceWords = 64, kMeeting = 48, kResults = 4, kMeetEvery = 256;

#define BUFFER gl_StorageSemanticsBuffer
#define LOAD(at) atomicLoad(m[at], gl_ScopeDevice, 0, 0)
#define ACQUIRE(at) atomicLoad(m[at], gl_ScopeDevice, BUFFER, gl_SemanticsAcquire)
#define STORE(at, value) atomicStore(m[at], uint(value), gl_ScopeDevice, 0, 0)
#define RELEASE(at, value) atomicStore(m[at], uint(value), gl_ScopeDevice, BUFFER, gl_SemanticsRelease)
#define ADD(at, value) atomicAdd(m[at], uint(value), gl_ScopeDevice, 0, 0)

void run(uint role, uint x, uint y, uint z, uint out0) {
    switch (test) {
    case 0: // corr
        if (role == 0) {
            STORE(x, 1);
        } else {
            r[out0] = LOAD(x);
            r[out0 + 1] = LOAD(x);
        }
        break;
    case 1: // rmw
        r[out0 + role] = ADD(x, 1);
        break;
    case 2: // mp
        if (role == 0) {
            STORE(x, 1);
            RELEASE(y, 1);
        } else {
            r[out0] = ACQUIRE(y);
            r[out0 + 1] = LOAD(x);
        }
        break;
    case 3: // mp by barriers
        if (role == 0) {
            STORE(x, 1);
            memoryBarrier(gl_ScopeDevice, BUFFER, gl_SemanticsRelease);
            STORE(y, 1);
        } else {
            r[out0] = LOAD(y);
            memoryBarrier(gl_ScopeDevice, BUFFER, gl_SemanticsAcquire);
            r[out0 + 1] = LOAD(x);
        }
        break;
    case 4: // lb
        r[out0 + role] = ACQUIRE(role == 0 ? x : y);
        RELEASE(role == 0 ? y : x, 1);
        break;
    case 5: // s
        if (role == 0) {
            STORE(x, 2);
            RELEASE(y, 1);
        } else {
            r[out0] = ACQUIRE(y);
            STORE(x, 1);
        }
        break;
    case 6: // isa2
        if (role == 0) {
            STORE(x, 1);
            RELEASE(y, 1);
        } else if (role == 1) {
            r[out0] = ACQUIRE(y);
            RELEASE(z, 1);
        } else {
            r[out0 + 1] = ACQUIRE(z);
            r[out0 + 2] = LOAD(x);
        }
        break;
    case 7: // wrc
        if (role == 0) {
            RELEASE(x, 1);
        } else if (role == 1) {
            r[out0] = ACQUIRE(x);
            RELEASE(y, 1);
        } else {
            r[out0 + 1] = ACQUIRE(y);
            r[out0 + 2] = LOAD(x);
        }
        break;
    case 8: // chain
        if (role == 0) {
            STORE(x, 1);
            RELEASE(y, 1);
        } else if (role == 1) {
            r[out0 + 3] = ADD(y, 1);
        } else {
            r[out0] = ACQUIRE(y);
            r[out0 + 1] = LOAD(x);
        }
        break;
    }
}

void main() {
    const uint role = gl_WorkGroupID.x % roles;
    const uint step = gl_NumWorkGroups.x / roles;
    for (uint i = gl_WorkGroupID.x / roles; i < instances; i += step) {
        const uint x = i * kInstanceWords;
        if (together != 0 && i % kMeetEvery == 0) {
            ADD(x + kMeeting, 1);
            while (LOAD(x + kMeeting) < roles) {
            }
        }
        run(role, x, x + 16, x + 32, i * kResults);
    }
}
