/* Makes the .inc file that follows the f32 instance. No include guard: it is included before every instance. */
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
#define SUFFIX f32
#define T f32
#define I i32
#define U u32
#define S(name) name##_f32
#define K(name) HY_##name##_f32
#define B(name) __builtin_##name##f
#define MANTISSA 23
#define BIAS 127
#define MAX_EXPONENT 128
#define IS_F32 1
