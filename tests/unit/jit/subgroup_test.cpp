// Subgroup operations from GLSL and OpenCL C, in branches and loops, against what the invocations of a subgroup do
// together by the rules of structured control flow.
#include "host_harness.h"
#include "jit/jit.h"
#include "spv/spv.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "subgroup_branches_comp.spv.h"
#include "subgroup_cl.spv.h"
#include "subgroup_leave_comp.spv.h"
#include "subgroup_loops_comp.spv.h"
#include "subgroup_memory_comp.spv.h"

namespace halyard::jit::test {
namespace {

using nlohmann::json;

struct Answer {
    json reply;
    std::string blob;
};

Answer compile(const char* kernel, const Dim3& size, uint32_t subgroup, const void* spirv, size_t bytes) {
    const json request{{"op", "compile"},         {"id", 1},         {"kernel", kernel},
                       {"target", "host"},        {"cpu", "native"}, {"workgroupSize", size},
                       {"subgroupSize", subgroup}};
    const std::string text = request.dump();
    const HyJitMessage message{text.data(), text.size(), static_cast<const uint8_t*>(spirv), bytes};
    Answer answer;
    const auto sink = [](void* user, const HyJitMessage* got) {
        auto* out = static_cast<Answer*>(user);
        out->reply = json::parse(got->json, got->json + got->jsonSize);
        out->blob.assign(reinterpret_cast<const char*>(got->blob), got->blobSize);
    };
    hyJitHandle(&message, sink, &answer);
    return answer;
}

// The module with the workgroup size as its specialisation constants 0 and 1.
std::vector<uint32_t> withSize(const uint32_t* words, size_t bytes, const Dim3& size) {
    const spv::Result<spv::Module> module = spv::Module::parse({words, bytes / 4});
    EXPECT_TRUE(module);
    const spv::SpecValue values[] = {{0, 4, size[0]}, {1, 4, size[1]}};
    spv::Result<std::vector<uint32_t>> result = spv::specialise(*module, values);
    EXPECT_TRUE(result) << result.error().message;
    return *result;
}

struct Case {
    Dim3 size;
    uint32_t subgroup;
};

std::string nameOf(const testing::TestParamInfo<Case>& info) {
    const Case& c = info.param;
    return std::to_string(c.size[0]) + "x" + std::to_string(c.size[1]) + "_by_" + std::to_string(c.subgroup);
}

class Subgroups : public testing::TestWithParam<Case> {
protected:
    static constexpr uint32_t kGroups = 3;
    // The lanes of one subgroup that are together somewhere, by their number in the grid, in order.
    using Lanes = std::vector<uint32_t>;

    uint32_t items() const { return GetParam().size[0] * GetParam().size[1]; }
    uint32_t total() const { return items() * kGroups; }
    uint32_t size() const { return GetParam().subgroup; }

    void SetUp() override {
        values_.resize(total());
        for (uint32_t i = 0; i < total(); ++i) {
            values_[i] = (i * 2654435761U >> 9) % 40 + 1;
        }
    }

    uint32_t v(uint32_t item) const { return values_[item]; }
    uint32_t lane(uint32_t item) const { return item % items() % size(); }

    // All lanes of the subgroup of `item` for which `here` holds.
    Lanes lanes(uint32_t item, const std::function<bool(uint32_t)>& here) const {
        const uint32_t group = item / items() * items();
        const uint32_t first = group + (item - group) / size() * size();
        Lanes result;
        for (uint32_t i = first; i < std::min(first + size(), group + items()); ++i) {
            if (here(i)) {
                result.push_back(i);
            }
        }
        return result;
    }
    Lanes all(uint32_t item) const {
        return lanes(item, [](uint32_t) { return true; });
    }
    uint32_t count(uint32_t item, const std::function<bool(uint32_t)>& here) const {
        return static_cast<uint32_t>(lanes(item, here).size());
    }
    uint32_t sum(const Lanes& lanes) const {
        uint32_t result = 0;
        for (const uint32_t i : lanes) {
            result += v(i);
        }
        return result;
    }
    uint32_t least(const Lanes& lanes) const {
        return v(*std::min_element(lanes.begin(), lanes.end(), [&](uint32_t a, uint32_t b) { return v(a) < v(b); }));
    }
    uint32_t most(const Lanes& lanes) const {
        return v(*std::max_element(lanes.begin(), lanes.end(), [&](uint32_t a, uint32_t b) { return v(a) < v(b); }));
    }

    std::vector<uint32_t> runShader(const uint32_t* words, size_t bytes, unsigned results) {
        const std::vector<uint32_t> module = withSize(words, bytes, GetParam().size);
        const Answer answer = compile("main", {}, size(), module.data(), module.size() * 4);
        EXPECT_EQ(answer.reply["status"], 0) << answer.reply;
        return launch(answer, results, {});
    }

    std::vector<uint32_t> launch(const Answer& answer, unsigned results, const std::vector<Arg>& more) {
        std::vector<uint32_t> out(size_t{results} * total(), 0xcdcdcdcd);
        if (answer.reply["status"] != 0) {
            return out;
        }
        const HostKernel kernel(answer.blob);
        EXPECT_EQ(kernel.info().subgroupSize, size());
        std::vector<Arg> args{Arg::buffer(out.data()), Arg::buffer(values_.data())};
        args.insert(args.end(), more.begin(), more.end());
        kernel.run({kGroups, 1, 1}, GetParam().size, args, 2);
        return out;
    }

    using Expectation = std::function<uint32_t(uint32_t item)>;
    void check(const std::vector<uint32_t>& out, const std::vector<Expectation>& expected) const {
        for (unsigned index = 0; index < expected.size(); ++index) {
            for (uint32_t i = 0; i < total(); ++i) {
                ASSERT_EQ(out[size_t{index} * total() + i], expected[index](i))
                    << "result " << index << " of invocation " << i << " (value " << v(i) << ", lane " << lane(i)
                    << ")";
            }
        }
    }

    std::vector<uint32_t> values_;
};

INSTANTIATE_TEST_SUITE_P(Shapes, Subgroups,
                         testing::Values(Case{{64, 1, 1}, 16}, Case{{40, 1, 1}, 16}, Case{{8, 5, 1}, 16},
                                         Case{{12, 1, 1}, 1}, Case{{30, 1, 1}, 4}, Case{{9, 7, 1}, 32},
                                         Case{{100, 1, 1}, 64}, Case{{128, 1, 1}, 64}),
                         nameOf);

TEST_P(Subgroups, Branches) {
    const auto out = runShader(subgroup_branches_comp_spv, subgroup_branches_comp_spv_size, 7);
    check(out, {[&](uint32_t i) {
                    const Lanes arm = lanes(i, [&](uint32_t j) { return v(j) % 3 == v(i) % 3; });
                    return v(i) % 3 == 0 ? sum(arm) : v(i) % 3 == 1 ? most(arm) : 1000 + least(arm);
                },
                [&](uint32_t i) { return static_cast<uint32_t>(all(i).size()); },
                [&](uint32_t i) {
                    if (v(i) % 2 == 0) {
                        return 7U;
                    }
                    const uint32_t odd = count(i, [&](uint32_t j) { return v(j) % 2 == 1; });
                    const uint32_t x = (v(i) & 2) != 0
                                           ? count(i, [&](uint32_t j) { return v(j) % 4 == 3 && v(j) % 3 == 0; })
                                           : count(i, [&](uint32_t j) { return v(j) % 4 == 1; }) * 100;
                    return x + odd * 10000;
                },
                [&](uint32_t i) {
                    const uint32_t through = count(i, [&](uint32_t j) { return v(j) % 4 <= 1; });
                    const Lanes arm = lanes(i, [&](uint32_t j) { return v(j) % 4 == v(i) % 4; });
                    switch (v(i) % 4) {
                    case 0:
                        return sum(arm) + through;
                    case 1:
                        return through;
                    case 2:
                        return least(arm);
                    default:
                        return 5U;
                    }
                },
                [&](uint32_t i) {
                    if (v(i) % 5 == 0) {
                        return 1000 * count(i, [&](uint32_t j) { return v(j) % 5 == 0; });
                    }
                    const uint32_t rest = count(i, [&](uint32_t j) { return v(j) % 5 != 0; });
                    return v(i) % 5 == 1 ? rest : rest + most(lanes(i, [&](uint32_t j) { return v(j) % 5 > 1; }));
                },
                [&](uint32_t i) { return static_cast<uint32_t>(all(i).size()); },
                [&](uint32_t i) {
                    const bool odd = v(i) % 2 == 1;
                    return sum(lanes(i, [&](uint32_t j) { return (v(j) % 2 == 1) == odd && (odd ? j <= i : j < i); }));
                }});
}

TEST_P(Subgroups, Loops) {
    const auto out = runShader(subgroup_loops_comp_spv, subgroup_loops_comp_spv_size, 14);
    const auto everyone = [&](uint32_t i) { return static_cast<uint32_t>(all(i).size()); };
    check(out, {[&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t k = 0; k < v(i) % 5; ++k) {
                        acc += count(i, [&](uint32_t j) { return v(j) % 5 > k; });
                    }
                    return acc;
                },
                everyone,
                [&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t k = 0; k < 4; ++k) {
                        const auto clear = [&](uint32_t j) { return (v(j) >> k & 1) == 0; };
                        acc += clear(i) ? (k + 1) * count(i, clear) : 0;
                    }
                    return acc;
                },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return v(j) % 4 == v(i) % 4; }); },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return v(j) % 3 == v(i) % 3; }); }, everyone,
                [&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t a = 0; a < v(i) % 3 + 1; ++a) {
                        const auto outer = [&](uint32_t j) { return v(j) % 3 + 1 > a; };
                        for (uint32_t b = 0; b < v(i) / 3 % 3 + 1; ++b) {
                            acc += count(i, [&](uint32_t j) { return outer(j) && v(j) / 3 % 3 + 1 > b; });
                        }
                        acc += 100 * count(i, outer);
                    }
                    return acc;
                },
                [&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t k = 0;; ++k) {
                        acc += count(i, [&](uint32_t j) { return v(j) % 7 >= k; });
                        if (v(i) % 7 <= k) {
                            return acc;
                        }
                        acc += 100 * count(i, [&](uint32_t j) { return v(j) % 7 > k; });
                    }
                },
                [&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t k = 0; k < std::max(1U, v(i) % 4); ++k) {
                        acc += count(i, [&](uint32_t j) { return std::max(1U, v(j) % 4) > k; });
                    }
                    return acc;
                },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return v(j) % 6 == v(i) % 6; }); },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return v(j) % 9 == v(i) % 9; }); }, everyone,
                [&](uint32_t i) {
                    return v(i) % 6 < 4 ? count(i, [&](uint32_t j) { return v(j) % 6 == v(i) % 6; })
                                        : 1000 + count(i, [&](uint32_t j) { return v(j) % 6 >= 4; });
                },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return v(j) % 6 == v(i) % 6; }); }});
}

TEST_P(Subgroups, OperationsOnTheWayOutOfALoop) {
    check(runShader(subgroup_leave_comp_spv, subgroup_leave_comp_spv_size, 1),
          {[&](uint32_t i) { return sum(lanes(i, [&](uint32_t j) { return v(j) % 6 == v(i) % 6; })); }});
}

class QuadsAndLanes : public Subgroups {};

INSTANTIATE_TEST_SUITE_P(Shapes, QuadsAndLanes,
                         testing::Values(Case{{64, 1, 1}, 16}, Case{{8, 5, 1}, 16}, Case{{30, 1, 1}, 4},
                                         Case{{9, 7, 1}, 32}, Case{{100, 1, 1}, 64}),
                         nameOf);

TEST_P(QuadsAndLanes, MemoryAndLaneOperations) {
    const auto out = runShader(subgroup_memory_comp_spv, subgroup_memory_comp_spv_size, 12);
    const auto ballot = [&](uint32_t i) {
        uint64_t bits = 0;
        for (const uint32_t j : all(i)) {
            bits |= uint64_t{v(j) % 2} << lane(j);
        }
        return bits;
    };
    const auto bits = [](uint64_t mask) { return static_cast<uint32_t>(std::popcount(mask)); };
    const auto at = [&](uint32_t i, uint32_t wanted) { return all(i)[0] - lane(all(i)[0]) + wanted; };
    // Lanes that the last subgroup lacks give their asker's own value.
    const auto from = [&](uint32_t i, uint32_t wanted) { return wanted < all(i).size() ? v(at(i, wanted)) : v(i); };
    check(out,
          {[&](uint32_t i) { return size() * 10000 + (items() + size() - 1) / size() * 100 + i % items() / size(); },
           [&](uint32_t i) { return lane(i); },
           [&](uint32_t i) {
               const Lanes own = all(i);
               uint32_t sum = 0;
               for (uint32_t round = 1; round < 4; ++round) {
                   sum = sum * 3 + v(own[(lane(i) + round) % own.size()]) + round;
               }
               return sum;
           },
           [&](uint32_t i) { return sum(all(i)); },
           [&](uint32_t i) {
               const uint64_t below = (uint64_t{1} << lane(i)) - 1;
               const uint64_t upTo = below | uint64_t{1} << lane(i);
               return bits(ballot(i)) * 10000 + bits(ballot(i) & below) * 100 + bits(ballot(i) & upTo);
           },
           [&](uint32_t i) {
               const uint64_t mask = ballot(i);
               const uint32_t ends = mask == 0 ? 999
                                               : static_cast<uint32_t>(std::countr_zero(mask)) * 100 + 63 -
                                                     static_cast<uint32_t>(std::countl_zero(mask));
               return ends + (mask >> lane(i) & 1 ? 100000 : 0) + (mask >> 1 & 1 ? 200000 : 0);
           },
           [&](uint32_t i) { return bits(ballot(i) & ((uint64_t{1} << lane(i)) - 1)) + 100 * (size() - lane(i)); },
           [&](uint32_t i) {
               const uint32_t l = lane(i);
               return from(i, l ^ 1) + 3 * from(i, l ^ 2) + 5 * from(i, l ^ 3) + 7 * from(i, (l & ~3U) | 2);
           },
           [&](uint32_t i) {
               const auto cluster = [&](uint32_t n) {
                   return lanes(i, [&](uint32_t j) { return lane(j) / n == lane(i) / n; });
               };
               return sum(cluster(2)) + 1000 * most(cluster(4));
           },
           [&](uint32_t i) {
               const auto n = static_cast<uint32_t>(all(i).size());
               return sum(all(i)) + 1000 * n + 200000 * n;
           },
           [&](uint32_t i) {
               const bool some = count(i, [&](uint32_t j) { return v(j) > 2; }) != 0;
               return (some ? 2U : 0) + 4 + (lane(i) == 0 ? 8 : 0);
           },
           [&](uint32_t i) { return from(i, 1) + 100 * from(i, lane(i) ^ 1); }});
}

TEST_P(Subgroups, OpenClInUniformFlow) {
    for (const Dim3& known : {Dim3{}, GetParam().size}) {
        const Answer answer = compile("uniform_flow", known, size(), subgroup_cl_spv, subgroup_cl_spv_size);
        ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
        const auto out = launch(answer, 7, {Arg::local(items() * 4)});
        const auto group = [&](uint32_t i) {
            Lanes result(items());
            for (uint32_t j = 0; j < items(); ++j) {
                result[j] = i / items() * items() + j;
            }
            return result;
        };
        check(out, {[&](uint32_t i) { return sum(all(i)) * 3 + most(lanes(i, [&](uint32_t j) { return j <= i; })); },
                    [&](uint32_t i) {
                        const Lanes own = all(i);
                        const uint32_t broadcast = own.size() > 1 ? v(own[1]) : v(i);
                        return sum(lanes(i, [&](uint32_t j) { return j < i; })) + 1000 * broadcast;
                    },
                    [&](uint32_t i) {
                        Lanes before = group(i);
                        before.resize(i % items());
                        return sum(group(i)) + 5 * sum(before);
                    },
                    [&](uint32_t i) {
                        const Lanes own = group(i);
                        const bool five = std::any_of(own.begin(), own.end(), [&](uint32_t j) { return v(j) == 5; });
                        return v(own[1]) + (five ? 1000 : 0) + 2000;
                    },
                    [&](uint32_t i) {
                        return static_cast<uint32_t>(all(i).size()) * 1000000 + size() * 10000 +
                               (items() + size() - 1) / size() * 100 + i % items() / size();
                    },
                    [&](uint32_t i) { return v(all(i)[(lane(i) + 1) % all(i).size()]); },
                    [&](uint32_t i) {
                        const uint32_t highest = most(group(i));
                        return highest < 40 ? highest : 0 - least(group(i));
                    }});
    }
}

TEST_P(Subgroups, OpenClInDivergentFlow) {
    const Answer answer = compile("divergent_flow", {}, size(), subgroup_cl_spv, subgroup_cl_spv_size);
    ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
    const auto out = launch(answer, 4, {});
    check(out, {[&](uint32_t i) {
                    const bool odd = v(i) % 2 == 1;
                    const Lanes arm = lanes(i, [&](uint32_t j) { return (v(j) % 2 == 1) == odd && (odd || j <= i); });
                    return odd ? sum(arm) : 0 - sum(arm);
                },
                [&](uint32_t i) { return count(i, [&](uint32_t j) { return lane(j) < 32 && v(j) > 2; }); },
                [&](uint32_t i) {
                    uint32_t acc = 0;
                    for (uint32_t k = 0; k < v(i) % 4; ++k) {
                        acc += count(i, [&](uint32_t j) { return v(j) % 4 > k; });
                    }
                    return acc;
                },
                [&](uint32_t i) {
                    const uint32_t wanted = lane(i) ^ 1;
                    return wanted < all(i).size() ? v(all(i)[wanted]) : v(i);
                }});
}

TEST_P(Subgroups, PrivateArraysInDivergentFlow) {
    const Answer answer = compile("private_arrays", {}, size(), subgroup_cl_spv, subgroup_cl_spv_size);
    ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
    const auto out = launch(answer, 1, {});
    std::vector<std::array<uint32_t, 5>> arrays(total());
    for (uint32_t i = 0; i < total(); ++i) {
        for (uint32_t k = 0; k < 5; ++k) {
            arrays[i][k] = v(i) + k;
        }
    }
    for (uint32_t k = 0; k < 4; ++k) {
        const auto before = arrays;
        for (uint32_t i = 0; i < total(); ++i) {
            if (v(i) % 5 <= k) {
                continue;
            }
            for (const uint32_t j : lanes(i, [&](uint32_t j) { return v(j) % 5 > k; })) {
                arrays[i][(v(i) + k) % 5] += before[j][k];
            }
        }
    }
    check(out, {[&](uint32_t i) {
              const auto& a = arrays[i];
              return a[0] + 3 * a[1] + 5 * a[2] + 7 * a[3] + 11 * a[4];
          }});
}

TEST(SubgroupSize, OfTheKernelComesFirst) {
    const Answer answer = compile("eight", {}, 32, subgroup_cl_spv, subgroup_cl_spv_size);
    ASSERT_EQ(answer.reply["status"], 0) << answer.reply;
    const HostKernel kernel(answer.blob);
    EXPECT_EQ(kernel.info().subgroupSize, 8u);
    std::vector<uint32_t> out(32);
    kernel.run({2, 1, 1}, {16, 1, 1}, {Arg::buffer(out.data())});
    EXPECT_EQ(out, std::vector<uint32_t>(32, 808));
}

TEST(SubgroupSize, ImpossibleOnesAreRefused) {
    const Answer answer = compile("twenty_four", {}, 0, subgroup_cl_spv, subgroup_cl_spv_size);
    EXPECT_EQ(answer.reply["status"], HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(answer.reply["message"].get<std::string>().find("24"), std::string::npos) << answer.reply;
}

} // namespace
} // namespace halyard::jit::test
