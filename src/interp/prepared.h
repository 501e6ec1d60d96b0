// A kernel decoded for the interpreter's loop: one dense row of steps whose operands are places of registers. Made once
// by Decoder, then immutable.
#pragma once

#include "interp/declarations.h"
#include "spv/reflect.h"

#include <memory>
#include <optional>

namespace halyard::interp {

// Where an operand's cells are: the top two bits choose the base, the rest counts cells.
using Ref = uint32_t;
enum class RefBase : uint32_t { Frame = 0, Constant = 1, Global = 2 };
inline constexpr uint32_t kRefBaseShift = 30;
inline constexpr uint32_t kRefMask = (1u << kRefBaseShift) - 1;
constexpr Ref makeRef(RefBase base, uint32_t cell) {
    return static_cast<uint32_t>(base) << kRefBaseShift | cell;
}

inline constexpr uint32_t kNone = ~0u;

enum class Code : uint8_t {
    Evaluate, // payload: operation
    Jump,     // payload: edge
    Branch,   // payload: edge when true; the next edge when false
    Switch,   // payload: switches
    Call,     // payload: calls
    Return,
    ReturnValue,
    Unreachable,
    Variable,     // payload: private slot; operand 0: initialiser, if any
    Load,         // payload: accesses
    Store,        // payload: accesses; operands pointer, value
    CopyMemory,   // payload: copies; operands target, source [, size]
    Chain,        // payload: chains; operands base, indices
    Descriptor,   // payload: length of an array of buffers; operands first address, index
    ArrayLength,  // payload: chains (offset of the array, stride)
    PointerEqual, // payload: 1 to negate
    PointerDiff,  // payload: element size
    PointerCast,  // payload: the Space that an explicit cast asks for, or kNone
    PointerKind,  // OpGenericPtrMemSemantics
    Lifetime,     // payload: bytes, 0 for all
    Atomic,       // payload: atomics
    Fence,        // payload: semantics
    Barrier,      // payload: BarrierOf
    Collective,   // payload: collectives
    Join,         // the end of a loop body, where a subgroup comes together again
    Print,        // payload: prints
    Nothing,
};

enum BarrierOf : uint32_t { kBarrierOfWorkgroup, kBarrierOfGrid };

struct Step {
    Code code = Code::Nothing;
    uint16_t operandCount = 0;
    uint32_t operands = 0; // index in Prepared::operands
    uint32_t result = kNone;
    uint32_t cells = 0; // of the result
    uint32_t payload = kNone;
    uint32_t instruction = 0; // index in the module
};

struct PhiCopy {
    Ref source = 0;
    uint32_t destination = 0;
    uint32_t cells = 0;
};

struct Edge {
    uint32_t target = 0; // step
    uint32_t firstCopy = 0;
    uint32_t copyCount = 0;
    bool overlaps = false; // a copy reads what another writes
};

struct SwitchTable {
    std::vector<std::pair<uint64_t, uint32_t>> cases; // sorted; value, edge
    uint32_t otherwise = 0;
};

struct CallSite {
    uint32_t function = 0;
    std::vector<std::pair<uint32_t, uint32_t>> arguments; // register of the callee, cells; as the step's operands
};

struct FunctionCode {
    Id id = 0;
    uint32_t entry = 0;
    uint32_t frameCells = 0;
    std::vector<uint32_t> slots; // private slots of its variables, which end with the call
    std::vector<uint32_t> callees;
    bool collective = false; // reaches a subgroup operation
};

struct MemoryAccess {
    const Plan* plan = nullptr;
    uint32_t alignment = 0; // given by the instruction, else 0: that of each scalar
    bool relaxed = false;   // volatile or coherent: no race with others of its kind
    bool readOnly = false;  // what the pointer names may not be written
};

struct MemoryCopy {
    MemoryAccess target, source; // without plans when sized
};

struct ChainStep {
    uint32_t operand = 0; // of the step
    uint32_t width = 0;   // bits of the index
    uint64_t stride = 0;
};
struct ChainCode {
    uint64_t offset = 0;
    std::vector<ChainStep> steps;
};

enum class AtomicKind : uint8_t { Load, Store, Exchange, CompareExchange, Combine, FlagTestAndSet, FlagClear };

struct AtomicCode {
    AtomicKind kind = AtomicKind::Load;
    uint32_t bytes = 4;
    const Type* type = nullptr;
    Combine combine = nullptr;
    bool byOne = false;     // increment, decrement
    uint32_t semantics = 0; // memory semantics (of success)
    uint32_t unequal = 0;   // of failure, for a compare-exchange
    bool readOnly = false;
};

enum class GroupOp : uint8_t {
    Elect,
    All,
    Any,
    AllEqual,
    Broadcast, // operand 1: lane, or local id (1 to 3 components)
    BroadcastFirst,
    Ballot,
    InverseBallot,
    BallotBitExtract,
    BallotBitCount, // variant: group operation
    BallotFindLsb,
    BallotFindMsb,
    Shuffle,
    ShuffleXor,
    ShuffleUp,
    ShuffleDown,
    ShuffleUpPair,   // Intel's: previous, current, delta
    ShuffleDownPair, // Intel's: current, next, delta
    Rotate,
    QuadBroadcast,
    QuadSwap,
    QuadAll,
    QuadAny,
    Combine, // variant: group operation; cluster: operand of its size
    Barrier,
    AsyncCopy,
    WaitEvents,
    BlockRead,
    BlockWrite,
    MatrixLoad,
    MatrixStore,
    MatrixMulAdd,
};

struct CollectiveCode {
    GroupOp op = GroupOp::Elect;
    uint16_t opcode = 0;
    bool workgroup = false;     // of the workgroup, else of the subgroup
    uint32_t variant = 0;       // GroupOperation, or the direction of a quad swap is an operand
    uint32_t clusterSize = 0;   // of a clustered operation or a rotation, 0 for none
    const Type* type = nullptr; // of the value operand
    Combine combine = nullptr;
    Cell identity;
    // MatrixLoad and MatrixStore
    uint64_t layout = 0; // CooperativeMatrixLayout
    uint32_t elementBytes = 0;
    uint32_t pointerStride = 0; // bytes between consecutive elements of the pointee type
    MemoryAccess access;
    // MatrixMulAdd
    const Type* matrices[4] = {}; // a, b, c, result
    uint32_t flags = 0;
};

struct PrintCode {
    std::string format;             // of a debug print
    bool formatIsText = false;      // else operand 0 points to it
    std::vector<const Type*> types; // of the arguments
};

// A variable of private memory: of the module, or of a function.
struct PrivateSlot {
    Id id = 0;
    uint64_t offset = 0; // in the arena of an invocation
    uint64_t size = 0;
    bool readOnly = false;
    const Plan* plan = nullptr; // of the initialiser
};

struct WorkgroupObject {
    Id id = 0;
    uint64_t offset = 0;        // in the arena of a workgroup
    uint64_t size = 0;          // 0 with a parameter: its byte count
    uint32_t parameter = kNone; // of KernelInfo
    bool zero = false;
};

// A module-scope variable or a parameter whose address or value each invocation has in its row of globals.
enum class GlobalKind : uint8_t { Private, BuiltIn, Workgroup, Buffer, PushConstants };
struct GlobalValue {
    GlobalKind kind = GlobalKind::Private;
    uint32_t index = 0; // private slot, workgroup object, or parameter
    uint32_t cell = 0;  // in the row of globals
    const ModuleVariable* variable = nullptr;
};

struct KernelParameter {
    uint32_t cell = 0; // register in the entry function's frame
    uint32_t parameter = 0;
    const Plan* plan = nullptr;   // value: how the block is read
    uint32_t privateSlot = kNone; // passed by value through a pointer
    uint32_t workgroupObject = kNone;
};

struct Prepared {
    std::shared_ptr<const spv::Module> module;
    spv::KernelInfo kernel;
    std::unique_ptr<Declarations> declarations;
    uint32_t subgroupSize = 16;
    bool wholeSubgroups = false; // it uses cooperative matrices, which lie in all invocations of a subgroup

    std::vector<Step> steps;
    std::vector<Ref> operands;
    std::vector<Operation> operations;
    std::vector<Edge> edges;
    std::vector<PhiCopy> copies;
    std::vector<SwitchTable> switches;
    std::vector<CallSite> calls;
    std::vector<FunctionCode> functions;
    std::vector<MemoryAccess> accesses;
    std::vector<MemoryCopy> memoryCopies;
    std::vector<ChainCode> chains;
    std::vector<AtomicCode> atomics;
    std::vector<CollectiveCode> collectives;
    std::vector<PrintCode> prints;

    std::vector<PrivateSlot> privateSlots;
    uint64_t privateBytes = 0;
    std::vector<WorkgroupObject> workgroupObjects;
    uint64_t workgroupBytes = 0; // without the parameters
    std::vector<GlobalValue> globals;
    uint32_t globalCells = 0;
    std::vector<KernelParameter> parameters;

    uint32_t entryFunction = 0;
    uint32_t stackCells = 0; // registers of the deepest chain of calls
    uint32_t maxOperands = 0;
    uint32_t maxCells = 0;
    uint32_t stackDepth = 0; // calls
};

} // namespace halyard::interp
