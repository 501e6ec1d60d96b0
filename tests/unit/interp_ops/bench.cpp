#include "bench.h"

#include <algorithm>
#include <cmath>
#include <spirv-tools/libspirv.h>
#include <unordered_map>

namespace halyard::interp::test {

bool Memory::read(uint64_t address, uint32_t count, Cell& out) {
    ++accesses;
    out = {};
    for (uint32_t i = 0; i < count && !refuse; ++i) {
        const auto byte = bytes.find(address + i);
        out.undefined |= byte == bytes.end() || byte->second.undefined;
        if (byte != bytes.end())
            out.bits |= byte->second.bits << 8 * i;
    }
    return !refuse;
}

bool Memory::write(uint64_t address, uint32_t count, Cell value) {
    ++accesses;
    for (uint32_t i = 0; i < count && !refuse; ++i)
        bytes[address + i] = {value.bits >> 8 * i & 0xff, value.undefined};
    return !refuse;
}

namespace {

// Every type of the tests, by the name that the text gives it.
constexpr const char* kPrelude = R"(
OpCapability Kernel
OpCapability Addresses
OpCapability Linkage
OpCapability Int8
OpCapability Int16
OpCapability Int64
OpCapability Float16
OpCapability Float64
OpCapability Vector16
OpCapability Matrix
%cl = OpExtInstImport "OpenCL.std"
%glsl = OpExtInstImport "GLSL.std.450"
OpMemoryModel Physical64 OpenCL
)";
constexpr const char* kTypes = R"(
%void = OpTypeVoid
%bool = OpTypeBool
%u8 = OpTypeInt 8 0
%u16 = OpTypeInt 16 0
%u32 = OpTypeInt 32 0
%u64 = OpTypeInt 64 0
%f16 = OpTypeFloat 16
%f32 = OpTypeFloat 32
%f64 = OpTypeFloat 64
%bool2 = OpTypeVector %bool 2
%bool4 = OpTypeVector %bool 4
%u8x4 = OpTypeVector %u8 4
%u8x8 = OpTypeVector %u8 8
%u16x2 = OpTypeVector %u16 2
%u16x4 = OpTypeVector %u16 4
%u32x2 = OpTypeVector %u32 2
%u32x3 = OpTypeVector %u32 3
%u32x4 = OpTypeVector %u32 4
%u64x2 = OpTypeVector %u64 2
%f16x2 = OpTypeVector %f16 2
%f16x3 = OpTypeVector %f16 3
%f32x2 = OpTypeVector %f32 2
%f32x3 = OpTypeVector %f32 3
%f32x4 = OpTypeVector %f32 4
%f64x2 = OpTypeVector %f64 2
%m2 = OpTypeMatrix %f32x2 2
%m23 = OpTypeMatrix %f32x2 3
%m32 = OpTypeMatrix %f32x3 2
%m3 = OpTypeMatrix %f32x3 3
%m4 = OpTypeMatrix %f32x4 4
%n3 = OpConstant %u32 3
%array = OpTypeArray %f32 %n3
%pair32 = OpTypeStruct %u32 %u32
%pair64 = OpTypeStruct %u64 %u64
%pair8x4 = OpTypeStruct %u8x4 %u8x4
%struct = OpTypeStruct %u32 %f32x2 %array
%modf = OpTypeStruct %f32 %f32
%frexp = OpTypeStruct %f32x2 %u32x2
%ptr32 = OpTypePointer CrossWorkgroup %f32
%ptr2 = OpTypePointer CrossWorkgroup %f32x2
%ptri = OpTypePointer CrossWorkgroup %u32
%ptr16 = OpTypePointer CrossWorkgroup %u16
%ptr64 = OpTypePointer CrossWorkgroup %f64
%generic = OpTypePointer Generic %f32
%function = OpTypeFunction %void
)";

std::vector<uint32_t> assemble(const std::string& text) {
    spv_context context = spvContextCreate(SPV_ENV_UNIVERSAL_1_6);
    spv_binary binary = nullptr;
    spv_diagnostic diagnostic = nullptr;
    std::vector<uint32_t> words;
    if (spvTextToBinary(context, text.data(), text.size(), &binary, &diagnostic) == SPV_SUCCESS)
        words.assign(binary->code, binary->code + binary->wordCount);
    else
        ADD_FAILURE() << diagnostic->error << " in\n" << text;
    spvDiagnosticDestroy(diagnostic);
    spvBinaryDestroy(binary);
    spvContextDestroy(context);
    return words;
}

} // namespace

class Types final : public TypeSource {
public:
    Types(spv::Module module, FloatControls controls) : module_(std::move(module)), controls_(controls) {}

    const Type& type(Id id) override {
        const auto known = types_.find(id);
        if (known != types_.end())
            return *known->second;
        auto made = std::make_unique<Type>(make(id));
        return *types_.emplace(id, std::move(made)).first->second;
    }
    const Type& typeOf(Id value) override { return type(module_.definition(value)->resultType); }
    bool constantInteger(Id, uint64_t&) override { return false; }
    const spv::Module& module() const override { return module_; }
    const FloatControls& floatControls() const override { return controls_; }

private:
    Type make(Id id) {
        const spv::Instruction& in = *module_.definition(id);
        Type t;
        t.id = id;
        switch (in.op()) {
        case ::spv::Op::OpTypeBool:
            t.kind = Kind::Bool;
            t.cells = 1;
            break;
        case ::spv::Op::OpTypeInt:
        case ::spv::Op::OpTypeFloat:
            t.kind = in.op() == ::spv::Op::OpTypeInt ? Kind::Int : Kind::Float;
            t.bits = static_cast<uint8_t>(in.operand(0));
            t.cells = 1;
            break;
        case ::spv::Op::OpTypeVector:
        case ::spv::Op::OpTypeMatrix:
            t.kind = in.op() == ::spv::Op::OpTypeVector ? Kind::Vector : Kind::Matrix;
            t.element = &type(in.operand(0));
            t.count = in.operand(1);
            t.cells = t.element->cells * in.operand(1);
            break;
        case ::spv::Op::OpTypeArray:
            t.kind = Kind::Array;
            t.element = &type(in.operand(0));
            t.count = module_.definition(in.operand(1))->operand(0);
            t.cells = t.element->cells * static_cast<uint32_t>(t.count);
            break;
        case ::spv::Op::OpTypeStruct:
            t.kind = Kind::Struct;
            for (uint32_t i = 0; i < in.operandCount(); ++i) {
                t.members.push_back(&type(in.operand(i)));
                t.cells += t.members.back()->cells;
            }
            break;
        case ::spv::Op::OpTypePointer:
            t.kind = Kind::Pointer;
            t.storage = static_cast<::spv::StorageClass>(in.operand(0));
            t.element = &type(in.operand(1));
            t.cells = 1;
            break;
        default:
            break;
        }
        return t;
    }

    spv::Module module_;
    FloatControls controls_;
    std::unordered_map<Id, std::unique_ptr<Type>> types_;
};

Bench::Bench(const std::string& instruction, const std::string& result, const std::vector<std::string>& operands,
             const std::string& tail, const std::string& decoration, FloatControls controls) {
    std::string text = kPrelude;
    if (!decoration.empty())
        text += "OpDecorate %result " + decoration + "\n";
    text += kTypes;
    text += "%main = OpFunction %void None %function\n%entry = OpLabel\n";
    std::string names;
    for (size_t i = 0; i < operands.size(); ++i) {
        text += "%v" + std::to_string(i) + " = OpUndef %" + operands[i] + "\n";
        names += " %v" + std::to_string(i);
    }
    const size_t space = instruction.find(' ');
    const bool extended = space != std::string::npos;
    text +=
        "%result = " +
        (extended ? "OpExtInst %" + result + " %" + instruction.substr(0, space) + " " + instruction.substr(space + 1)
                  : instruction + " %" + result) +
        names + " " + tail + "\nOpReturn\nOpFunctionEnd\n";
    auto module = spv::Module::parse(assemble(text));
    if (!module) {
        ADD_FAILURE() << module.error().message;
        bound_ = std::make_unique<spv::Result<Bound>>(Bound{});
        return;
    }
    types_ = std::make_unique<Types>(std::move(*module), controls);
    const auto& all = types_->module().instructions();
    // Before OpReturn and OpFunctionEnd.
    bound_ = std::make_unique<spv::Result<Bound>>(bindOperation(*types_, all[all.size() - 3]));
}

Bench::~Bench() = default;

std::vector<Cell> Bench::run(const std::vector<std::vector<Cell>>& operands) {
    if (!*bound_ || !(*bound_)->handled) {
        ADD_FAILURE() << (*bound_ ? "not handled" : bound_->error().message);
        return std::vector<Cell>(64);
    }
    const Operation& op = (*bound_)->operation;
    std::vector<const Cell*> pointers;
    for (size_t i = 0; i < operands.size(); ++i) {
        EXPECT_EQ(operands[i].size(), op.types[i]->cells) << "operand " << i;
        pointers.push_back(operands[i].data());
    }
    std::vector<Cell> out(op.resultType->cells + 1, Cell{0xabcdef, false}); // one more, to see overruns
    op.evaluate(op, pointers, out.data(), memory);
    EXPECT_EQ(out.back().bits, 0xabcdefU);
    out.pop_back();
    return out;
}

std::vector<uint64_t> Bench::bits(const std::vector<std::vector<uint64_t>>& operands) {
    std::vector<std::vector<Cell>> cells;
    for (const auto& operand : operands) {
        cells.emplace_back();
        for (const uint64_t value : operand)
            cells.back().push_back({value, false});
    }
    std::vector<uint64_t> result;
    for (const Cell& cell : run(cells)) {
        EXPECT_FALSE(cell.undefined);
        result.push_back(cell.bits);
    }
    return result;
}

Cell Bench::scalar(const std::vector<uint64_t>& operands) {
    std::vector<std::vector<Cell>> cells;
    for (const uint64_t value : operands)
        cells.push_back({Cell{value, false}});
    return run(cells)[0];
}

double halfValue(uint64_t bits) {
    const double sign = (bits & 0x8000) != 0 ? -1 : 1;
    const auto exponent = static_cast<int>(bits >> 10 & 31);
    const auto fraction = static_cast<double>(bits & 1023) / 1024;
    if (exponent == 31)
        return fraction != 0 ? NAN : sign * INFINITY;
    return exponent == 0 ? sign * fraction * std::pow(2.0, -14) : sign * (1 + fraction) * std::pow(2.0, exponent - 15);
}

uint64_t nearestHalf(long double value) {
    if (std::isnan(value))
        return kHalfNan;
    const uint64_t sign = std::signbit(value) ? 0x8000 : 0;
    const long double size = std::fabs(value);
    static const std::vector<double> all = [] {
        std::vector<double> values;
        for (uint64_t bits = 0; bits < 0x7c00; ++bits)
            values.push_back(halfValue(bits));
        values.push_back(65536); // stands for infinity, as rounding sees it
        return values;
    }();
    if (size >= 65536)
        return sign | 0x7c00;
    const auto above = static_cast<uint64_t>(std::upper_bound(all.begin(), all.end(), size) - all.begin());
    const uint64_t low = above - 1;
    const long double toLow = size - all[low];
    const long double toHigh = all[above] - size;
    const uint64_t nearest = toLow < toHigh || (toLow == toHigh && low % 2 == 0) ? low : above;
    return sign | nearest;
}

} // namespace halyard::interp::test
