// C = A * B of bytes with sums of 32 bits, n x n, an invocation an element. Four steps of k lie together in both: A in
// rows of n / 4 quadruples, B in n / 4 rows of n quadruples. (No convert_int4: clang 22 loses the sign in its SPIR-V.)
kernel void gemm_int8(global const char4* restrict a, global const char4* restrict b, global int* restrict c, uint n) {
    const uint column = get_global_id(0);
    const uint row = get_global_id(1);
    int sum = 0;
    for (uint k = 0; k < n / 4; ++k) {
        const char4 left = a[row * (n / 4) + k];
        const char4 right = b[k * n + column];
        sum += left.x * right.x + left.y * right.y + left.z * right.z + left.w * right.w;
    }
    c[row * n + column] = sum;
}
