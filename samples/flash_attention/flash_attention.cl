// Attention, O = softmax(Q * K^T * scale) * V, without ever storing the matrix of scores. Each head's Q, K, V and O are
// row-major, `length` rows of HEAD_DIM floats.
//
// A workgroup of QUERIES invocations works on as many consecutive queries of one head, one an invocation. It walks through the keys in tiles
// of KEYS, which it loads into workgroup memory together. The softmax is computed as the tiles come in: `largest` and `sum` are
// those of the keys so far, and when a tile brings a larger score, what was summed before is scaled down.

#define HEAD_DIM 64
#define QUERIES 64
#define KEYS 32

__attribute__((reqd_work_group_size(QUERIES, 1, 1)))
__kernel void flashAttention(__global const float* restrict q, __global const float* restrict k,
                             __global const float* restrict v, __global float* restrict o, uint length, float scale,
                             uint causal) {
    __local float tileK[KEYS][HEAD_DIM];
    __local float tileV[KEYS][HEAD_DIM];

    const uint id = get_local_id(0);
    const uint query = get_global_id(0);
    const size_t head = (size_t)get_group_id(1) * length * HEAD_DIM;
    const bool active = query < length;

    float rowQ[HEAD_DIM];
    float rowO[HEAD_DIM];
    for (uint d = 0; d < HEAD_DIM; ++d) {
        rowQ[d] = active ? q[head + (size_t)query * HEAD_DIM + d] * scale : 0.0f;
        rowO[d] = 0.0f;
    }
    float largest = -INFINITY;
    float sum = 0.0f;

    // With the causal mask no query of this workgroup sees a key beyond the last query. The bound is the same for the whole
    // workgroup, so the barriers are reached by all of it.
    const uint lastQuery = min((uint)(get_group_id(0) + 1) * QUERIES, length);
    const uint keyEnd = causal ? lastQuery : length;
    for (uint base = 0; base < keyEnd; base += KEYS) {
        for (uint i = id; i < KEYS * HEAD_DIM; i += QUERIES) {
            const uint key = base + i / HEAD_DIM;
            const size_t source = head + (size_t)key * HEAD_DIM + i % HEAD_DIM;
            tileK[i / HEAD_DIM][i % HEAD_DIM] = key < length ? k[source] : 0.0f;
            tileV[i / HEAD_DIM][i % HEAD_DIM] = key < length ? v[source] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);

        const uint visible = causal ? min(query + 1, length) : length;
        float score[KEYS];
        float tileLargest = -INFINITY;
        for (uint j = 0; j < KEYS; ++j) {
            float dot = 0.0f;
            for (uint d = 0; d < HEAD_DIM; ++d) {
                dot = fma(rowQ[d], tileK[j][d], dot);
            }
            score[j] = base + j < visible ? dot : -INFINITY;
            tileLargest = fmax(tileLargest, score[j]);
        }

        // A tile that this query does not see at all changes nothing, and would make the scale exp(-inf - -inf).
        if (tileLargest > -INFINITY) {
            const float newLargest = fmax(largest, tileLargest);
            const float rescale = exp(largest - newLargest);
            largest = newLargest;
            sum *= rescale;
            for (uint d = 0; d < HEAD_DIM; ++d) {
                rowO[d] *= rescale;
            }
            for (uint j = 0; j < KEYS; ++j) {
                const float weight = exp(score[j] - newLargest);
                sum += weight;
                for (uint d = 0; d < HEAD_DIM; ++d) {
                    rowO[d] = fma(weight, tileV[j][d], rowO[d]);
                }
            }
        }
        // The tile may not be replaced before everybody has used it.
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    if (active) {
        const float inverse = 1.0f / sum;
        for (uint d = 0; d < HEAD_DIM; ++d) {
            o[head + (size_t)query * HEAD_DIM + d] = rowO[d] * inverse;
        }
    }
}
