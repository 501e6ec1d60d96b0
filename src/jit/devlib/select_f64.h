/* Makes the .inc file that follows the f64 instance. No include guard: it is included before every instance. */
#undef T
#undef I
#undef U
#undef S
#undef K
#undef B
#undef SUFFIX
#undef MANTISSA
#undef BIAS
#undef MAX_EXPONENT
#undef IS_F32
#define SUFFIX f64
#define T f64
#define I i64
#define U u64
#define S(name) name##_f64
#define K(name) HY_##name##_f64
#define B(name) __builtin_##name
#define MANTISSA 52
#define BIAS 1023
#define MAX_EXPONENT 1024
#define IS_F32 0
