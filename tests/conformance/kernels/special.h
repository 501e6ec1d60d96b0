// Arithmetic on bit patterns: REAL is the type, BITS its bits, NAME(op) a kernel's name. a, b and c go through every
// combination that the host chose; results are bits.

#define KERNEL(op, expression)                                                                                         \
    kernel void NAME(op)(global BITS * out, const global REAL* as, const global REAL* bs, const global REAL* cs) {     \
        const size_t i = get_global_id(0);                                                                             \
        const REAL a = as[i], b = bs[i], c = cs[i];                                                                    \
        out[i] = expression;                                                                                           \
    }
#define REAL_KERNEL(op, expression) KERNEL(op, BITS_OF(expression))

REAL_KERNEL(add, a + b)
REAL_KERNEL(subtract, a - b)
REAL_KERNEL(multiply, a* b)
REAL_KERNEL(divide, a / b)
REAL_KERNEL(fma, fma(a, b, c))
REAL_KERNEL(negate, -a)
REAL_KERNEL(absolute, fabs(a))
REAL_KERNEL(copysign, copysign(a, b))
REAL_KERNEL(minimum, fmin(a, b))
REAL_KERNEL(maximum, fmax(a, b))
REAL_KERNEL(truncate, trunc(a))
REAL_KERNEL(floor, floor(a))
REAL_KERNEL(ceiling, ceil(a))
REAL_KERNEL(nearest, rint(a))
REAL_KERNEL(away, round(a))
REAL_KERNEL(square_root, sqrt(a))
REAL_KERNEL(select, b < c ? a : b)
KERNEL(less, a < b)
KERNEL(less_or_equal, a <= b)
KERNEL(greater, a > b)
KERNEL(equal, a == b)
KERNEL(not_equal, a != b)
KERNEL(is_nan, isnan(a) != 0)
KERNEL(is_infinite, isinf(a) != 0)
KERNEL(is_finite, isfinite(a) != 0)
KERNEL(sign, signbit(a) != 0)
KERNEL(to_int, (BITS)(uint)convert_int_sat(a))
KERNEL(to_uint, (BITS)convert_uint_sat(a))
REAL_KERNEL(from_int, (REAL)(int)BITS_OF(a))
REAL_KERNEL(from_uint, (REAL)(uint)BITS_OF(a))
