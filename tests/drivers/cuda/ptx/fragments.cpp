// wmmaFragment(): the layouts of matrix_layout.h as tables, for loads and stores.
#include "matrix_layout.h"

#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

namespace halyard::softcuda::ptx {

Shape wmmaShape(std::string_view name) {
    if (name == "m16n16k16")
        return {16, 16, 16};
    if (name == "m32n8k16")
        return {32, 8, 16};
    if (name == "m8n32k16")
        return {8, 32, 16};
    if (name == "m16n16k8")
        return {16, 16, 8};
    if (name == "m8n8k4")
        return {8, 8, 4};
    return {};
}

namespace {

std::optional<Element> elementNamed(const std::string& name) {
    const std::pair<const char*, Element> all[] = {
        {"f16", Element::F16}, {"bf16", Element::BF16}, {"tf32", Element::TF32}, {"f32", Element::F32},
        {"f64", Element::F64}, {"s8", Element::S8},     {"u8", Element::U8},     {"s32", Element::S32}};
    for (const auto& [text, element] : all)
        if (name == text)
            return element;
    return std::nullopt;
}

// Whether PTX has such a matrix.
bool exists(const MatrixPart& part) {
    const uint32_t k = part.shape.k;
    const bool accumulator = part.use == Use::Accumulator;
    switch (part.element) {
    case Element::F16:
        return k == 16;
    case Element::BF16:
    case Element::S8:
    case Element::U8:
        return !accumulator && k == 16;
    case Element::S32:
        return accumulator && k == 16;
    case Element::F32:
        return accumulator && k != 4;
    case Element::TF32:
        return !accumulator && k == 8;
    case Element::F64:
        return k == 4;
    default:
        return false;
    }
}

// {"load", "a", "sync", "aligned", "row", "m16n16k16", "global", "f16"}, the space left out for generic addresses.
std::optional<MatrixPart> parse(std::span<const std::string> modifiers) {
    if (modifiers.size() < 7 || modifiers.size() > 8 || modifiers[2] != "sync" || modifiers[3] != "aligned" ||
        (modifiers[4] != "row" && modifiers[4] != "col"))
        return std::nullopt;
    if (modifiers.size() == 8 && modifiers[6] != "global" && modifiers[6] != "shared" && modifiers[6] != "shared::cta")
        return std::nullopt;
    MatrixPart part;
    const std::string& which = modifiers[1];
    if (modifiers[0] == "load" && (which == "a" || which == "b" || which == "c"))
        part.use = which == "a" ? Use::A : which == "b" ? Use::B : Use::Accumulator;
    else if (modifiers[0] == "store" && which == "d")
        part.use = Use::Accumulator;
    else
        return std::nullopt;
    part.shape = wmmaShape(modifiers[5]);
    const std::optional<Element> element = elementNamed(modifiers.back());
    if (part.shape.m == 0 || !element)
        return std::nullopt;
    part.element = *element;
    return exists(part) ? std::optional(part) : std::nullopt;
}

// {"sync", "aligned", "m8n8", "x4", "trans", "shared", "b16"}: the number of matrices and whether they are transposed.
std::optional<std::pair<uint32_t, bool>> parseRows(std::span<const std::string> modifiers) {
    if (modifiers.size() < 6 || modifiers.size() > 7 || modifiers[0] != "sync" || modifiers[1] != "aligned" ||
        modifiers[2] != "m8n8" || modifiers.back() != "b16")
        return std::nullopt;
    const bool transposed = modifiers.size() == 7;
    const std::string& space = modifiers[modifiers.size() - 2];
    if ((transposed && modifiers[4] != "trans") || (space != "shared" && space != "shared::cta"))
        return std::nullopt;
    if (modifiers[3] == "x1")
        return std::pair{1U, transposed};
    if (modifiers[3] == "x2")
        return std::pair{2U, transposed};
    if (modifiers[3] == "x4")
        return std::pair{4U, transposed};
    return std::nullopt;
}

// All lanes' elements, one lane after the other; made once for each matrix and kept.
const std::vector<FragmentElement>& tableFor(const MatrixPart& part) {
    static std::mutex mutex;
    static std::map<std::tuple<Use, uint32_t, uint32_t, uint32_t, Element>, std::vector<FragmentElement>> tables;
    const std::lock_guard lock(mutex);
    std::vector<FragmentElement>& table = tables[{part.use, part.shape.m, part.shape.n, part.shape.k, part.element}];
    if (table.empty())
        for (uint32_t lane = 0; lane < kWarp; ++lane)
            for (uint32_t i = 0; i < wmmaElements(part); ++i)
                table.push_back(elementOf(part, lane, i % part.count()));
    return table;
}

// ldmatrix: row 8 * i + r is row r of matrix i, the one whose address lane 8 * i + r has.
const std::vector<FragmentElement>& rowsTable(bool transposed) {
    static const auto make = [](bool swap) {
        std::vector<FragmentElement> table;
        for (uint32_t lane = 0; lane < kWarp; ++lane)
            for (uint32_t i = 0; i < 8; ++i) {
                const uint32_t across = lane / 4, along = lane % 4 * 2 + i % 2, matrix = i / 2 * 8;
                table.push_back({static_cast<uint16_t>(matrix + (swap ? along : across)),
                                 static_cast<uint16_t>(swap ? across : along)});
            }
        return table;
    };
    static const std::vector<FragmentElement> plain = make(false), swapped = make(true);
    return transposed ? swapped : plain;
}

} // namespace

const FragmentElement* wmmaFragment(std::span<const std::string> modifiers, uint32_t lane, uint32_t* count,
                                    uint32_t* elementBits) {
    if (lane >= kWarp)
        return nullptr;
    if (const auto rows = parseRows(modifiers)) {
        *count = rows->first * 2;
        *elementBits = 16;
        return rowsTable(rows->second).data() + lane * 8;
    }
    const std::optional<MatrixPart> part = parse(modifiers);
    if (!part)
        return nullptr;
    *count = wmmaElements(*part);
    *elementBits = bitsOf(part->element);
    return tableFor(*part).data() + lane * wmmaElements(*part);
}

} // namespace halyard::softcuda::ptx
