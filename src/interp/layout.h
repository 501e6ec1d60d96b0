// Where the cells of a value lie in memory. Computed from the module alone: explicit decorations are obeyed wherever a
// type carries them; everything else is laid out as OpenCL C does in the Kernel flavour (a 3-component vector takes 4)
// and with scalar alignment in the GLCompute flavour, where no such layout can be observed.
#pragma once

#include "interp/type.h"

#include <deque>
#include <map>
#include <memory>

namespace halyard::interp {

// One scalar of a value.
struct PlanItem {
    uint64_t offset = 0; // bytes from the value's address
    uint8_t bytes = 0;   // 1, 2, 4 or 8
    bool boolean = false;
};

// Every cell of a value, in order.
struct Plan {
    std::vector<PlanItem> items;
    uint64_t end = 0;       // one past the last byte that is part of the value
    uint32_t alignment = 1; // of its widest scalar
    bool regular = true;    // every item is aligned when the address is aligned as above
};

struct Layout {
    const Type* type = nullptr;
    uint64_t size = 0;  // bytes, up to where a runtime array begins
    uint32_t align = 1; // bytes, a power of two
    bool endsOpen = false;
    uint64_t stride = 0;             // of components, columns or elements
    const Layout* element = nullptr; // Vector: the scalar; Matrix: a column; arrays
    std::vector<uint64_t> offsets;   // Struct
    std::vector<const Layout*> members;
    mutable std::unique_ptr<Plan> plan; // made by LayoutTable::plan
};

// Throws Refusal for types beyond 2^48 bytes and for those that have no place in memory.
class LayoutTable {
public:
    LayoutTable(const spv::Module& module, bool openCl) : module_(module), openCl_(openCl) {}

    // References stay valid as long as the table.
    const Layout& of(const Type& type) { return find(type, {}); }
    // REQUIRES: the layout's type has cells.
    const Plan& plan(const Layout& layout);

private:
    struct MatrixRule {
        uint64_t stride = 0; // 0: none given
        bool rowMajor = false;
        auto operator<=>(const MatrixRule&) const = default;
    };
    const Layout& find(const Type& type, MatrixRule rule);
    void compute(Layout& layout, const Type& type, MatrixRule rule);
    void matrix(Layout& layout, const Type& type, MatrixRule rule);
    void structure(Layout& layout, const Type& type);
    void flatten(const Layout& layout, uint64_t offset, Plan& plan);
    [[noreturn]] void fail(const Type& type, const char* what);

    const spv::Module& module_;
    bool openCl_;
    std::deque<Layout> layouts_;
    std::map<std::pair<const Type*, MatrixRule>, const Layout*> known_;
    std::map<std::pair<const Layout*, uint64_t>, const Layout*> columns_; // strided columns of row-major matrices
};

} // namespace halyard::interp
