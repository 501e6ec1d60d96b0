// What native_code_test.cpp and driver_test.cpp have nvcc compile.
struct Mixed {
    double number;
    char text[12];
};

extern "C" __global__ void add(float* x, const float* y, int count, Mixed mixed) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        x[i] += y[i] + static_cast<float>(mixed.number);
}

extern "C" __global__ void turn(int* x) {
    extern __shared__ int block[];
    block[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = block[blockDim.x - 1 - threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) nothing() {}
