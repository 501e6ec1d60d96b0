#include "random/program.h"

#include <algorithm>
#include <random>

namespace halyard::spirvtest::random {
namespace {

using Kind = ValueType::Kind;

constexpr ValueType kBool{Kind::Bool, 1, 1};
constexpr ValueType kU32{Kind::Int, 32, 1};

class Generator {
public:
    Generator(uint64_t seed, const Features& features) : random_(seed), features_(features) {
        program_.seed = seed;
        program_.subgroups = features.subgroups;
    }

    Program run() {
        program_.flavour = chance(2) ? Flavour::Kernel : Flavour::GLCompute;
        static constexpr uint32_t kSizes[][3] = {{16, 1, 1}, {32, 1, 1}, {4, 4, 1},  {1, 1, 1},
                                                 {7, 1, 1},  {5, 3, 2},  {64, 1, 1}, {20, 1, 1}};
        std::copy_n(kSizes[below(std::size(kSizes))], 3, program_.workgroupSize);
        program_.requiresSize = program_.flavour == Flavour::GLCompute || chance(2);
        program_.workgroups[0] = 1 + below(3);
        program_.workgroups[1] = 1 + below(2);
        for (uint32_t i = below(3); i > 0; --i)
            program_.functions.push_back(makeHelper());
        program_.functions.push_back(makeKernel());
        return program_;
    }

private:
    uint32_t below(size_t bound) { return static_cast<uint32_t>(random_() % bound); }
    bool chance(uint32_t oneIn) { return below(oneIn) == 0; }
    template <typename T> T pick(std::initializer_list<T> values) { return values.begin()[below(values.size())]; }

    NodePtr make(Node node) { return std::make_shared<Node>(std::move(node)); }

    ValueType anyType() {
        const bool kernel = program_.flavour == Flavour::Kernel;
        ValueType type = kU32;
        switch (below(10)) {
        case 0:
            type = {Kind::Float, 32, 1};
            break;
        case 1:
            type = {Kind::Int, 64, 1};
            break;
        case 2:
            type = {Kind::Int, static_cast<uint8_t>(kernel ? 8 : 32), 1};
            break;
        case 3:
            type = {Kind::Int, static_cast<uint8_t>(kernel ? 16 : 32), 1};
            break;
        case 4:
            type = {Kind::Float, static_cast<uint8_t>(kernel ? 64 : 32), 1};
            break;
        case 5:
            type = kBool;
            break;
        default:
            break;
        }
        if (type.kind == Kind::Float && !features_.floats)
            type = kU32;
        if (chance(4))
            type.lanes = static_cast<uint8_t>(pick({2, 4}));
        return type;
    }

    uint64_t anyBits() {
        switch (below(4)) {
        case 0:
            return below(5);
        case 1:
            return ~uint64_t{below(3)};
        case 2:
            return uint64_t{1} << below(64);
        default:
            return random_();
        }
    }

    NodePtr constant(ValueType type) {
        uint64_t bits = anyBits();
        // Whole numbers, small and large: sums and products of arbitrary bits are soon infinite or NaN.
        static constexpr uint32_t kFloats[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x40490fdb,
                                               0x7f7fffff, 0x00000001, 0x3effffff, 0x4b000001, 0xc1200000};
        if (type.kind == Kind::Float && type.bits == 32)
            bits = kFloats[below(std::size(kFloats))];
        else if (type.kind == Kind::Float)
            bits = uint64_t{kFloats[below(std::size(kFloats))]} << 32 | below(3);
        if (type.kind == Kind::Bool)
            bits &= 1;
        else if (type.bits < 64)
            bits &= (uint64_t{1} << type.bits) - 1;
        return make({.form = Form::Constant, .type = type, .value = bits});
    }

    NodePtr variable(ValueType type) {
        std::vector<uint32_t> fitting;
        for (uint32_t i = 0; i < function_->variables.size(); ++i) {
            if (function_->variables[i] == type && (!wantUniform_ || uniform_[i]))
                fitting.push_back(i);
        }
        if (fitting.empty())
            return constant(type);
        return make({.form = Form::Variable, .type = type, .index = fitting[below(fitting.size())]});
    }

    NodePtr builtin() {
        const BuiltIn which = wantUniform_ ? pick({BuiltIn::WorkgroupId, BuiltIn::NumWorkgroups})
                                           : pick({BuiltIn::LocalInvocationId, BuiltIn::GlobalInvocationId,
                                                   BuiltIn::WorkgroupId, BuiltIn::NumWorkgroups});
        return make({.form = Form::Builtin, .type = kU32, .op = static_cast<uint32_t>(which), .index = below(3)});
    }

    NodePtr operation(Op op, ValueType type, std::vector<NodePtr> children) {
        return make(
            {.form = Form::Operation, .type = type, .op = static_cast<uint32_t>(op), .children = std::move(children)});
    }

    NodePtr boolean(ValueType type, int depth) {
        if (chance(3)) {
            const Op op = pick({Op::LogicalAnd, Op::LogicalOr, Op::LogicalEqual, Op::LogicalNotEqual, Op::LogicalNot});
            std::vector<NodePtr> children{expression(type, depth - 1)};
            if (op != Op::LogicalNot)
                children.push_back(expression(type, depth - 1));
            return operation(op, type, children);
        }
        if (type.lanes == 1 && chance(5)) {
            const ValueType wide{Kind::Bool, 1, static_cast<uint8_t>(pick({2, 4}))};
            return operation(chance(2) ? Op::Any : Op::All, type, {expression(wide, depth - 1)});
        }
        ValueType compared = anyType();
        if (compared.kind == Kind::Bool)
            compared = kU32;
        compared.lanes = type.lanes;
        const Op op =
            compared.kind == Kind::Int
                ? pick({Op::IEqual, Op::INotEqual, Op::ULessThan, Op::ULessThanEqual, Op::UGreaterThan,
                        Op::UGreaterThanEqual, Op::SLessThan, Op::SLessThanEqual, Op::SGreaterThan,
                        Op::SGreaterThanEqual})
                : pick({Op::FOrdEqual, Op::FUnordEqual, Op::FOrdNotEqual, Op::FUnordNotEqual, Op::FOrdLessThan,
                        Op::FUnordLessThan, Op::FOrdGreaterThanEqual, Op::FUnordGreaterThanEqual});
        return operation(op, type, {expression(compared, depth - 1), expression(compared, depth - 1)});
    }

    NodePtr integer(ValueType type, int depth) {
        switch (below(12)) {
        case 0: { // a width change
            const uint8_t bits = program_.flavour == Flavour::Kernel ? static_cast<uint8_t>(pick({8, 16, 32, 64}))
                                                                     : static_cast<uint8_t>(pick({32, 64}));
            if (bits == type.bits)
                break;
            return operation(chance(2) ? Op::UConvert : Op::SConvert, type,
                             {expression({Kind::Int, bits, type.lanes}, depth - 1)});
        }
        case 1:
            return operation(pick({Op::Not, Op::SNegate}), type, {expression(type, depth - 1)});
        case 2:
            if ((type.bits != 32 && type.bits != 64) || !features_.floats)
                break;
            return operation(Op::Bitcast, type, {expression({Kind::Float, type.bits, type.lanes}, depth - 1)});
        case 3:
            if (type.bits != 32)
                break;
            return extended(type, depth);
        case 4:
            if (type.bits != 32)
                break;
            // In Kernel modules OpBitReverse needs an extension that other implementations lack.
            return operation(program_.flavour == Flavour::Kernel || chance(2) ? Op::BitCount : Op::BitReverse, type,
                             {expression(type, depth - 1)});
        default:
            break;
        }
        const Op op =
            pick({Op::IAdd, Op::ISub, Op::IMul, Op::BitwiseAnd, Op::BitwiseOr, Op::BitwiseXor, Op::ShiftLeftLogical,
                  Op::ShiftRightLogical, Op::ShiftRightArithmetic, Op::UDiv, Op::UMod, Op::SDiv, Op::SRem, Op::SMod});
        return operation(op, type, {expression(type, depth - 1), expression(type, depth - 1)});
    }

    // Instructions that both flavours have under different numbers.
    NodePtr extended(ValueType type, int depth) {
        const bool kernel = program_.flavour == Flavour::Kernel;
        struct Pair {
            OpenCl openCl;
            Glsl glsl;
        };
        const Pair pair = pick({Pair{OpenCl::s_min, Glsl::SMin}, Pair{OpenCl::s_max, Glsl::SMax},
                                Pair{OpenCl::u_min, Glsl::UMin}, Pair{OpenCl::u_max, Glsl::UMax}});
        return make({.form = Form::Extended,
                     .type = type,
                     .op = kernel ? static_cast<uint32_t>(pair.openCl) : static_cast<uint32_t>(pair.glsl),
                     .children = {expression(type, depth - 1), expression(type, depth - 1)}});
    }

    NodePtr floating(ValueType type, int depth) {
        switch (below(6)) {
        case 0:
            return operation(Op::FNegate, type, {expression(type, depth - 1)});
        case 1:
            return operation(chance(2) ? Op::ConvertSToF : Op::ConvertUToF, type,
                             {expression({Kind::Int, pick<uint8_t>({32, 64}), type.lanes}, depth - 1)});
        case 2:
            return operation(Op::Bitcast, type, {expression({Kind::Int, type.bits, type.lanes}, depth - 1)});
        default:
            return operation(pick({Op::FAdd, Op::FSub, Op::FMul}), type,
                             {expression(type, depth - 1), expression(type, depth - 1)});
        }
    }

    NodePtr subgroup(int depth) {
        const Op op = pick({Op::GroupNonUniformIAdd, Op::GroupNonUniformUMin, Op::GroupNonUniformSMax,
                            Op::GroupNonUniformBitwiseXor, Op::GroupNonUniformBitwiseAnd,
                            Op::GroupNonUniformBroadcastFirst, Op::GroupNonUniformBallot});
        const uint32_t operation = below(3);
        const ValueType operand = op == Op::GroupNonUniformBallot ? kBool : kU32;
        return make({.form = Form::Subgroup,
                     .type = kU32,
                     .op = static_cast<uint32_t>(op),
                     .index = operation,
                     .children = {expression(operand, depth - 1)}});
    }

    NodePtr expression(ValueType type, int depth) {
        if (depth <= 0)
            return type == kU32 && chance(2) ? builtin() : chance(2) ? constant(type) : variable(type);
        if (type == kU32) {
            switch (below(14)) {
            case 0:
                return make({.form = Form::InputLoad, .type = type, .children = {expression(kU32, depth - 1)}});
            case 1:
                if (!wantUniform_)
                    return make({.form = Form::ArrayLoad, .type = type, .children = {expression(kU32, depth - 1)}});
                break;
            case 2:
                if (kernelScope_ && !wantUniform_)
                    return make({.form = Form::SharedLoad, .type = type, .children = {expression(kU32, depth - 1)}});
                break;
            case 3:
                if (inKernel_ && !wantUniform_ && features_.subgroups)
                    return subgroup(depth);
                break;
            case 4:
                if (!wantUniform_ && !program_.functions.empty() && inKernel_)
                    return call(depth);
                break;
            default:
                break;
            }
        }
        switch (below(10)) {
        case 0:
            return make(
                {.form = Form::Choice,
                 .type = type,
                 .children = {expression(kBool, depth - 1), expression(type, depth - 1), expression(type, depth - 1)}});
        case 1: {
            ValueType condition{Kind::Bool, 1, type.lanes};
            return operation(
                Op::Select, type,
                {expression(condition, depth - 1), expression(type, depth - 1), expression(type, depth - 1)});
        }
        case 2:
            return variable(type);
        case 3:
            if (type.lanes > 1) {
                std::vector<NodePtr> parts;
                for (uint8_t i = 0; i < type.lanes; ++i)
                    parts.push_back(expression(type.scalar(), depth - 2));
                return operation(Op::CompositeConstruct, type, std::move(parts));
            }
            return operation(
                Op::VectorExtractDynamic, type,
                {expression({type.kind, type.bits, pick<uint8_t>({2, 4})}, depth - 1), expression(kU32, depth - 2)});
        default:
            break;
        }
        if (type.kind == Kind::Bool)
            return boolean(type, depth);
        return type.kind == Kind::Int ? integer(type, depth) : floating(type, depth);
    }

    NodePtr call(int depth) {
        const uint32_t index = below(program_.functions.size());
        const Function& callee = program_.functions[index];
        std::vector<NodePtr> arguments;
        for (const ValueType& type : callee.parameters)
            arguments.push_back(expression(type, depth - 2));
        return make({.form = Form::Call, .type = callee.result, .index = index, .children = std::move(arguments)});
    }

    NodePtr uniformly(ValueType type, int depth) {
        const bool before = wantUniform_;
        wantUniform_ = true;
        NodePtr node = expression(type, depth);
        wantUniform_ = before;
        return node;
    }

    // A statement is in uniform control flow when `uniformFlow_`: all invocations of the workgroup run it together.
    NodePtr statement(int depth) {
        switch (below(depth > 0 ? 16 : 8)) {
        case 0:
        case 1:
        case 2:
        default:
            return assign();
        case 3:
            return make({.form = Form::ArrayStore, .children = {expression(kU32, 2), expression(kU32, 3)}});
        case 4:
            if (inKernel_)
                return make({.form = Form::Output, .index = below(kOutputs), .children = {expression(kU32, 3)}});
            return make({.form = Form::Return, .children = {expression(kBool, 2), expression(function_->result, 2)}});
        case 5:
            if (!inKernel_)
                return assign();
            return atomic();
        case 6:
            if (!inKernel_ || !uniformFlow_)
                return assign();
            return make({.form = Form::Exchange, .children = {expression(kU32, 3)}});
        case 7:
            // One invocation that jumps alone would end the uniformity of the loop that it leaves.
            if (loops_.empty() || (loops_.back() && !uniformFlow_) || chance(2))
                return assign();
            return make({.form = chance(2) ? Form::Break : Form::Continue, .children = {jumpCondition()}});
        case 8:
        case 9:
        case 10:
            return branch(depth);
        case 11:
        case 12:
        case 13:
            return loop(depth);
        case 14:
            return switchStatement(depth);
        case 15:
            return program_.flavour == Flavour::Kernel ? maze() : loop(depth);
        }
    }

    NodePtr atomic() {
        static constexpr Op kOps[kAtomicCells] = {Op::AtomicIAdd, Op::AtomicUMax, Op::AtomicUMin,
                                                  Op::AtomicOr,   Op::AtomicXor,  Op::AtomicSMin};
        const uint32_t cell = below(kAtomicCells);
        return make({.form = Form::Atomic,
                     .op = static_cast<uint32_t>(kOps[cell]),
                     .index = cell,
                     .children = {expression(kU32, 3)}});
    }

    // A jump out of an iteration keeps uniform flow only when all invocations take it.
    NodePtr jumpCondition() { return uniformFlow_ ? uniformly(kBool, 2) : expression(kBool, 2); }

    NodePtr assign() {
        std::vector<uint32_t> writable;
        for (uint32_t i = 0; i < function_->variables.size(); ++i) {
            if (!counting_[i] && (!uniform_[i] || uniformFlow_))
                writable.push_back(i);
        }
        const uint32_t index = writable[below(writable.size())];
        const ValueType type = function_->variables[index];
        return make({.form = Form::Assign,
                     .index = index,
                     .children = {uniform_[index] ? uniformly(type, 3) : expression(type, 4)}});
    }

    NodePtr block(int depth) {
        Node node{.form = Form::Block};
        for (uint32_t i = 1 + below(3); i > 0; --i)
            node.children.push_back(statement(depth));
        return make(std::move(node));
    }

    template <typename Body> NodePtr inFlow(bool uniform, const Body& body) {
        const bool flow = uniformFlow_;
        uniformFlow_ = flow && uniform;
        NodePtr node = body();
        uniformFlow_ = flow;
        return node;
    }

    NodePtr branch(int depth) {
        const bool uniform = uniformFlow_ && chance(2);
        NodePtr condition = uniform ? uniformly(kBool, 2) : expression(kBool, 3);
        NodePtr then = inFlow(uniform, [&] { return block(depth - 1); });
        NodePtr other = inFlow(uniform, [&] { return block(depth - 1); });
        return make({.form = Form::If, .children = {condition, then, other}});
    }

    NodePtr loop(int depth) {
        const bool uniform = uniformFlow_ && chance(2);
        NodePtr trips = uniform ? uniformly(kU32, 2) : expression(kU32, 2);
        const auto counter = static_cast<uint32_t>(function_->variables.size());
        function_->variables.push_back(kU32);
        uniform_.push_back(uniform);
        counting_.push_back(true);
        loops_.push_back(uniform);
        NodePtr body = inFlow(uniform, [&] { return block(depth - 1); });
        loops_.pop_back();
        uniform_[counter] = false; // what it holds after the loop is not used as uniform
        return make({.form = Form::Loop, .index = counter, .value = 1 + below(7), .children = {trips, body}});
    }

    NodePtr switchStatement(int depth) {
        const bool uniform = uniformFlow_ && chance(2);
        Node node{.form = Form::Switch, .value = random_() & 7};
        node.children.push_back(uniform ? uniformly(kU32, 2) : expression(kU32, 2));
        for (uint32_t i = 2 + below(3); i > 0; --i)
            node.children.push_back(inFlow(uniform, [&] { return block(depth - 2); }));
        return make(std::move(node));
    }

    NodePtr maze() {
        Node node{.form = Form::Maze};
        const uint32_t blocks = 2 + below(4);
        const bool inKernel = inKernel_;
        inKernel_ = false; // no collectives: where invocations meet again is not defined here
        for (uint32_t i = 0; i < blocks; ++i) {
            Node body{.form = Form::Block};
            for (uint32_t n = 1 + below(2); n > 0; --n)
                body.children.push_back(inFlow(false, [&] { return assign(); }));
            node.children.push_back(make(std::move(body)));
            node.children.push_back(inFlow(false, [&] { return expression(kBool, 2); }));
            node.targets.push_back(static_cast<int>(below(blocks + 1)) - 1);
            node.targets.push_back(static_cast<int>(below(blocks + 1)) - 1);
        }
        inKernel_ = inKernel;
        return make(std::move(node));
    }

    void begin(Function& function, bool kernel) {
        function_ = &function;
        inKernel_ = kernel;
        uniformFlow_ = kernel;
        kernelScope_ = kernel;
        wantUniform_ = false;
        loops_.clear();
        uniform_.assign(function.variables.size(), false);
        counting_.assign(function.variables.size(), false);
    }

    Function makeHelper() {
        Function function;
        function.result = kU32;
        for (uint32_t i = 1 + below(3); i > 0; --i)
            function.parameters.push_back(anyType());
        function.variables = function.parameters;
        for (uint32_t i = 1 + below(3); i > 0; --i)
            function.variables.push_back(anyType());
        begin(function, false);
        NodePtr body = block(2);
        Node last = *body;
        last.children.push_back(make({.form = Form::Return, .children = {constantTrue(), expression(kU32, 3)}}));
        function.body = make(std::move(last));
        return function;
    }

    NodePtr constantTrue() { return make({.form = Form::Constant, .type = kBool, .value = 1}); }

    Function makeKernel() {
        Function function;
        function.variables = {kU32, kU32, kU32};
        for (uint32_t i = 2 + below(4); i > 0; --i)
            function.variables.push_back(anyType());
        begin(function, true);
        uniform_[0] = true; // one variable that stays uniform
        Node body{.form = Form::Block};
        for (uint32_t i = 2 + below(4); i > 0; --i)
            body.children.push_back(statement(3));
        for (uint32_t i = 0; i < function.variables.size() && i < kOutputs; ++i) {
            if (function.variables[i] == kU32)
                body.children.push_back(make({.form = Form::Output,
                                              .index = i,
                                              .children = {make({.form = Form::Variable, .type = kU32, .index = i})}}));
        }
        function.body = make(std::move(body));
        return function;
    }

    std::mt19937_64 random_;
    Features features_;
    Program program_;
    Function* function_ = nullptr;
    std::vector<bool> uniform_, counting_; // by variable
    bool inKernel_ = false;                // collectives, outputs and calls are possible
    bool uniformFlow_ = false;
    bool wantUniform_ = false;
    bool kernelScope_ = false; // the function is the kernel
    std::vector<bool> loops_;  // those around: whether all invocations run each iteration together
};

} // namespace

Program generate(uint64_t seed, const Features& features) {
    return Generator(seed, features).run();
}

} // namespace halyard::spirvtest::random
