// selp, slct and mov of one register.
#include "alu_table.h"
#include "float_ops.h"
#include "integer_types.h"

#include <string>

namespace halyard::softcuda::ptx {

namespace {

template <class T> T move(T a) {
    return a;
}
template <class T> T select(T a, T b, bool c) {
    return c ? a : b;
}
template <class T> T selectBySign(T a, T b, int32_t c) {
    return c >= 0 ? a : b;
}
// -0 is not negative; a NaN selects b.
template <class T, bool Ftz> T selectByFloat(T a, T b, float c) {
    return flush<Ftz>(c) >= 0.0F ? a : b;
}

template <class T> void addSelection(AluTable& table, const std::string& type) {
    table.add("mov." + type, perLane<move<T>>());
    table.add("selp." + type, perLane<select<T>>());
    table.add("slct." + type + ".s32", perLane<selectBySign<T>>());
    table.add("slct." + type + ".f32", perLane<selectByFloat<T, false>>());
    table.add("slct.ftz." + type + ".f32", perLane<selectByFloat<T, true>>());
}

} // namespace

void addSelections(AluTable& table) {
    for (const char* const kind : {"b", "u", "s"}) {
        addSelection<uint16_t>(table, kind + std::string("16"));
        addSelection<uint32_t>(table, kind + std::string("32"));
        addSelection<uint64_t>(table, kind + std::string("64"));
    }
    addSelection<uint32_t>(table, "f32");
    addSelection<uint64_t>(table, "f64");
    table.add("mov.pred", perLane<move<bool>>());
}

} // namespace halyard::softcuda::ptx
