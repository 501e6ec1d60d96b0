// dp4a and dp2a: sums of products of bytes.
#include "alu_table.h"
#include "integer_types.h"

namespace halyard::softcuda::ptx {

namespace {

template <class Part, class Word> int64_t part(Word word, uint32_t index) {
    return static_cast<Part>(static_cast<uint32_t>(word) >> (index * sizeof(Part) * 8));
}

// A and B say whether the parts have signs; the sum wraps.
template <class A, class B> uint32_t dot4(uint32_t a, uint32_t b, uint32_t c) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < 4; ++i)
        sum += part<A>(a, i) * part<B>(b, i);
    return static_cast<uint32_t>(sum) + c;
}
// Both halves of a with the low or the high two bytes of b.
template <class A, class B, uint32_t First> uint32_t dot2(uint32_t a, uint32_t b, uint32_t c) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < 2; ++i)
        sum += part<A>(a, i) * part<B>(b, First + i);
    return static_cast<uint32_t>(sum) + c;
}

template <class Byte> std::string word() {
    return std::is_signed_v<Byte> ? "s32" : "u32";
}

} // namespace

void addIntegerDots(AluTable& table) {
    forTypes<uint8_t, int8_t>([&]<class A>() {
        forTypes<uint8_t, int8_t>([&]<class B>() {
            using Half = std::conditional_t<std::is_signed_v<A>, int16_t, uint16_t>;
            const std::string types = word<A>() + "." + word<B>();
            table.add("dp4a." + types, perLane<dot4<A, B>>());
            table.add("dp2a.lo." + types, perLane<dot2<Half, B, 0>>());
            table.add("dp2a.hi." + types, perLane<dot2<Half, B, 2>>());
        });
    });
}

} // namespace halyard::softcuda::ptx
