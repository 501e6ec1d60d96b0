// From the tree to SPIR-V. Variables live in Function storage, so that phis come from the importer as well as from
// Choice nodes.
#include "builder/kernel.h"
#include "random/program.h"

#include <functional>

namespace halyard::spirvtest::random {
namespace {

using Kind = ValueType::Kind;

class Renderer {
public:
    explicit Renderer(const Program& program) : program_(program), module_(program.flavour, versionFor(program)) {}

    Words run() {
        u32_ = module_.intType(32);
        bool_ = module_.boolType();
        voidType_ = module_.voidType();
        for (size_t i = 0; i + 1 < program_.functions.size(); ++i)
            helper(program_.functions[i]);
        kernel(program_.functions.back());
        return module_.words();
    }

private:
    // Kernel modules without subgroup operations are for older readers too.
    static uint32_t versionFor(const Program& program) {
        return program.flavour == Flavour::Kernel && !program.subgroups ? 0x00010000 : 0x00010500;
    }

    bool forOldReaders() const { return isKernel() && !program_.subgroups; }

    // A variable of the function with a first value. llvm-spirv 15 makes variables with initialisers static.
    Id variable(Id type, Id initial) {
        if (!forOldReaders())
            return module_.localVariable(type, initial);
        const Id id = module_.localVariable(type);
        module_.op(Op::Store, {id, initial});
        return id;
    }

    bool isKernel() const { return program_.flavour == Flavour::Kernel; }

    Id idOf(ValueType type) {
        const Id scalar = type.kind == Kind::Bool    ? bool_
                          : type.kind == Kind::Float ? module_.floatType(type.bits)
                                                     : module_.intType(type.bits);
        return type.lanes == 1 ? scalar : module_.vectorType(scalar, type.lanes);
    }

    void prologue(const Function& function, size_t parameters) {
        function_ = &function;
        variables_.clear();
        const Id arrayType = module_.arrayType(u32_, kArray);
        array_ = variable(arrayType, module_.null(arrayType));
        for (size_t i = 0; i < function.variables.size(); ++i) {
            const Id type = idOf(function.variables[i]);
            variables_.push_back(variable(type, module_.splat(type, i < parameters ? 0 : 1)));
        }
        const Ids arguments = module_.parameters();
        for (size_t i = 0; i < parameters; ++i)
            module_.op(Op::Store, {variables_[i], arguments[i]});
    }

    void helper(const Function& function) {
        Ids parameters;
        for (const ValueType& type : function.parameters)
            parameters.push_back(idOf(type));
        const Id id = module_.beginFunction(idOf(function.result), parameters);
        prologue(function, function.parameters.size());
        // A helper reads no buffer of the kernel, whose parameters it cannot see in a Kernel module.
        kernel_ = nullptr;
        statement(*function.body);
        if (!ended_)
            module_.op(Op::ReturnValue, {module_.u32(0)});
        ended_ = false;
        module_.endFunction();
        functions_.push_back(id);
    }

    void kernel(const Function& function) {
        const auto* size = program_.workgroupSize;
        const Kernel::Size required =
            program_.requiresSize ? Kernel::Size{size[0], size[1], size[2]} : Kernel::Size{0, 0, 0};
        Kernel kernel(module_, "k", {u32_, u32_, u32_}, required);
        kernel_ = &kernel;
        if (program_.groupInvocations() > 0) {
            const Id type = module_.arrayType(u32_, program_.groupInvocations());
            shared_ = module_.globalVariable(module_.pointerType(Storage::Workgroup, type));
        }
        prologue(function, 0);
        // Every buffer is used: those that are not are no parameters of a GLCompute kernel.
        module_.op(Op::Store,
                   {variables_[0], module_.value(Op::Load, u32_, {kernel.pointer(0, kernel.indexConstant(0))})});
        module_.value(Op::AtomicOr, u32_,
                      {kernel.pointer(2, kernel.indexConstant(3)), module_.scope(Scope::Device), module_.u32(kRelaxed),
                       module_.u32(0)});
        localIndex_ = linear(BuiltIn::LocalInvocationId, program_.workgroupSize);
        const uint32_t grid[3] = {size[0] * program_.workgroups[0], size[1] * program_.workgroups[1], 0};
        globalIndex_ = linear(BuiltIn::GlobalInvocationId, grid);
        module_.op(Op::Store, {sharedCell(localIndex_), module_.u32(7)});
        barrier();
        const Id first = binary(Op::IMul, globalIndex_, module_.u32(kOutputs));
        module_.op(Op::Store, {bufferElement(1, first), module_.value(Op::Load, u32_, {variables_[0]})});
        statement(*function.body);
        const Id final = kernel.finish();
        if (isKernel())
            module_.executionMode(final, Mode::ContractionOff, {});
    }

    Id builtinWord(BuiltIn which, uint32_t dimension) {
        const Id index = isKernel() ? module_.intType(64) : u32_;
        const Id vector = module_.vectorType(index, 3);
        const Id whole = module_.value(Op::Load, vector, {module_.builtIn(which, vector)});
        const Id part = module_.value(Op::CompositeExtract, index, {whole, dimension});
        return isKernel() ? module_.value(Op::UConvert, u32_, {part}) : part;
    }

    Id binary(Op op, Id a, Id b) { return module_.value(op, u32_, {a, b}); }

    Id linear(BuiltIn which, const uint32_t* sizes) {
        const Id z = builtinWord(which, 2), y = builtinWord(which, 1), x = builtinWord(which, 0);
        const Id rows = binary(Op::IAdd, binary(Op::IMul, z, module_.u32(sizes[1])), y);
        return binary(Op::IAdd, binary(Op::IMul, rows, module_.u32(sizes[0])), x);
    }

    Id sharedCell(Id index) {
        return module_.value(Op::AccessChain, module_.pointerType(Storage::Workgroup, u32_), {shared_, index});
    }

    void barrier() {
        const uint32_t semantics = kAcquireRelease | kWorkgroupMemory;
        module_.op(Op::ControlBarrier,
                   {module_.scope(Scope::Workgroup), module_.scope(Scope::Workgroup), module_.u32(semantics)});
    }

    Id bufferElement(uint32_t buffer, Id index) {
        if (isKernel())
            index = module_.value(Op::UConvert, kernel_->indexType(), {index});
        return kernel_->pointer(buffer, index);
    }

    Id masked(const Node& node, uint32_t count) {
        return binary(Op::BitwiseAnd, expression(node), module_.u32(count - 1));
    }

    Id arrayCell(const Node& index) {
        return module_.value(Op::AccessChain, module_.pointerType(Storage::Function, u32_),
                             {array_, masked(index, kArray)});
    }

    // ---- expressions

    Id expression(const Node& node) {
        const Id type = idOf(node.type);
        switch (node.form) {
        case Form::Constant:
            return module_.splat(type, node.value);
        case Form::Variable:
            return module_.value(Op::Load, type, {variables_[node.index]});
        case Form::Builtin:
            return builtinWord(static_cast<BuiltIn>(node.op), node.index);
        case Form::Operation:
            return operation(node);
        case Form::Extended: {
            const Words operands{expression(*node.children[0]), expression(*node.children[1])};
            return isKernel() ? module_.openCl(static_cast<OpenCl>(node.op), type, operands)
                              : module_.glsl(static_cast<Glsl>(node.op), type, operands);
        }
        case Form::Choice:
            return choice(node);
        case Form::InputLoad: {
            const Id index = masked(*node.children[0], kInputs);
            if (kernel_ == nullptr)
                return index;
            return module_.value(Op::Load, type, {bufferElement(0, index)});
        }
        case Form::ArrayLoad:
            return module_.value(Op::Load, type, {arrayCell(*node.children[0])});
        case Form::SharedLoad: {
            const Id count = module_.u32(program_.groupInvocations());
            const Id index = binary(Op::UMod, expression(*node.children[0]), count);
            return module_.value(Op::Load, type, {sharedCell(index)});
        }
        case Form::Call: {
            Words operands{functions_[node.index]};
            for (const NodePtr& child : node.children)
                operands.push_back(expression(*child));
            return module_.value(Op::FunctionCall, type, operands);
        }
        case Form::Subgroup:
            return subgroup(node);
        default:
            return module_.null(type); // a statement is no expression
        }
    }

    Id choice(const Node& node) {
        const Id type = idOf(node.type);
        const Id condition = expression(*node.children[0]);
        const Id then = module_.newId(), other = module_.newId(), merge = module_.newId();
        module_.op(Op::SelectionMerge, {merge, 0});
        module_.op(Op::BranchConditional, {condition, then, other});
        Words incoming;
        for (int side = 0; side < 2; ++side) {
            module_.label(side == 0 ? then : other);
            incoming.push_back(expression(*node.children[side + 1]));
            incoming.push_back(module_.block());
            module_.op(Op::Branch, {merge});
        }
        module_.label(merge);
        return module_.value(Op::Phi, type, incoming);
    }

    Id subgroup(const Node& node) {
        module_.capability(Capability::GroupNonUniform);
        module_.capability(Capability::GroupNonUniformArithmetic);
        module_.capability(Capability::GroupNonUniformBallot);
        const Id scope = module_.scope(Scope::Subgroup);
        const Id operand = expression(*node.children[0]);
        const Op op = static_cast<Op>(node.op);
        if (op == Op::GroupNonUniformBroadcastFirst)
            return module_.value(op, u32_, {scope, operand});
        if (op != Op::GroupNonUniformBallot)
            return module_.value(op, u32_, {scope, node.index, operand});
        const Id ballot = module_.value(op, module_.vectorType(u32_, 4), {scope, operand});
        return binary(Op::IAdd, module_.value(Op::CompositeExtract, u32_, {ballot, 0}),
                      module_.value(Op::CompositeExtract, u32_, {ballot, 1}));
    }

    Id operation(const Node& node) {
        const Op op = static_cast<Op>(node.op);
        const Id type = idOf(node.type);
        Words operands;
        for (const NodePtr& child : node.children)
            operands.push_back(expression(*child));
        const auto combine = [&](Op with, size_t operand, uint64_t bits) {
            operands[operand] = module_.value(with, type, {operands[operand], module_.splat(type, bits)});
        };
        switch (op) {
        case Op::ShiftLeftLogical:
        case Op::ShiftRightLogical:
        case Op::ShiftRightArithmetic:
            combine(Op::BitwiseAnd, 1, node.type.bits - 1u);
            break;
        case Op::UDiv:
        case Op::UMod:
            combine(Op::BitwiseOr, 1, 1);
            break;
        case Op::SDiv:
        case Op::SRem:
        case Op::SMod: // a positive divisor: neither zero nor the overflow of the smallest number by -1
            combine(Op::BitwiseAnd, 1, 31);
            combine(Op::BitwiseOr, 1, 1);
            // Vulkan leaves remainders of negative numbers undefined (appendix "Vulkan Environment for SPIR-V").
            if (!isKernel() && op != Op::SDiv)
                combine(Op::BitwiseAnd, 0, (uint64_t{1} << (node.type.bits - 1)) - 1);
            break;
        case Op::VectorExtractDynamic:
            operands[1] = binary(Op::BitwiseAnd, operands[1], module_.u32(node.children[0]->type.lanes - 1u));
            break;
        case Op::CompositeConstruct:
            if (forOldReaders()) {
                // llvm-spirv 15 crashes on OpCompositeConstruct of constants and others.
                Id vector = module_.null(type);
                for (uint32_t i = 0; i < operands.size(); ++i)
                    vector = module_.value(Op::CompositeInsert, type, {operands[i], vector, i});
                return vector;
            }
            break;
        case Op::Bitcast:
            // NaN payloads are nobody's business.
            if (node.children[0]->type.kind == Kind::Float)
                operands[0] = withoutPayload(operands[0], node.children[0]->type);
            break;
        default:
            break;
        }
        const Id result = module_.value(op, type, operands);
        if (!isKernel() && node.type.kind == Kind::Float && (op == Op::FAdd || op == Op::FSub || op == Op::FMul))
            module_.decorate(result, Decoration::NoContraction);
        return result;
    }

    Id withoutPayload(Id value, ValueType type) {
        const Id id = idOf(type);
        const Id bools = idOf({Kind::Bool, 1, type.lanes});
        const uint64_t nan = type.bits == 32 ? 0x7fc00000 : 0x7ff8000000000000;
        return module_.value(Op::Select, id, {module_.value(Op::IsNan, bools, {value}), module_.splat(id, nan), value});
    }

    // ---- statements; `ended_`: the open block has its terminator

    void statement(const Node& node) {
        if (ended_)
            return;
        switch (node.form) {
        case Form::Block:
            for (const NodePtr& child : node.children)
                statement(*child);
            break;
        case Form::Assign:
            module_.op(Op::Store, {variables_[node.index], expression(*node.children[0])});
            break;
        case Form::ArrayStore: {
            const Id value = expression(*node.children[1]);
            module_.op(Op::Store, {arrayCell(*node.children[0]), value});
            break;
        }
        case Form::If:
            branch(node);
            break;
        case Form::Loop:
            loop(node);
            break;
        case Form::Break:
        case Form::Continue:
            jump(node);
            break;
        case Form::Switch:
            switchStatement(node);
            break;
        case Form::Return:
            leave(node);
            break;
        case Form::Output: {
            const Id value = expression(*node.children[0]);
            const Id first = binary(Op::IMul, globalIndex_, module_.u32(kOutputs));
            module_.op(Op::Store, {bufferElement(1, binary(Op::IAdd, first, module_.u32(node.index))), value});
            break;
        }
        case Form::Exchange: {
            const Id value = expression(*node.children[0]);
            barrier();
            module_.op(Op::Store, {sharedCell(localIndex_), value});
            barrier();
            break;
        }
        case Form::Atomic: {
            const Id value = expression(*node.children[0]);
            module_.value(static_cast<Op>(node.op), u32_,
                          {bufferElement(2, module_.u32(node.index)), module_.scope(Scope::Device),
                           module_.u32(kRelaxed), value});
            break;
        }
        case Form::Maze:
            maze(node);
            break;
        default:
            break; // an expression is no statement
        }
    }

    void go(Id target) {
        if (!ended_)
            module_.op(Op::Branch, {target});
        ended_ = true;
    }
    void start(Id label) {
        module_.label(label);
        ended_ = false;
    }

    void branch(const Node& node) {
        const Id condition = expression(*node.children[0]);
        const Id then = module_.newId(), other = module_.newId(), merge = module_.newId();
        module_.op(Op::SelectionMerge, {merge, 0});
        module_.op(Op::BranchConditional, {condition, then, other});
        for (int side = 0; side < 2; ++side) {
            start(side == 0 ? then : other);
            statement(*node.children[side + 1]);
            go(merge);
        }
        start(merge);
    }

    void loop(const Node& node) {
        const Id trips =
            binary(Op::UMod, expression(*node.children[0]), module_.u32(static_cast<uint32_t>(node.value) + 1));
        const Id counter = variables_[node.index];
        module_.op(Op::Store, {counter, module_.u32(0)});
        const Id head = module_.newId(), test = module_.newId(), body = module_.newId(), next = module_.newId(),
                 done = module_.newId();
        go(head);
        start(head);
        module_.op(Op::LoopMerge, {done, next, 0});
        go(test);
        start(test);
        const Id now = module_.value(Op::Load, u32_, {counter});
        module_.op(Op::BranchConditional, {module_.value(Op::ULessThan, bool_, {now, trips}), body, done});
        start(body);
        loops_.push_back({next, done});
        statement(*node.children[1]);
        loops_.pop_back();
        go(next);
        start(next);
        module_.op(Op::Store, {counter, binary(Op::IAdd, module_.value(Op::Load, u32_, {counter}), module_.u32(1))});
        go(head);
        start(done);
    }

    void jump(const Node& node) {
        if (loops_.empty())
            return;
        const auto [next, done] = loops_.back();
        const Id condition = expression(*node.children[0]);
        const Id stay = module_.newId();
        module_.op(Op::SelectionMerge, {stay, 0});
        module_.op(Op::BranchConditional, {condition, node.form == Form::Break ? done : next, stay});
        start(stay);
    }

    void leave(const Node& node) {
        if (kernel_ != nullptr)
            return;
        const Id condition = expression(*node.children[0]);
        const Id value = expression(*node.children[1]);
        const Id out = module_.newId(), stay = module_.newId();
        module_.op(Op::SelectionMerge, {stay, 0});
        module_.op(Op::BranchConditional, {condition, out, stay});
        start(out);
        module_.op(Op::ReturnValue, {value});
        start(stay);
    }

    void switchStatement(const Node& node) {
        const auto cases = static_cast<uint32_t>(node.children.size() - 1);
        const Id selector = binary(Op::UMod, expression(*node.children[0]), module_.u32(cases + 1));
        const Id merge = module_.newId();
        Ids labels;
        Words operands{selector, merge};
        for (uint32_t i = 0; i < cases; ++i) {
            labels.push_back(module_.newId());
            operands.push_back(i);
            operands.push_back(labels.back());
        }
        module_.op(Op::SelectionMerge, {merge, 0});
        module_.op(Op::Switch, operands);
        for (uint32_t i = 0; i < cases; ++i) {
            start(labels[i]);
            statement(*node.children[i + 1]);
            const bool through = (node.value >> i & 1) != 0 && i + 1 < cases;
            go(through ? labels[i + 1] : merge);
        }
        start(merge);
    }

    // Blocks of a maze in an order that puts each after its dominators, as SPIR-V wants them; unreachable ones are left
    // out.
    static std::vector<size_t> mazeOrder(const Node& node) {
        std::vector<size_t> postorder;
        std::vector<bool> seen(node.children.size() / 2);
        const std::function<void(size_t)> visit = [&](size_t block) {
            seen[block] = true;
            for (const int target : {node.targets[2 * block], node.targets[2 * block + 1]}) {
                if (target >= 0 && !seen[static_cast<size_t>(target)])
                    visit(static_cast<size_t>(target));
            }
            postorder.push_back(block);
        };
        visit(0);
        return {postorder.rbegin(), postorder.rend()};
    }

    // Blocks that branch to each other as they like, a bounded number of times.
    void maze(const Node& node) {
        const size_t blocks = node.children.size() / 2;
        const Id fuel = module_.localVariable(u32_);
        module_.op(Op::Store, {fuel, module_.u32(12)});
        Ids labels;
        for (size_t i = 0; i < blocks; ++i)
            labels.push_back(module_.newId());
        const Id done = module_.newId();
        go(labels[0]);
        const auto target = [&](int index) { return index < 0 ? done : labels[static_cast<size_t>(index)]; };
        for (const size_t i : mazeOrder(node)) {
            start(labels[i]);
            statement(*node.children[2 * i]);
            const Id left = binary(Op::ISub, module_.value(Op::Load, u32_, {fuel}), module_.u32(1));
            module_.op(Op::Store, {fuel, left});
            const Id condition = expression(*node.children[2 * i + 1]);
            const Id onward = module_.newId();
            module_.op(Op::BranchConditional, {module_.value(Op::IEqual, bool_, {left, module_.u32(0)}), done, onward});
            start(onward);
            module_.op(Op::BranchConditional,
                       {condition, target(node.targets[2 * i]), target(node.targets[2 * i + 1])});
            ended_ = true;
        }
        start(done);
    }

    const Program& program_;
    Module module_;
    Kernel* kernel_ = nullptr;
    const Function* function_ = nullptr;
    Id u32_ = 0, bool_ = 0, voidType_ = 0;
    Id array_ = 0, shared_ = 0, localIndex_ = 0, globalIndex_ = 0;
    Ids variables_, functions_;
    struct LoopLabels {
        Id next, done;
    };
    std::vector<LoopLabels> loops_;
    bool ended_ = false;
};

} // namespace

Words render(const Program& program) {
    return Renderer(program).run();
}

} // namespace halyard::spirvtest::random
