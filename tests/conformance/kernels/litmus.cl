// Litmus tests of the memory model, and atomics that many invocations fight for.
//
// An instance of a litmus test has its locations x, y and z, which begin as 0, and up to four results. Its threads are
// called roles. At device scope a role is a workgroup of one; at workgroup scope the roles are members of one.

enum { kInstanceWords = 64, kY = 16, kZ = 32, kMeeting = 48, kResults = 4, kMeetEvery = 256 };

typedef global uint* Place;

// Instructions of SPIR-V by name, since clang 22 mixes up order and scope of OpenCL's atomic loads and stores.
#define NAMED __attribute__((overloadable))
uint NAMED __spirv_AtomicLoad(Place place, int scope, int semantics);
void NAMED __spirv_AtomicStore(Place place, int scope, int semantics, uint value);
uint NAMED __spirv_AtomicIAdd(Place place, int scope, int semantics, uint value);
void NAMED __spirv_MemoryBarrier(int scope, int semantics);

#define DEVICE 1
#define GROUP 2
// Memory semantics of SPIR-V, for global memory (0x200).
#define RELAXED 0
#define ACQUIRE 0x202
#define RELEASE 0x204
#define ACQUIRE_RELEASE 0x208
#define SEQUENTIALLY_CONSISTENT 0x210
#define LOAD(place, order, scope) __spirv_AtomicLoad(place, scope, order)
#define STORE(place, value, order, scope) __spirv_AtomicStore(place, scope, order, value)
#define ADD(place, value, order, scope) __spirv_AtomicIAdd(place, scope, order, value)
#define FENCE(order, scope) __spirv_MemoryBarrier(scope, order)

// Waits until all roles are here, so that what follows happens at the same time. Only where all run at once.
static void meet(Place place, uint roles) {
    ADD(place, 1, RELAXED, DEVICE);
    while (LOAD(place, RELAXED, DEVICE) < roles) {
    }
}

#define AT_DEVICE(test, kind, roles)                                                                                   \
    kernel void test##_##kind##_device(Place m, global uint* out, uint instances, uint together) {                     \
        const uint role = (uint)get_group_id(0) % roles;                                                               \
        const uint step = (uint)get_num_groups(0) / roles;                                                             \
        for (uint i = (uint)get_group_id(0) / roles; i < instances; i += step) {                                       \
            Place x = m + i * kInstanceWords;                                                                          \
            if (together != 0 && i % kMeetEvery == 0)                                                                  \
                meet(x + kMeeting, roles);                                                                             \
            test##_##kind##_d(role, x, x + kY, x + kZ, out + i * kResults);                                            \
        }                                                                                                              \
    }
#define AT_GROUP(test, kind, roles)                                                                                    \
    kernel void test##_##kind##_group(Place m, global uint* out, uint instances, uint together) {                      \
        const uint role = (uint)get_local_id(0) % roles;                                                               \
        const uint i = (uint)(get_global_id(0) / roles);                                                               \
        Place x = m + i * kInstanceWords;                                                                              \
        if (i < instances)                                                                                             \
            test##_##kind##_g(role, x, x + kY, x + kZ, out + i * kResults);                                            \
    }
#define BODY(test, kind, scope) static void test##_##kind##_##scope(uint role, Place x, Place y, Place z, global uint* r)

// What holds in every order: the coherence of one location.
#define COHERENCE(kind, L, S, X, d, D)                                                                                 \
    BODY(corr, kind, d) {                                                                                              \
        if (role == 0) {                                                                                               \
            STORE(x, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[0] = LOAD(x, L, D);                                                                                      \
            r[1] = LOAD(x, L, D);                                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(cowr, kind, d) {                                                                                              \
        STORE(x, role + 1, S, D);                                                                                      \
        r[role] = LOAD(x, L, D);                                                                                       \
    }                                                                                                                  \
    BODY(corw, kind, d) {                                                                                              \
        if (role == 0)                                                                                                 \
            r[0] = LOAD(x, L, D);                                                                                      \
        STORE(x, role + 1, S, D);                                                                                      \
    }                                                                                                                  \
    BODY(coww, kind, d) {                                                                                              \
        if (role == 0) {                                                                                               \
            STORE(x, 1, S, D);                                                                                         \
            STORE(x, 2, S, D);                                                                                         \
        } else {                                                                                                       \
            r[0] = LOAD(x, L, D);                                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(rmw, kind, d) {                                                                                               \
        r[role] = ADD(x, 1, X, D);                                                              \
    }

// What acquire and release forbid.
#define ORDERED(kind, L, S, X, d, D)                                                                                   \
    BODY(mp, kind, d) {                                                                                                \
        if (role == 0) {                                                                                               \
            STORE(x, 1, RELAXED, D);                                                                                   \
            STORE(y, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[0] = LOAD(y, L, D);                                                                                      \
            r[1] = LOAD(x, RELAXED, D);                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(mpplain, kind, d) {                                                                                           \
        Place data = x;                                                                           \
        if (role == 0) {                                                                                               \
            *data = 1;                                                                                                 \
            STORE(y, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[0] = LOAD(y, L, D);                                                                                      \
            r[1] = r[0] != 0 ? *data : 0;                                                                              \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(lb, kind, d) {                                                                                                \
        Place from = role == 0 ? x : y, to = role == 0 ? y : x;                                                        \
        r[role] = LOAD(from, L, D);                                                                                    \
        STORE(to, 1, S, D);                                                                                            \
    }                                                                                                                  \
    BODY(s, kind, d) {                                                                                                 \
        if (role == 0) {                                                                                               \
            STORE(x, 2, RELAXED, D);                                                                                   \
            STORE(y, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[0] = LOAD(y, L, D);                                                                                      \
            STORE(x, 1, RELAXED, D);                                                                                   \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(isa2, kind, d) {                                                                                              \
        if (role == 0) {                                                                                               \
            STORE(x, 1, RELAXED, D);                                                                                   \
            STORE(y, 1, S, D);                                                                                         \
        } else if (role == 1) {                                                                                        \
            r[0] = LOAD(y, L, D);                                                                                      \
            STORE(z, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[1] = LOAD(z, L, D);                                                                                      \
            r[2] = LOAD(x, RELAXED, D);                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(wrc, kind, d) {                                                                                               \
        if (role == 0) {                                                                                               \
            STORE(x, 1, S, D);                                                                                         \
        } else if (role == 1) {                                                                                        \
            r[0] = LOAD(x, L, D);                                                                                      \
            STORE(y, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            r[1] = LOAD(y, L, D);                                                                                      \
            r[2] = LOAD(x, RELAXED, D);                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(chain, kind, d) {                                                                                             \
        if (role == 0) {                                                                                               \
            STORE(x, 1, RELAXED, D);                                                                                   \
            STORE(y, 1, S, D);                                                                                         \
        } else if (role == 1) {                                                                                        \
            r[3] = ADD(y, 1, RELAXED, D);                                                       \
        } else {                                                                                                       \
            r[0] = LOAD(y, L, D);                                                                                      \
            r[1] = LOAD(x, RELAXED, D);                                                                                \
        }                                                                                                              \
    }

// What only one order of all operations forbids.
#define SEQUENTIAL(kind, L, S, d, D)                                                                                   \
    BODY(sb, kind, d) {                                                                                                \
        Place own = role == 0 ? x : y, other = role == 0 ? y : x;                                                      \
        STORE(own, 1, S, D);                                                                                           \
        r[role] = LOAD(other, L, D);                                                                                   \
    }                                                                                                                  \
    BODY(iriw, kind, d) {                                                                                              \
        if (role < 2) {                                                                                                \
            STORE(role == 0 ? x : y, 1, S, D);                                                                         \
        } else {                                                                                                       \
            Place first = role == 2 ? x : y, second = role == 2 ? y : x;                                               \
            r[2 * (role - 2)] = LOAD(first, L, D);                                                                     \
            r[2 * (role - 2) + 1] = LOAD(second, L, D);                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(r, kind, d) {                                                                                                 \
        if (role == 0) {                                                                                               \
            STORE(x, 1, S, D);                                                                                         \
            STORE(y, 1, S, D);                                                                                         \
        } else {                                                                                                       \
            STORE(y, 2, S, D);                                                                                         \
            r[0] = LOAD(x, L, D);                                                                                      \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(w22, kind, d) {                                                                                               \
        Place first = role == 0 ? x : y, second = role == 0 ? y : x;                                                   \
        STORE(first, 1, S, D);                                                                                         \
        STORE(second, 2, S, D);                                                                                        \
    }

// The same by fences between relaxed operations.
#define FENCED(d, D)                                                                                                   \
    BODY(mp, fence, d) {                                                                                               \
        if (role == 0) {                                                                                               \
            STORE(x, 1, RELAXED, D);                                                                                   \
            FENCE(RELEASE, D);                                                                            \
            STORE(y, 1, RELAXED, D);                                                                                   \
        } else {                                                                                                       \
            r[0] = LOAD(y, RELAXED, D);                                                                                \
            FENCE(ACQUIRE, D);                                                                            \
            r[1] = LOAD(x, RELAXED, D);                                                                                \
        }                                                                                                              \
    }                                                                                                                  \
    BODY(sb, fence, d) {                                                                                               \
        Place own = role == 0 ? x : y, other = role == 0 ? y : x;                                                      \
        STORE(own, 1, RELAXED, D);                                                                                     \
        FENCE(SEQUENTIALLY_CONSISTENT, D);                                                                                \
        r[role] = LOAD(other, RELAXED, D);                                                                             \
    }

#define BOTH(test, kind, roles) AT_DEVICE(test, kind, roles) AT_GROUP(test, kind, roles)
#define COHERENCE_KERNELS(kind, L, S, X)                                                                               \
    COHERENCE(kind, L, S, X, d, DEVICE)                                                                                \
    COHERENCE(kind, L, S, X, g, GROUP)                                                                                 \
    BOTH(corr, kind, 2) BOTH(cowr, kind, 2) BOTH(corw, kind, 2) BOTH(coww, kind, 2) BOTH(rmw, kind, 2)
#define ORDERED_KERNELS(kind, L, S, X)                                                                                 \
    ORDERED(kind, L, S, X, d, DEVICE)                                                                                  \
    ORDERED(kind, L, S, X, g, GROUP)                                                                                   \
    BOTH(mp, kind, 2)                                                                                                  \
    BOTH(mpplain, kind, 2) BOTH(lb, kind, 2) BOTH(s, kind, 2) BOTH(isa2, kind, 3) BOTH(wrc, kind, 3) BOTH(chain, kind, 3)
#define SEQUENTIAL_KERNELS(kind, L, S)                                                                                 \
    SEQUENTIAL(kind, L, S, d, DEVICE)                                                                                  \
    SEQUENTIAL(kind, L, S, g, GROUP)                                                                                   \
    BOTH(sb, kind, 2) BOTH(iriw, kind, 4) BOTH(r, kind, 2) BOTH(w22, kind, 2)

COHERENCE_KERNELS(relaxed, RELAXED, RELAXED, RELAXED)
COHERENCE_KERNELS(acqrel, ACQUIRE, RELEASE, ACQUIRE_RELEASE)
COHERENCE_KERNELS(seqcst, SEQUENTIALLY_CONSISTENT, SEQUENTIALLY_CONSISTENT, SEQUENTIALLY_CONSISTENT)
ORDERED_KERNELS(acqrel, ACQUIRE, RELEASE, ACQUIRE_RELEASE)
ORDERED_KERNELS(seqcst, SEQUENTIALLY_CONSISTENT, SEQUENTIALLY_CONSISTENT, SEQUENTIALLY_CONSISTENT)
SEQUENTIAL_KERNELS(seqcst, SEQUENTIALLY_CONSISTENT, SEQUENTIALLY_CONSISTENT)
FENCED(d, DEVICE)
FENCED(g, GROUP)
BOTH(mp, fence, 2)
BOTH(sb, fence, 2)
