#include "types.h"

#include <algorithm>
#include <utility>

namespace halyard::softcuda::ptx {

std::optional<Type> parseType(std::string_view word) {
    static constexpr std::pair<std::string_view, Type> kTypes[] = {
        {"b8", {Kind::Bits, 8}},          {"b16", {Kind::Bits, 16}},
        {"b32", {Kind::Bits, 32}},        {"b64", {Kind::Bits, 64}},
        {"u8", {Kind::Unsigned, 8}},      {"u16", {Kind::Unsigned, 16}},
        {"u32", {Kind::Unsigned, 32}},    {"u64", {Kind::Unsigned, 64}},
        {"s8", {Kind::Signed, 8}},        {"s16", {Kind::Signed, 16}},
        {"s32", {Kind::Signed, 32}},      {"s64", {Kind::Signed, 64}},
        {"f16", {Kind::Float, 16}},       {"f16x2", {Kind::Float, 32, 2}},
        {"f32", {Kind::Float, 32}},       {"f64", {Kind::Float, 64}},
        {"bf16", {Kind::BFloat, 16}},     {"bf16x2", {Kind::BFloat, 32, 2}},
        {"pred", {Kind::Predicate, 1}},   {"tf32", {Kind::TF32, 32}},
        {"f32x2", {Kind::Float, 64, 2}},  {"u16x2", {Kind::Unsigned, 32, 2}},
        {"s16x2", {Kind::Signed, 32, 2}},
    };
    for (const auto& [name, type] : kTypes)
        if (name == word)
            return type;
    return std::nullopt;
}

std::optional<Space> parseSpace(std::string_view word) {
    if (word == "global")
        return Space::Global;
    if (word == "shared" || word == "shared::cta" || word == "shared::cluster")
        return Space::Shared;
    if (word == "local")
        return Space::Local;
    if (word == "const")
        return Space::Const;
    if (word == "param" || word == "param::entry" || word == "param::func")
        return Space::Param;
    return std::nullopt;
}

bool isSpecialRegister(std::string_view name) {
    static constexpr std::string_view kNames[] = {"%tid",
                                                  "%ntid",
                                                  "%ctaid",
                                                  "%nctaid",
                                                  "%laneid",
                                                  "%warpid",
                                                  "%nwarpid",
                                                  "%smid",
                                                  "%nsmid",
                                                  "%gridid",
                                                  "%lanemask_eq",
                                                  "%lanemask_lt",
                                                  "%lanemask_le",
                                                  "%lanemask_gt",
                                                  "%lanemask_ge",
                                                  "%clock",
                                                  "%clock_hi",
                                                  "%clock64",
                                                  "%globaltimer",
                                                  "%globaltimer_lo",
                                                  "%globaltimer_hi",
                                                  "%total_smem_size",
                                                  "%aggr_smem_size",
                                                  "%dynamic_smem_size",
                                                  "%reserved_smem_offset_begin",
                                                  "%reserved_smem_offset_end",
                                                  "%reserved_smem_offset_cap",
                                                  "%clusterid",
                                                  "%nclusterid",
                                                  "%cluster_ctaid",
                                                  "%cluster_nctaid",
                                                  "%cluster_ctarank",
                                                  "%cluster_nctarank",
                                                  "%is_explicit_cluster",
                                                  "%current_graph_exec"};
    if (name.starts_with("%envreg"))
        return name.size() > 7 && name.size() < 10 &&
               std::all_of(name.begin() + 7, name.end(), [](char c) { return c >= '0' && c <= '9'; });
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

} // namespace halyard::softcuda::ptx
