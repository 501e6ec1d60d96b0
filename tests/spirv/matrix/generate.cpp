#include "matrix/generate.h"

#include <array>
#include <quadmath.h>

namespace halyard::spirvtest {

namespace {

std::vector<uint64_t> intSpecials(Scalar scalar) {
    const uint64_t mask = maskOf(scalar), top = (mask >> 1) + 1;
    std::vector<uint64_t> values = {0, 1, 2, 3, 7, mask, mask - 1, top, top - 1, top + 1, 0x55 & mask};
    for (uint32_t bit = 4; bit < bitsOf(scalar); bit += 9) {
        values.push_back(uint64_t(1) << bit);
        values.push_back((uint64_t(1) << bit) - 1);
    }
    values.push_back(0x5555555555555555 & mask);
    values.push_back(0xaaaaaaaaaaaaaaaa & mask);
    return values;
}

std::vector<uint64_t> floatSpecials(Scalar scalar) {
    const Format format = formatOf(scalar);
    const uint64_t normal = uint64_t(1) << (format.precision - 1);
    std::vector<uint64_t> values = {0, 1, normal - 1, normal, normal + 1, largest(scalar), infinity(scalar, false)};
    for (double value : {1.0,   0.5,   1.5,   2.5,     3.5,     2.0, 3.0,  10.0,       127.0, 127.5,     128.0,
                         255.0, 255.5, 256.0, 32767.0, 65504.0, 0.1, 0.25, 0.49999997, 1e-3,  0.7853981, 3.1415926}) {
        values.push_back(fromQuad(scalar, value));
    }
    for (int power : {format.precision - 2, format.precision - 1, format.precision, format.maxExponent,
                      format.minExponent + format.precision, 31, 63}) {
        const uint64_t value = fromQuad(scalar, ldexpq(1, power));
        values.push_back(value);
        values.push_back(value - 1);
    }
    values.push_back(fromQuad(scalar, 1) + 1);
    values.push_back(fromQuad(scalar, 1) - 1);
    const size_t positive = values.size();
    for (size_t i = 0; i < positive; ++i) {
        values.push_back(values[i] | uint64_t(1) << (bitsOf(scalar) - 1));
    }
    values.push_back(quietNan(scalar));
    return values;
}

uint64_t quieted(Scalar scalar, uint64_t bits) {
    return isNan(scalar, bits) ? quietNan(scalar) : bits;
}

} // namespace

const std::vector<uint64_t>& specials(Scalar scalar) {
    static const auto tables = [] {
        std::array<std::vector<uint64_t>, 8> all;
        for (size_t i = 0; i < all.size(); ++i) {
            const auto each = static_cast<Scalar>(i);
            all[i] = each == Scalar::Bool ? std::vector<uint64_t>{0, 1}
                     : isInt(each)        ? intSpecials(each)
                                          : floatSpecials(each);
        }
        return all;
    }();
    return tables[static_cast<size_t>(scalar)];
}

uint64_t anyValue(Random& random, Scalar scalar) {
    const uint64_t word = random();
    const uint64_t choice = random() % 4;
    if (choice < 2 || scalar == Scalar::Bool) {
        return specials(scalar)[word % specials(scalar).size()];
    }
    if (isInt(scalar)) {
        return word & maskOf(scalar);
    }
    return choice == 2 ? quieted(scalar, word & maskOf(scalar)) : moderateValue(random, scalar);
}

uint64_t finiteValue(Random& random, Scalar scalar) {
    uint64_t value = anyValue(random, scalar);
    while (isFloat(scalar) && (isNan(scalar, value) || isInf(scalar, value))) {
        value = anyValue(random, scalar);
    }
    return value;
}

uint64_t moderateValue(Random& random, Scalar scalar) {
    const uint64_t word = random();
    if (!isFloat(scalar)) {
        return word & maskOf(scalar);
    }
    const Quad fraction = ldexpq(static_cast<Quad>(static_cast<int64_t>(word)), -63);
    return fromQuad(scalar, ldexpq(fraction, static_cast<int>(random() % 8) - 4));
}

Generator below(uint64_t limit) {
    return [limit](Random& random, Scalar scalar) { return (random() % limit) & maskOf(scalar); };
}

std::vector<Row> rowsOf(const Case& item, size_t count) {
    Random random(std::hash<std::string>()(item.name));
    std::vector<Row> rows(count);
    for (size_t n = 0; n < count; ++n) {
        Row& row = rows[n];
        for (size_t i = 0; i < item.operands.size(); ++i) {
            const Type& type = item.operands[i];
            const bool given = i < item.generators.size() && item.generators[i];
            const auto& walk = specials(type.scalar);
            Value value(type.components());
            for (size_t c = 0; c < value.size(); ++c) {
                if (given) {
                    value[c] = item.generators[i](random, type.scalar);
                } else if (item.operands.size() == 1 && n < walk.size()) {
                    value[c] = walk[(n + c) % walk.size()];
                } else {
                    value[c] = anyValue(random, type.scalar);
                }
            }
            row.push_back(std::move(value));
        }
        if (item.adjust) {
            item.adjust(row);
        }
    }
    return rows;
}

} // namespace halyard::spirvtest
