// Chains of additions of more than 64 bits: add.cc, addc, sub.cc, subc, mad.cc and madc. The carry flag holds the carry
// of an addition and the borrow of a subtraction, as the PTX ISA words it.
#include "alu_table.h"
#include "integer_types.h"

namespace halyard::softcuda::ptx {

namespace {

template <class T> using Carried = Two<T, bool>;

template <class T> Carried<T> addCarrying(T a, T b, bool carry) {
    const Unsigned128 sum = Unsigned128{a} + b + carry;
    return {static_cast<T>(sum), (sum >> (sizeof(T) * 8)) != 0};
}
template <class T> Carried<T> subBorrowing(T a, T b, bool borrow) {
    return {static_cast<T>(a - b - borrow), Unsigned128{a} < Unsigned128{b} + borrow};
}

template <class T> Carried<T> addOut(T a, T b) {
    return addCarrying<T>(a, b, false);
}
template <class T> T addIn(T a, T b, bool carry) {
    return addCarrying<T>(a, b, carry).first;
}
template <class T> Carried<T> subOut(T a, T b) {
    return subBorrowing<T>(a, b, false);
}
template <class T> T subIn(T a, T b, bool borrow) {
    return subBorrowing<T>(a, b, borrow).first;
}

// T says how the product is formed; the sum and its carry are those of the bits.
template <class T, T (*Product)(T, T)> Carried<UnsignedFor<T>> madOut(T a, T b, UnsignedFor<T> c) {
    return addCarrying<UnsignedFor<T>>(static_cast<UnsignedFor<T>>(Product(a, b)), c, false);
}
template <class T, T (*Product)(T, T)> Carried<UnsignedFor<T>> madInOut(T a, T b, UnsignedFor<T> c, bool carry) {
    return addCarrying<UnsignedFor<T>>(static_cast<UnsignedFor<T>>(Product(a, b)), c, carry);
}
template <class T, T (*Product)(T, T)> UnsignedFor<T> madIn(T a, T b, UnsignedFor<T> c, bool carry) {
    return madInOut<T, Product>(a, b, c, carry).first;
}

Alu carrying(Alu alu, bool reads, bool writes) {
    alu.readsCarry = reads;
    alu.writesCarry = writes;
    return alu;
}

template <class T, T (*Product)(T, T)> void addMads(AluTable& table, const std::string& part) {
    const std::string type = integerName<T>();
    table.add("mad." + part + ".cc." + type, carrying(perLane<madOut<T, Product>>(), false, true));
    table.add("madc." + part + ".cc." + type, carrying(perLane<madInOut<T, Product>>(), true, true));
    table.add("madc." + part + "." + type, carrying(perLane<madIn<T, Product>>(), true, false));
}

} // namespace

void addCarries(AluTable& table) {
    forTypes<uint32_t, uint64_t, int32_t, int64_t>([&]<class T>() {
        using U = UnsignedFor<T>;
        const std::string type = integerName<T>();
        table.add("add.cc." + type, carrying(perLane<addOut<U>>(), false, true));
        table.add("addc." + type, carrying(perLane<addIn<U>>(), true, false));
        table.add("addc.cc." + type, carrying(perLane<addCarrying<U>>(), true, true));
        table.add("sub.cc." + type, carrying(perLane<subOut<U>>(), false, true));
        table.add("subc." + type, carrying(perLane<subIn<U>>(), true, false));
        table.add("subc.cc." + type, carrying(perLane<subBorrowing<U>>(), true, true));
        addMads<T, mulLow<T>>(table, "lo");
        addMads<T, mulHigh<T>>(table, "hi");
    });
}

} // namespace halyard::softcuda::ptx
