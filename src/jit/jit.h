/* The C interface of libhalyard_jit.so: one function, used by the worker's main() and, with HALYARD_JIT=inprocess, by
 * the core through dlopen. Requests and replies are a JSON object plus one binary blob, the same bytes that travel over
 * the worker's pipe (src/jit/protocol.h), so both paths run the same code. C11. */
#ifndef HALYARD_JIT_H
#define HALYARD_JIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HY_JIT_ABI 1u

/* A message. `json` is UTF-8, not nul-terminated; `blob` may be null when blobSize is 0. Borrowed for the call. */
typedef struct HyJitMessage {
    const char* json;
    size_t jsonSize;
    const uint8_t* blob;
    size_t blobSize;
} HyJitMessage;

/* Called once or more on the calling thread: zero or more {"progress": stage} messages, then exactly one reply. */
typedef void (*HyJitSink)(void* user, const HyJitMessage* message);

/* Handles one request. Thread-safe except that calls are serialised inside. Never throws; LLVM may abort the process,
 * which is why this library belongs in a worker.
 *
 * Request (op "compile"), blob = specialised SPIR-V bytes:
 *   {"op":"compile", "id":7, "kernel":"saxpy", "target":"host", "cpu":"x86-64-v4", "features":"+avx512vnni",
 *    "workgroupSize":[0,0,0],      all zero: code for any size
 *    "subgroupSize":0,             for kernels that require none; 0: the target's choice
 *    "lanes":0,                    HY_JIT_LANES of backend.h
 *    "fastMath":false, "emit":"artifact" | "kir" | "ir" | "asm"}   kir: after import; ir: after optimisation (text)
 * Request (op "validate"), blob = SPIR-V bytes as the application gave them: stage "validate"; the reply's blob is
 * "valid". Request (op "hello"): no blob. Reply carries "buildId", "llvm", "targets". Request (op "isolate"): no blob.
 * From a process that is the compiler's own: from then on a fatal error of LLVM or a failed allocation answers the
 * request in hand and ends the process with status 70, instead of aborting it. Reply: {"id":7, "status":0,
 * "timings":{"import":ms,"optimise":ms,"codegen":ms,"link":ms}} + blob = artifact, or
 *        {"id":7, "status":<HyResult>, "stage":"import", "message":"...", "hint":"..."}.
 * Progress: {"id":7, "progress":"import" | "passes" | "optimise" | "codegen" | "link"}: written before the stage
 * starts.
 *
 * HALYARD_JIT_FAULT=crash:<stage>, hang:<stage> or memory:<stage> (tests only) makes that stage misbehave. */
__attribute__((visibility("default"))) void hyJitHandle(const HyJitMessage* request, HyJitSink sink, void* user);

/* HY_JIT_ABI of the library. */
__attribute__((visibility("default"))) uint32_t hyJitAbi(void);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_JIT_H */
