// Cooperative matrices: which element belongs to which lane is in spv/cooperative_matrix.h.
#include "interp/run.h"
#include "spv/cooperative_matrix.h"

#include <algorithm>

namespace halyard::interp {
namespace {

constexpr auto kColumnMajor = static_cast<uint64_t>(spv::MatrixMemory::ColumnMajor);

} // namespace

bool Run::matrixAccess(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    const bool reads = code.op == GroupOp::MatrixLoad;
    const Type& type = *code.type;
    for (const uint32_t member : members) {
        invocation_ = &group_->invocations[member];
        const Cell address = *operand(step, 0, member), stride = *operand(step, 1, member);
        if (settings_.detectUninitialised && (address.undefined || stride.undefined))
            return reportUndefined("the address");
        if (!reads && code.access.readOnly)
            return reportAddress(address.bits, 1, Touch::Write, "memory that the module declares read-only");
        for (uint32_t slot = 0; slot < type.cells; ++slot) {
            const uint64_t element = uint64_t{type.cells} * invocation_->lane + slot;
            if (element >= uint64_t{type.rows} * type.columns) {
                if (reads)
                    result(step, member)[slot] = {0, false};
                continue;
            }
            uint64_t line = element / type.columns, place = element % type.columns;
            if (code.layout == kColumnMajor)
                std::swap(line, place);
            const uint64_t at = address.bits + line * stride.bits * code.pointerStride + place * code.elementBytes;
            if (reads ? !read(at, code.elementBytes, result(step, member)[slot])
                      : !write(at, code.elementBytes, operand(step, 2, member)[slot]))
                return false;
        }
    }
    return true;
}

bool Run::matrixMulAdd(const CollectiveCode& code, const Step& step, const std::vector<uint32_t>& members) {
    // Elements of lanes that take no part are undefined.
    std::vector<Cell> whole[4];
    for (uint32_t m = 0; m < 4; ++m) {
        const Type& type = *code.matrices[m];
        whole[m].assign(size_t{type.rows} * type.columns, Cell{0, true});
        for (const uint32_t member : members) {
            const uint32_t lane = group_->invocations[member].lane;
            for (uint32_t slot = 0; m < 3 && slot < type.cells; ++slot) {
                const size_t element = size_t{type.cells} * lane + slot;
                if (element < whole[m].size())
                    whole[m][element] = operand(step, m, member)[slot];
            }
        }
    }
    multiplyAdd(*code.matrices[0], *code.matrices[1], *code.matrices[2], *code.matrices[3], code.flags, whole[0].data(),
                whole[1].data(), whole[2].data(), whole[3].data());
    for (const uint32_t member : members) {
        const uint32_t lane = group_->invocations[member].lane;
        const uint32_t cells = code.matrices[3]->cells;
        for (uint32_t slot = 0; slot < cells; ++slot) {
            const size_t element = size_t{cells} * lane + slot;
            result(step, member)[slot] = element < whole[3].size() ? whole[3][element] : Cell{0, false};
        }
    }
    return true;
}

} // namespace halyard::interp
