/* Halyard: graphs and capture. Part of halyard.h, whose conventions hold.
 *
 * A graph is work described once and launched often: nodes (kernels, copies, fills, host functions, other graphs,
 * allocations) and the order between them. Nodes without an order may run at the same time. hyGraphInstantiate checks a
 * graph and makes it launchable; hyGraphLaunch puts the whole of it into a stream as one piece of work.
 *
 *     HyGraph graph;      hyGraphCreate(device, 0, &graph);
 *     HyGraphNode clear;  hyGraphAddFillNode(graph, NULL, 0, "clear", x, &zero, 4, n, &clear);
 *     HyGraphNode work;   hyGraphAddKernelNode(graph, &clear, 1, "work", &launch, &work);
 *     HyGraphExec exec;   hyGraphInstantiate(graph, 0, &exec);
 *     for (...)           hyGraphLaunch(exec, stream);
 *
 * Capture makes a graph of what a program does anyway: between hyStreamBeginCapture and hyStreamEndCapture the calls on
 * a stream are recorded and not run.
 *
 * Graphs run on every device: where a backend has no graphs of its own (HY_CAP_GRAPHS is 0) the runtime replays the
 * nodes as stream calls, on internal streams for independent branches where streams can overlap. */
#ifndef HALYARD_GRAPH_H
#define HALYARD_GRAPH_H

#include "halyard/halyard.h"
#include "halyard/host_function.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Graphs --------------------------------------------------------------------------------------------------------
 */

/* One node: a number that no other node of the process has, of any graph. A node of another graph, also of a clone, is
 * refused. 0 is none. A graph keeps its nodes until it is destroyed. */
typedef uint64_t HyGraphNode;
#define HY_GRAPH_NODE_NONE 0ull

typedef uint32_t HyGraphNodeKind;
#define HY_GRAPH_NODE_EMPTY 0u
#define HY_GRAPH_NODE_KERNEL 1u
#define HY_GRAPH_NODE_COPY 2u /* of one, two or three dimensions */
#define HY_GRAPH_NODE_FILL 3u
#define HY_GRAPH_NODE_HOST_FUNCTION 4u
#define HY_GRAPH_NODE_CHILD_GRAPH 5u
#define HY_GRAPH_NODE_MEM_ALLOC 6u
#define HY_GRAPH_NODE_MEM_FREE 7u

/* Makes an empty graph for work on `device`. `flags` is zero. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, and what opening the device can give. */
HY_API HyResult hyGraphCreate(HyDevice device, uint32_t flags, HyGraph* outGraph);
/* Executables, clones and graphs that contain it as a child stay as they are. Waits for submitted work of the device
 * when this is the last owner of memory that allocation nodes made. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyGraphDestroy(HyGraph graph);
/* A copy with nodes of its own: the one at an index (hyGraphGetNode) of the clone is the copy of the one at the same
 * index of the original. Memory of allocation nodes is shared, not copied. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hyGraphClone(HyGraph graph, HyGraph* outGraph);

/* The functions that add a node share these parameters: the node runs after the `dependencyCount` nodes at
 * `dependencies` (which may be null when that is 0; a node named twice counts once). `name`, or null, is what errors
 * and hyGraphExportDot call it; copied, and cut after 127 bytes. *outNode receives the node. What a node takes is
 * checked as the stream call of the same kind checks it; host memory must stay mapped until the last launch that uses
 * it is done. Common errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, a node of another graph, more
 * than 2^20 nodes with those of children), HY_ERROR_OUT_OF_HOST_MEMORY; after an error the graph is as it was.
 * Thread-safe. */

/* Runs a kernel. `desc` is read as hyLaunchKernelEx does, but for `stream`, which must be null. Argument values are
 * copied; the kernel's handle may be destroyed afterwards. Errors also: those of hyLaunchKernelEx. */
HY_API HyResult hyGraphAddKernelNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                     const char* name, const HyLaunchDesc* desc, HyGraphNode* outNode);
/* hyMemcpyAsync as a node. Errors also: those of that call, HY_ERROR_INVALID_ARGUMENT (bytes 0). */
HY_API HyResult hyGraphAddCopyNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                   const char* name, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes,
                                   HyGraphNode* outNode);
/* hyMemcpy3DAsync as a node; a copy of two dimensions has depth 1. Errors also: those of that call,
 * HY_ERROR_INVALID_ARGUMENT (an extent of 0). */
HY_API HyResult hyGraphAddCopy3DNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                     const char* name, const HyCopy3D* copy, HyGraphNode* outNode);
/* hyMemFillAsync as a node. Errors also: those of that call, HY_ERROR_INVALID_ARGUMENT (count 0). */
HY_API HyResult hyGraphAddFillNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                   const char* name, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                                   uint64_t count, HyGraphNode* outNode);
/* hyMemFill3DAsync as a node; the pattern is copied. Errors also: those of that call, HY_ERROR_INVALID_ARGUMENT (an
 * extent of 0). */
HY_API HyResult hyGraphAddFill3DNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                     const char* name, const HyFill3D* fill, HyGraphNode* outNode);
/* hyStreamHostFunction as a node: called once for each launch, with the stream's sticky error when the launch failed
 * before. Errors also: those of that call. */
HY_API HyResult hyGraphAddHostFunctionNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                           const char* name, HyHostFunction function, void* user, HyGraphNode* outNode);
/* Does nothing: joins many nodes into one. */
HY_API HyResult hyGraphAddEmptyNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                    const char* name, HyGraphNode* outNode);
/* Runs a whole graph, as it is now: later changes of `child` do not matter, and it may be destroyed. Errors also:
 * HY_ERROR_UNSUPPORTED (a graph of another device), HY_ERROR_INVALID_STATE (the child has a cycle: the message names
 * it). */
HY_API HyResult hyGraphAddChildGraphNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                         const char* name, HyGraph child, HyGraphNode* outNode);
/* Allocates device memory that belongs to the graph. Its address is known and valid at once, is the same in every
 * launch, and stays until the graph and all that was made from it (clones, executables, graphs that contain it) are
 * destroyed, also after a free node: contents outlive a launch, and hyMemFree of the address is refused. Launches of
 * different executables share the memory, so order them. hyGraphInstantiate checks that nodes that use the memory come
 * after this one. Errors also: those of hyMemAlloc. */
HY_API HyResult hyGraphAddMemAllocNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                       const char* name, uint64_t bytes, HyDevicePtr* outPtr, HyGraphNode* outNode);
/* The end of the use of such memory within a launch: hyGraphInstantiate refuses nodes that use it and do not come
 * before. `ptr` is the address that hyGraphAddMemAllocNode gave for a node of this graph. Errors also:
 * HY_ERROR_INVALID_ADDRESS (no memory of this graph, or freed by another node of it). */
HY_API HyResult hyGraphAddMemFreeNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                      const char* name, HyDevicePtr ptr, HyGraphNode* outNode);

/* Makes to[i] run after from[i], for i < count. Order that is there already is no error; order that closes a circle is
 * found by hyGraphInstantiate. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, a node of another
 * graph, from[i] == to[i]); then nothing was added. Thread-safe. */
HY_API HyResult hyGraphAddDependencies(HyGraph graph, const HyGraphNode* from, const HyGraphNode* to, uint32_t count);

/* Nodes are counted and found in the order in which they were added; those of children are not counted. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_NOT_FOUND (index). */
HY_API HyResult hyGraphGetNodeCount(HyGraph graph, uint32_t* outCount);
HY_API HyResult hyGraphGetNode(HyGraph graph, uint32_t index, HyGraphNode* outNode);

typedef struct HyGraphNodeInfo {
    uint32_t structSize;
    HyGraphNodeKind kind;
    uint32_t index; /* as hyGraphGetNode takes it */
    uint32_t dependencyCount;
    char name[128]; /* or "" */
} HyGraphNodeInfo;

/* Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (a node of another graph), HY_ERROR_INVALID_STRUCT. */
HY_API HyResult hyGraphGetNodeInfo(HyGraph graph, HyGraphNode node, HyGraphNodeInfo* outInfo);
/* One of the nodes that `node` runs after, index < dependencyCount. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_NOT_FOUND (index). */
HY_API HyResult hyGraphGetDependency(HyGraph graph, HyGraphNode node, uint32_t index, HyGraphNode* outNode);

#define HY_GRAPH_DOT_DETAILS (1u << 0) /* grids, addresses and sizes in the labels */

/* Writes the graph in the DOT language (Graphviz) to `buffer`, nul-terminated; children as clusters. *outBytes receives
 * the size with the nul. A null buffer only asks for that. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT
 * (unknown flag, outBytes null, a buffer smaller than needed: the message says how much). */
HY_API HyResult hyGraphExportDot(HyGraph graph, uint32_t flags, char* buffer, uint64_t bufferBytes, uint64_t* outBytes);

/* ---- Executables ---------------------------------------------------------------------------------------------------
 */

#define HY_GRAPH_INSTANTIATE_REPLAY (1u << 0) /* replay stream calls even on a device with HY_CAP_GRAPHS */

/* Checks the graph and makes it launchable; later changes of the graph do not matter, and it may be destroyed. Every
 * node is checked again, because memory may have been freed since it was added. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT (unknown flag), HY_ERROR_UNSUPPORTED (a device without events), HY_ERROR_INVALID_STATE (a
 * cycle, whose nodes the message names; memory of an allocation node used outside its life), HY_ERROR_INVALID_ADDRESS
 * (a node uses memory that was freed: the message names both), HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hyGraphInstantiate(HyGraph graph, uint32_t flags, HyGraphExec* outExec);
/* Launches in flight are not affected. Waits as hyGraphDestroy does for memory of allocation nodes. Errors:
 * HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyGraphExecDestroy(HyGraphExec exec);

/* Puts the whole graph at the end of the stream. Launches of one executable never overlap: each starts after the one
 * before it is done, whatever their streams. What the nodes use must be live: freeing memory that an executable uses
 * and launching it is an error that only the layer "validate" finds. Thread-safe. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_UNSUPPORTED (stream of another device), the sticky error. When a replayed launch fails midway, for want of
 * host memory, the nodes before the fault have been submitted. */
HY_API HyResult hyGraphLaunch(HyGraphExec exec, HyStream stream);

/* The next functions change what a node of the graph that `exec` was made from does in later launches; launches in
 * flight keep what they had. They check as the function that added the node did. Nodes inside children can be changed
 * by hyGraphExecUpdate alone. Common errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (a node of another
 * graph, or of another kind), HY_ERROR_OUT_OF_HOST_MEMORY, those of the function that adds such a node; then nothing
 * changed. Thread-safe. */

/* Arguments, grid and workgroup size. desc->kernel may be null for the node's own kernel, or another kernel. */
HY_API HyResult hyGraphExecUpdateKernelNode(HyGraphExec exec, HyGraphNode node, const HyLaunchDesc* desc);
HY_API HyResult hyGraphExecUpdateCopyNode(HyGraphExec exec, HyGraphNode node, HyDevicePtr dst, HyDevicePtr src,
                                          uint64_t bytes);
HY_API HyResult hyGraphExecUpdateCopy3DNode(HyGraphExec exec, HyGraphNode node, const HyCopy3D* copy);
HY_API HyResult hyGraphExecUpdateFillNode(HyGraphExec exec, HyGraphNode node, HyDevicePtr dst, const void* pattern,
                                          uint32_t patternBytes, uint64_t count);
HY_API HyResult hyGraphExecUpdateFill3DNode(HyGraphExec exec, HyGraphNode node, const HyFill3D* fill);
/* Takes over everything that the nodes of `graph` do: for a program that builds or captures its graph again and finds
 * the same nodes with the same order. Afterwards the nodes of `graph` name those of `exec`, as do those of the graph it
 * was made from. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_STATE (other nodes or another order: the message
 * names the first difference; instantiate the graph instead), HY_ERROR_UNSUPPORTED (a graph of another device), those
 * of hyGraphInstantiate; then nothing changed. */
HY_API HyResult hyGraphExecUpdate(HyGraphExec exec, HyGraph graph);

/* ---- Capture -------------------------------------------------------------------------------------------------------
 */

/* From now on, calls of this thread on `stream` are recorded as nodes of a new graph and not run: launches, copies,
 * fills, host functions, allocations and frees in stream order, and graph launches (as children). Recording an event
 * notes the place; hyStreamWaitEvent of another stream of the device on that event makes that stream part of the
 * capture, and has the first one run after it when it waits on an event of the other. Everything else goes on as ever:
 * other streams, other threads, hyMemAlloc.
 *
 * While it is captured, a stream refuses with HY_ERROR_INVALID_STATE: calls of other threads, queries, waits of the
 * host, its native handle, waits on events that were recorded outside, and what a graph cannot hold (the message names
 * it). An event recorded by a capture refuses queries, waits of the host and timing, until it is recorded again outside
 * one. A refused call changes nothing: the capture goes on and can be ended well.
 *
 * `flags` is zero. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (unknown flag), HY_ERROR_INVALID_STATE
 * (captured already). */
HY_API HyResult hyStreamBeginCapture(HyStream stream, uint32_t flags);
/* Ends the capture on the stream where it began and gives the graph. Nodes are named after kernels. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT; HY_ERROR_INVALID_STATE: not captured, begun by another thread or
 * on another stream, or work of another stream of the capture that the first one does not wait for (the message names
 * that stream and its last node); then the capture goes on. HY_ERROR_CANCELLED: the device was reset (hyDeviceReset)
 * since the capture began; it is over, without a graph, and its streams are as before it. Until this call or
 * hyStreamAbortCapture such a capture refuses with the same code whatever would be recorded, so that nothing runs that
 * was meant for a graph. */
HY_API HyResult hyStreamEndCapture(HyStream stream, HyGraph* outGraph);
/* Ends the capture that `stream` is part of, and forgets what it recorded. From any thread. Destroying the stream where
 * a capture began does the same. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_STATE (not captured). */
HY_API HyResult hyStreamAbortCapture(HyStream stream);

typedef struct HyCaptureInfo {
    uint32_t structSize;
    uint32_t capturing;  /* 1: the stream is part of a capture. The rest is zero when it is not. */
    uint32_t origin;     /* 1: the capture began here */
    uint32_t thisThread; /* 1: the calling thread began it */
    uint32_t nodeCount;  /* recorded so far, by all streams of the capture */
    uint32_t streamCount;
    uint64_t captureId; /* a number that no other capture of the process has */
} HyCaptureInfo;

/* From any thread. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT. */
HY_API HyResult hyStreamGetCaptureInfo(HyStream stream, HyCaptureInfo* outInfo);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_GRAPH_H */
