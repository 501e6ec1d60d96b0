/* Types and macros of the device maths library. The sources are freestanding GNU C without memory access, so that they
 * inline into any kernel; each family is written once in NAME.inc and instantiated for f32 and f64 by NAME.c.
 * With HY_DEVLIB_NATIVE the same sources build for the host under plain names, for the accuracy tests. */
#ifndef HY_DEVLIB_TYPES_H
#define HY_DEVLIB_TYPES_H

typedef float f32;
typedef double f64;
typedef _Float16 f16;
typedef signed int i32;
typedef unsigned int u32;
typedef signed long long i64;
typedef unsigned long long u64;

#define HY_INLINE static inline __attribute__((always_inline, unused))

#ifdef __clang__
#define HY_UNROLL _Pragma("clang loop unroll(full)")
#else
#define HY_UNROLL
#endif

#define HY_STRING_(x) #x
#define HY_STRING(x) HY_STRING_(x)
#define HY_JOIN_(a, b) a##_##b
#define HY_JOIN(a, b) HY_JOIN_(a, b)

/* Conditions whose operands are all evaluated: && and || may stay branches. */
HY_INLINE i32 hy_both(i32 a, i32 b) {
    return a & b;
}
HY_INLINE i32 hy_either(i32 a, i32 b) {
    return a | b;
}

/* HY_FUNCTION(result, exp, f32, (f32 x)) { ... } defines hy.math.exp.f32, known to C as hy_exp_f32. */
#ifdef HY_DEVLIB_NATIVE
#define HY_LABEL(name, type)
#else
#define HY_LABEL(name, type) __asm__("hy.math." HY_STRING(name) "." HY_STRING(type))
#endif
#define HY_DECLARE(result, name, type, parameters)                                                                     \
    result HY_JOIN(hy_##name, type)                                                                                    \
    parameters HY_LABEL(name, type)

#define HY_FUNCTION(result, name, type, parameters)                                                                    \
    HY_DECLARE(result, name, type, parameters);                                                                        \
    result HY_JOIN(hy_##name, type) parameters

#endif
