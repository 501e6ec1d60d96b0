#include "harness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <mutex>
#include <random>
#include <stdexcept>

#include <ucontext.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

namespace halyard::jit::nvptx::test {

namespace {

constexpr uint32_t kWarp = 32;
constexpr size_t kStack = 128 * 1024;

enum class State : uint8_t { Ready, Waiting, Done };

struct Lane {
    ucontext_t context{};
    char* stack = nullptr;
    State state = State::Ready;
    std::string operation;
    uint32_t site = 0;
    const uint64_t* args = nullptr;
    uint64_t* results = nullptr;
};

float asFloat(uint64_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

float halfToFloat(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int fraction = bits & 1023;
    const float sign = bits >> 15 != 0 ? -1.0f : 1.0f;
    if (exponent == 31) {
        return fraction != 0 ? NAN : sign * INFINITY;
    }
    return sign *
           (exponent == 0 ? std::ldexp(float(fraction), -24) : std::ldexp(float(fraction + 1024), exponent - 25));
}

float bfloatToFloat(uint16_t bits) {
    return std::bit_cast<float>(uint32_t{bits} << 16);
}

struct Machine {
    std::vector<Lane> lanes;
    std::vector<std::string> names;
    ucontext_t scheduler{};
    uint32_t current = 0;
    std::function<void()> entry;
    std::string failure;
    std::mt19937 random;

    uint32_t items() const { return static_cast<uint32_t>(lanes.size()); }

    void wait() {
        Lane& lane = lanes[current];
        lane.state = State::Waiting;
        swapcontext(&lane.context, &scheduler);
    }

    void execute(uint32_t operation, const uint64_t* args, uint64_t* results) {
        const std::string& name = names[operation];
        const auto isNamed = [&](const char* text) { return name == std::string("llvm.nvvm.") + text; };
        if (isNamed("read.ptx.sreg.tid.x")) {
            results[0] = current;
        } else if (isNamed("read.ptx.sreg.tid.y") || isNamed("read.ptx.sreg.tid.z")) {
            results[0] = 0;
        } else if (isNamed("read.ptx.sreg.ntid.x")) {
            results[0] = items();
        } else if (isNamed("read.ptx.sreg.ntid.y") || isNamed("read.ptx.sreg.ntid.z")) {
            results[0] = 1;
        } else if (isNamed("read.ptx.sreg.laneid")) {
            results[0] = current % kWarp;
        } else if (isNamed("f2bf16.rn")) {
            const auto bits = static_cast<uint32_t>(args[0]);
            const bool isNan = (bits & 0x7fffffff) > 0x7f800000;
            results[0] = isNan ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        } else if (isNamed("read.ptx.sreg.lanemask.lt")) {
            results[0] = (uint32_t{1} << current % kWarp) - 1;
        } else {
            Lane& lane = lanes[current];
            lane.operation = name;
            lane.site = operation;
            lane.args = args;
            lane.results = results;
            wait();
        }
    }

    // The mask that a waiting lane's instruction names.
    static uint32_t maskOf(const Lane& lane) {
        if (lane.operation.find(".mma.") != std::string::npos) {
            return ~0u;
        }
        const bool isLast = lane.operation.find(".redux.") != std::string::npos;
        return static_cast<uint32_t>(lane.args[isLast ? 1 : 0]);
    }

    static bool isBarrier(const Lane& lane) { return lane.operation.find(".barrier.cta.") != std::string::npos; }

    // Lets those go on that wait for nobody any more; whether there were any.
    bool complete() {
        bool any = false;
        const bool allAtBarrier = std::all_of(lanes.begin(), lanes.end(), [](const Lane& lane) {
            return lane.state == State::Done || (lane.state == State::Waiting && isBarrier(lane));
        });
        for (uint32_t first = 0; first < items(); first += kWarp) {
            for (uint32_t i = first; i < std::min(first + kWarp, items()); ++i) {
                if (lanes[i].state != State::Waiting) {
                    continue;
                }
                if (isBarrier(lanes[i])) {
                    any = any || allAtBarrier;
                    lanes[i].state = allAtBarrier ? State::Ready : State::Waiting;
                } else {
                    any = tryWarp(first, i) || any;
                }
            }
        }
        return any;
    }

    // PTX lets different instructions meet; compilers and manuals of it are not as clear, so that nothing relies on it.
    static bool isTogether(const Lane& a, const Lane& b) {
        return a.site == b.site || (a.operation == b.operation && a.operation.ends_with("bar.warp.sync"));
    }

    bool tryWarp(uint32_t first, uint32_t leader) {
        const uint32_t mask = maskOf(lanes[leader]);
        if ((mask >> (leader - first) & 1) == 0) {
            throw std::runtime_error("lane " + std::to_string(leader) + " is not in the mask of its own " +
                                     lanes[leader].operation);
        }
        uint32_t here = 0;
        for (uint32_t i = 0; i < kWarp; ++i) {
            if ((mask >> i & 1) == 0) {
                continue;
            }
            if (first + i >= items() || lanes[first + i].state == State::Done) {
                continue; // nobody waits for who has ended, or never was
            }
            const Lane& lane = lanes[first + i];
            if (lane.state != State::Waiting || !isTogether(lane, lanes[leader]) || maskOf(lane) != mask) {
                return false;
            }
            here |= uint32_t{1} << i;
        }
        perform(lanes.data() + first, here);
        for (uint32_t i = 0; i < kWarp; ++i) {
            if ((here >> i & 1) != 0) {
                lanes[first + i].state = State::Ready;
            }
        }
        return true;
    }

    void perform(Lane* warp, uint32_t here);
    void multiply(Lane* warp, const std::string& shape);
    void run();
};

Machine* running = nullptr;

void Machine::perform(Lane* warp, uint32_t here) {
    const std::string name = warp[std::countr_zero(here)].operation.substr(std::strlen("llvm.nvvm."));
    const auto each = [&](const std::function<void(Lane&, uint32_t)>& body) {
        for (uint32_t i = 0; i < kWarp; ++i) {
            if ((here >> i & 1) != 0) {
                body(warp[i], i);
            }
        }
    };
    if (name.starts_with("vote.")) {
        uint32_t votes = 0;
        each([&](Lane& lane, uint32_t i) { votes |= uint32_t(lane.args[1] & 1) << i; });
        each([&](Lane& lane, uint32_t) {
            lane.results[0] = name == "vote.ballot.sync" ? votes : name == "vote.all.sync" ? votes == here : votes != 0;
        });
    } else if (name.starts_with("shfl.sync.")) {
        each([&](Lane& lane, uint32_t i) {
            const uint32_t operand = static_cast<uint32_t>(lane.args[2]) & 31;
            const uint32_t clamp = static_cast<uint32_t>(lane.args[3]);
            uint32_t from = i;
            if (name == "shfl.sync.idx.i32" && clamp == 31) {
                from = operand;
            } else if (name == "shfl.sync.bfly.i32" && clamp == 31) {
                from = i ^ operand;
            } else if (name == "shfl.sync.down.i32" && clamp == 31) {
                from = i + operand < kWarp ? i + operand : i;
            } else if (name == "shfl.sync.up.i32" && clamp == 0) {
                from = i >= operand ? i - operand : i;
            } else {
                throw std::runtime_error("an unknown " + name);
            }
            // Undefined in PTX: something that a wrong kernel does not expect.
            lane.results[0] = (here >> from & 1) != 0 ? warp[from].args[1] : random();
        });
    } else if (name.starts_with("redux.sync.")) {
        const std::string operation = name.substr(std::strlen("redux.sync."));
        uint32_t sum = static_cast<uint32_t>(warp[std::countr_zero(here)].args[0]);
        each([&](Lane& lane, uint32_t i) {
            const uint32_t other = static_cast<uint32_t>(lane.args[0]);
            const auto a = static_cast<int32_t>(sum), b = static_cast<int32_t>(other);
            if (i == static_cast<uint32_t>(std::countr_zero(here))) {
                return;
            }
            sum = operation == "add"    ? sum + other
                  : operation == "and"  ? sum & other
                  : operation == "or"   ? sum | other
                  : operation == "xor"  ? sum ^ other
                  : operation == "umin" ? std::min(sum, other)
                  : operation == "umax" ? std::max(sum, other)
                  : operation == "min"  ? static_cast<uint32_t>(std::min(a, b))
                                        : static_cast<uint32_t>(std::max(a, b));
        });
        each([&](Lane& lane, uint32_t) { lane.results[0] = sum; });
    } else if (name.starts_with("mma.")) {
        if (here != ~0u) {
            throw std::runtime_error(name + " by a part of the warp");
        }
        multiply(warp, name);
    } else if (name != "bar.warp.sync") {
        throw std::runtime_error("unknown " + name);
    }
}

// The fragments as the PTX manual lays them out, written for its formulas: row and column of element i of a lane.
void Machine::multiply(Lane* warp, const std::string& name) {
    const bool bytes = name.find("s8") != std::string::npos || name.find("u8") != std::string::npos;
    const bool bfloat = name.find("bf16") != std::string::npos;
    const uint32_t rows = name.find("m16") != std::string::npos ? 16 : 8;
    const uint32_t inner = name.find("k32") != std::string::npos ? 32 : name.find("k16") != std::string::npos ? 16 : 8;
    const uint32_t perRegister = bytes ? 4 : 2;
    const uint32_t registersA = rows * inner / kWarp / perRegister;
    const uint32_t registersB = 8 * inner / kWarp / perRegister;
    const std::string types = name.substr(name.find("row.col.") + 8);
    const bool signedA = types.starts_with("s8");
    const bool signedB = types.ends_with("s8");
    const auto element = [&](uint64_t word, uint32_t i, bool isSigned) -> double {
        if (bytes) {
            const auto byte = static_cast<uint8_t>(word >> (8 * i));
            return isSigned ? double(static_cast<int8_t>(byte)) : double(byte);
        }
        const auto bits = static_cast<uint16_t>(word >> (16 * i));
        return bfloat ? bfloatToFloat(bits) : halfToFloat(bits);
    };
    std::vector<double> a(rows * inner), b(inner * 8);
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t group = lane / 4, member = lane % 4;
        for (uint32_t i = 0; i < registersA * perRegister; ++i) {
            const uint32_t reg = i / perRegister;
            const uint32_t row = group + (rows == 16 ? reg % 2 * 8 : 0);
            const uint32_t block = rows == 16 ? reg / 2 : reg;
            const uint32_t column = member * perRegister + i % perRegister + block * 4 * perRegister;
            a[row * inner + column] = element(warp[lane].args[reg], i % perRegister, signedA);
        }
        for (uint32_t i = 0; i < registersB * perRegister; ++i) {
            const uint32_t reg = i / perRegister;
            const uint32_t row = member * perRegister + i % perRegister + reg * 4 * perRegister;
            b[row * 8 + group] = element(warp[lane].args[registersA + reg], i % perRegister, signedB);
        }
    }
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        for (uint32_t i = 0; i < rows / 4; ++i) {
            const uint32_t row = lane / 4 + i / 2 * 8;
            const uint32_t column = lane % 4 * 2 + i % 2;
            const uint64_t start = warp[lane].args[registersA + registersB + i];
            double sum = bytes ? double(static_cast<int32_t>(start)) : asFloat(start);
            for (uint32_t k = 0; k < inner; ++k) {
                sum += a[row * inner + k] * b[k * 8 + column];
            }
            warp[lane].results[i] = bytes ? static_cast<uint32_t>(static_cast<int64_t>(sum))
                                          : std::bit_cast<uint32_t>(static_cast<float>(sum));
        }
    }
}

void enter() {
    running->entry();
    running->lanes[running->current].state = State::Done;
    swapcontext(&running->lanes[running->current].context, &running->scheduler);
}

void Machine::run() {
    running = this;
    for (Lane& lane : lanes) {
        getcontext(&lane.context);
        lane.context.uc_stack.ss_sp = lane.stack;
        lane.context.uc_stack.ss_size = kStack;
        lane.context.uc_link = &scheduler;
        makecontext(&lane.context, enter, 0);
    }
    std::vector<uint32_t> order(lanes.size());
    for (uint32_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    for (;;) {
        std::shuffle(order.begin(), order.end(), random);
        bool any = false;
        for (const uint32_t i : order) {
            if (lanes[i].state == State::Ready) {
                current = i;
                any = true;
                swapcontext(&scheduler, &lanes[i].context);
                complete();
            }
        }
        if (!any && !complete()) {
            break;
        }
    }
    for (uint32_t i = 0; i < lanes.size(); ++i) {
        if (lanes[i].state != State::Done) {
            throw std::runtime_error("lane " + std::to_string(i) + " waits for ever at " + lanes[i].operation);
        }
    }
}

void executeOperation(uint32_t operation, const uint64_t* args, uint64_t* results) {
    running->execute(operation, args, results);
}

// Replaces the instructions of the GPU by calls of executeOperation(); returns their names.
std::vector<std::string> replaceIntrinsics(llvm::Module& module) {
    std::vector<std::string> names;
    std::vector<llvm::Function*> functions;
    for (llvm::Function& function : module) {
        if (function.isDeclaration() && function.getName().starts_with("llvm.nvvm.")) {
            functions.push_back(&function);
        }
    }
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* wide = llvm::Type::getInt64Ty(context);
    llvm::Type* pointer = llvm::PointerType::get(context, 0);
    llvm::FunctionCallee execute = module.getOrInsertFunction("hyExecuteOperation", llvm::Type::getVoidTy(context),
                                                              llvm::Type::getInt32Ty(context), pointer, pointer);
    for (llvm::Function* function : functions) {
        while (!function->use_empty()) {
            names.push_back(function->getName().str());
            auto* call = llvm::cast<llvm::CallInst>(*function->user_begin());
            llvm::BasicBlock& entry = call->getFunction()->getEntryBlock();
            llvm::IRBuilder<> top(&entry, entry.begin());
            llvm::Value* args = top.CreateAlloca(wide, top.getInt32(call->arg_size() + 1));
            llvm::Value* results = top.CreateAlloca(wide, top.getInt32(8));
            llvm::IRBuilder<> at(call);
            const auto slot = [&](llvm::Value* array, uint64_t i) { return at.CreateConstGEP1_64(wide, array, i); };
            const auto integer = [&](llvm::Type* type) { return at.getIntNTy(type->getPrimitiveSizeInBits()); };
            for (unsigned i = 0; i < call->arg_size(); ++i) {
                llvm::Value* arg = call->getArgOperand(i);
                at.CreateStore(at.CreateZExt(at.CreateBitCast(arg, integer(arg->getType())), wide), slot(args, i));
            }
            at.CreateCall(execute, {at.getInt32(names.size() - 1), args, results});
            const auto load = [&](llvm::Type* type, uint64_t i) {
                llvm::Value* word = at.CreateLoad(wide, slot(results, i));
                return at.CreateBitCast(at.CreateTrunc(word, integer(type)), type);
            };
            llvm::Value* result = nullptr;
            if (auto* members = llvm::dyn_cast<llvm::StructType>(call->getType())) {
                result = llvm::PoisonValue::get(members);
                for (unsigned i = 0; i < members->getNumElements(); ++i) {
                    result = at.CreateInsertValue(result, load(members->getElementType(i), i), i);
                }
            } else if (!call->getType()->isVoidTy()) {
                result = load(call->getType(), 0);
            }
            if (result != nullptr) {
                call->replaceAllUsesWith(result);
            }
            call->eraseFromParent();
        }
        function->eraseFromParent();
    }
    return names;
}

template <typename T> T expect(llvm::Expected<T> result) {
    if (!result) {
        throw std::runtime_error(llvm::toString(result.takeError()));
    }
    return std::move(*result);
}

void expect(llvm::Error error) {
    if (error) {
        throw std::runtime_error(llvm::toString(std::move(error)));
    }
}

// What compilers call on processors without AVX512-BF16, and GCC 12's library has not got. bfloat is passed as half is.
_Float16 roundToBfloat(float value) {
    auto bits = std::bit_cast<uint32_t>(value);
    bits += 0x7fffu + (bits >> 16 & 1); // to nearest, ties to even; no test has a NaN
    return std::bit_cast<_Float16>(static_cast<uint16_t>(bits >> 16));
}

} // namespace

struct WarpMachine::Code {
    std::unique_ptr<llvm::orc::LLJIT> jit;
    std::vector<std::string> names;
    void* entry = nullptr;
    std::vector<std::unique_ptr<char[]>> stacks; // kept between runs
};

WarpMachine::WarpMachine(std::unique_ptr<llvm::Module> module, std::unique_ptr<ContextHolder> /*outlives the module*/)
    : code_(std::make_unique<Code>()) {
    static std::once_flag registered;
    std::call_once(registered, [] {
        llvm::InitializeNativeTarget();
        llvm::InitializeNativeTargetAsmPrinter();
    });
    auto builder = expect(llvm::orc::JITTargetMachineBuilder::detectHost());
    const llvm::Triple triple = builder.getTargetTriple();
    code_->jit = expect(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(builder)).create());
    code_->names = replaceIntrinsics(*module);
    module->setTargetTriple(triple);
    module->setDataLayout(code_->jit->getDataLayout());
    for (llvm::Function& function : *module) {
        function.setCallingConv(llvm::CallingConv::C);
        function.removeFnAttr(llvm::Attribute::Convergent);
        function.removeFnAttr("target-cpu");
    }
    llvm::orc::SymbolMap symbols;
    symbols[code_->jit->mangleAndIntern("hyExecuteOperation")] = {llvm::orc::ExecutorAddr::fromPtr(&executeOperation),
                                                                  llvm::JITSymbolFlags::Exported};
    symbols[code_->jit->mangleAndIntern("__truncsfbf2")] = {llvm::orc::ExecutorAddr::fromPtr(&roundToBfloat),
                                                            llvm::JITSymbolFlags::Exported};
    expect(code_->jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols))));
    // The module moves into a context that the JIT owns.
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream, nullptr);
    module.reset();
    auto context = std::make_unique<llvm::LLVMContext>();
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> own = llvm::parseAssemblyString(text, diagnostic, *context);
    if (own == nullptr) {
        throw std::runtime_error(diagnostic.getMessage().str());
    }
    expect(code_->jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(own), std::move(context))));
    code_->entry = expect(code_->jit->lookup("k")).toPtr<void*>();
}

WarpMachine::~WarpMachine() = default;

void WarpMachine::run(uint32_t items, const std::vector<uint64_t>& args, uint32_t seed) {
    Machine machine;
    machine.lanes.resize(items);
    for (uint32_t i = 0; i < items; ++i) {
        if (code_->stacks.size() <= i) {
            code_->stacks.emplace_back(new char[kStack]);
        }
        machine.lanes[i].stack = code_->stacks[i].get();
    }
    machine.names = code_->names;
    machine.random.seed(seed);
    void* entry = code_->entry;
    std::vector<uint64_t> four = args;
    four.resize(4);
    machine.entry = [entry, four] {
        reinterpret_cast<void (*)(uint64_t, uint64_t, uint64_t, uint64_t)>(entry)(four[0], four[1], four[2], four[3]);
    };
    machine.run();
}

} // namespace halyard::jit::nvptx::test
