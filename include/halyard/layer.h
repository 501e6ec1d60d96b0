/* Halyard: the interface between the runtime and a layer. A layer stands between an application and the runtime: it
 * sees every call about an instance that enabled it (HALYARD_LAYERS, or HyInstanceDesc::layers), may look at or change
 * arguments and results, and passes the call on. Layers stack: the first one named sees a call first. A program that
 * enables none pays one load and one branch a call.
 *
 * A layer is a shared library that exports hyLayerGetInterface. It needs this header alone and links nothing of
 * Halyard.
 *
 * ---- Rules ----
 *  1. `table` names what the layer wants to see: an entry that is null passes the call on. Entries have the parameters
 * of the function of the same name behind a link, and call the next one so: link->next->table->hyMemAlloc(link->next,
 * device, bytes, outPtr)
 *  2. What a layer calls by hyGetProcAddress or by name enters at the top of the stack again. Inside an entry use
 * link->next.
 *  3. Entries may be called from several threads at once. Objects are those of halyard.h; a layer does not wrap
 * handles.
 *  4. An entry that reports a fault of its own sets the record with host->setError and returns the same code without
 * passing the call on.
 *  5. hyInstanceCreate is seen as `attach`, at its end; hyInstanceDestroy as an entry, then `detach` when the instance
 * is gone.
 *  6. Versions: functions are appended to the table. A layer built for an older table passes on what it does not know;
 * one built for a newer table looks at link->next->table->structSize before it calls what is new to it.
 *  7. No exception crosses an entry. The library is never unloaded. */
#ifndef HALYARD_LAYER_H
#define HALYARD_LAYER_H

#include "halyard/activity.h"
#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HY_LAYER_ABI_MAJOR 1u
#define HY_LAYER_ABI_MINOR 0u
#define HY_LAYER_ABI ((HY_LAYER_ABI_MAJOR << 16) | HY_LAYER_ABI_MINOR)

/* One layer of one instance; `next` is the layer behind it or the runtime. Valid as long as the instance. */
typedef struct HyLayerLink {
    const struct HyLayerTable* table; /* complete: no entry is null */
    void* context;                    /* what attach gave */
    const struct HyLayerLink* next;   /* null for the runtime itself */
} HyLayerLink;

#define HY_UNPAREN(...) __VA_ARGS__

typedef struct HyLayerTable {
    uint32_t structSize;
    uint32_t reserved;
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) HyResult (*name)(const HyLayerLink* link, HY_UNPAREN parameters);
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
} HyLayerTable;

/* What the runtime offers a layer; valid until detach returns. Every function may be called from any thread. */
typedef struct HyLayerHost {
    uint32_t structSize;
    uint32_t abi;  /* HY_LAYER_ABI of the runtime */
    void* context; /* first argument of every function below */

    /* Writes a log line of the instance. */
    void (*log)(void* context, HyLogLevel level, const char* message);
    /* Sets the calling thread's error record. Strings are copied; null means "". */
    void (*setError)(void* context, HyResult code, const char* argument, const char* message, const char* hint);
    /* secure_getenv: null when unset or when the process runs with elevated rights. */
    const char* (*getEnv)(void* context, const char* name);
    /* 1 when a log line of that level would be delivered now. */
    uint32_t (*wantsLog)(void* context, HyLogLevel level);
    /* Delivers what the devices do from now on to `sink`, one for a layer; null ends that: when the call returns, the
     * old sink neither runs nor will run. Devices that cannot tell are named in the log (info). Ended by itself before
     * detach. */
    void (*setActivitySink)(void* context, HyActivitySink sink, void* user);
    /* The number that commands carry (HyActivity::correlation) which the calling thread submits from now on; 0: none.
     * One for the thread: a layer sets it before it passes a call on, and the layer nearest to the runtime wins. */
    void (*setCorrelation)(void* context, uint64_t id);
    /* hyGetLastError, for a layer that is not linked with it. */
    HyResult (*getLastError)(void* context, HyErrorInfo* outInfo);
    /* hyPointerGetInfo, but a failure leaves the thread's error record as it is: for questions that the application did
     * not ask. */
    HyResult (*findMemory)(void* context, HyDevicePtr ptr, HyPointerInfo* outInfo);
} HyLayerHost;

typedef struct HyLayerInterface {
    uint32_t structSize;
    uint16_t abiMajor, abiMinor; /* HY_LAYER_ABI_* that the layer was built with */
    const char* name;            /* "trace" */
    const char* description;     /* one line */
    /* The layer is enabled for a new instance, whose handle works already; `next` is where the layer's own calls go. A
     * failure, with the record set, makes hyInstanceCreate fail. May be null. */
    HyResult (*attach)(HyInstance instance, const HyLayerLink* next, const HyLayerHost* host, void** outContext);
    /* The instance is gone, but its log is not. Not called when attach failed. May be null. */
    void (*detach)(void* context);
    const HyLayerTable* table; /* static storage; read once for each instance */
} HyLayerInterface;

/* The one symbol that a layer exports. Answers from static storage. Errors: HY_ERROR_INCOMPATIBLE_ABI when the majors
 * differ. */
typedef HyResult (*HyLayerGetInterfaceFn)(uint32_t hostAbi, const HyLayerInterface** outInterface);
HY_API HyResult hyLayerGetInterface(uint32_t hostAbi, const HyLayerInterface** outInterface);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_LAYER_H */
