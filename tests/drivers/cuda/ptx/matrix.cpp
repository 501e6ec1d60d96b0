// Matrices between memory and the registers of a warp.
#include "grid.h"
#include "handlers.h"

namespace halyard::softcuda::ptx::handlers {
namespace {

// Op::elements registers of Op::bytes each hold fragments; Op::target is the width of an element in bits; sources are
// the address and the stride, then for a store the registers. Op::extendTo is 1 when rows are contiguous.
template <bool Write> Step transfer(Warp& warp, const Op& op, uint32_t group) {
    const Instruction& instruction = warp.current.frame->code->function->body[op.instruction];
    const uint32_t bytes = op.target / 8, perRegister = op.bytes / bytes;
    const uint64_t keep = op.target >= 64 ? ~uint64_t(0) : (uint64_t(1) << op.target) - 1;
    uint64_t address[kWarp], stride[kWarp];
    std::memcpy(address, warp.source(op, 0), sizeof address);
    std::memcpy(stride, warp.source(op, 1), sizeof stride);
    warp.grid().cache.validate();
    for (; group != 0; group &= group - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(group));
        uint32_t count = 0, bits = 0;
        const FragmentElement* fragment = wmmaFragment(instruction.modifiers, lane, &count, &bits);
        for (uint32_t i = 0; i < count; ++i) {
            const uint64_t major = op.extendTo ? fragment[i].row : fragment[i].column;
            const uint64_t minor = op.extendTo ? fragment[i].column : fragment[i].row;
            const uint64_t at =
                address[lane] + static_cast<uint64_t>(op.address) + (major * stride[lane] + minor) * bytes;
            std::byte* memory = resolve(warp, op, op.space, at, bytes, Write, lane);
            if (!memory)
                return Step::Fault;
            const uint32_t shift = i % perRegister * op.target;
            if constexpr (Write) {
                const uint64_t value = warp.source(op, 2 + i / perRegister)[lane] >> shift;
                std::memcpy(memory, &value, bytes);
            } else {
                uint64_t value = 0;
                std::memcpy(&value, memory, bytes);
                uint64_t& to = warp.destination(op, i / perRegister)[lane];
                to = (shift == 0 ? 0 : to & ~(keep << shift)) | value << shift;
            }
        }
    }
    return Step::Next;
}

} // namespace

Step performMatrixLoad(Warp& warp, const Op& op, uint32_t group) {
    return transfer<false>(warp, op, group);
}
Step performMatrixStore(Warp& warp, const Op& op, uint32_t group) {
    return transfer<true>(warp, op, group);
}

// ldmatrix of m8n8.b16: lane 8*i+r has the address of row r of matrix i. Op::target is 1 for .trans.
Step performLoadRows(Warp& warp, const Op& op, uint32_t group) {
    uint64_t address[kWarp];
    std::memcpy(address, warp.source(op, 0), sizeof address);
    if (group != ~0u)
        return warp.fault(op, FaultKind::IllegalInstruction, static_cast<uint32_t>(std::countr_zero(group)),
                          "not all lanes of the warp are there");
    for (uint32_t matrix = 0; matrix < op.destinations; ++matrix) {
        uint16_t elements[8][8];
        for (uint32_t row = 0; row < 8; ++row) {
            const uint32_t lane = matrix * 8 + row;
            const std::byte* memory =
                resolve(warp, op, op.space, address[lane] + static_cast<uint64_t>(op.address), 16, false, lane);
            if (!memory)
                return Step::Fault;
            std::memcpy(elements[row], memory, 16);
        }
        uint64_t* to = warp.destination(op, matrix);
        for (uint32_t lane = 0; lane < kWarp; ++lane) {
            const uint32_t row = lane / 4, column = lane % 4 * 2;
            const uint32_t low = op.target ? elements[column][row] : elements[row][column];
            const uint32_t high = op.target ? elements[column + 1][row] : elements[row][column + 1];
            to[lane] = low | high << 16;
        }
    }
    return Step::Next;
}

} // namespace halyard::softcuda::ptx::handlers
