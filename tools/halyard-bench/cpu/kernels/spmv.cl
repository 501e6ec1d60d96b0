// y = A * x for a matrix in compressed rows, an invocation a row.
kernel void spmv(global const uint* restrict starts, global const uint* restrict columns,
                 global const float* restrict values, global const float* restrict x, global float* restrict y,
                 uint rows) {
    const uint row = get_global_id(0);
    if (row < rows) {
        float sum = 0.0f;
        for (uint i = starts[row]; i < starts[row + 1]; ++i) {
            sum = fma(values[i], x[columns[i]], sum);
        }
        y[row] = sum;
    }
}
