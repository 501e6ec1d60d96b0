// The opcode matrix (tests/spirv/matrix) as tests of the suite: one an instruction and flavour, with all of its types,
// on the device under test alone. What plain C++ on the host cannot tell, the reference device does, where there is
// one.
#include "fixture.h"

#include "matrix/families.h"
#include "matrix/judge.h"
#include "matrix/run_cases.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <memory>

namespace halyard::conformance {
namespace {

using namespace spirvtest;

constexpr size_t kShownFailures = 5;

struct Group {
    std::string suite, name;
    Cases cases;
};

struct Requirement {
    Capability capability;
    HyCapabilities claim;
    const char* name;
};
// What a module may ask for and a device may lack, as HyDeviceProperties::capabilities says.
constexpr Requirement kRequirements[] = {
    {Capability::Kernel, HY_CAP_SPIRV_KERNEL, "HY_CAP_SPIRV_KERNEL"},
    {Capability::Shader, HY_CAP_SPIRV_GLCOMPUTE, "HY_CAP_SPIRV_GLCOMPUTE"},
    {Capability::Float16, HY_CAP_FLOAT16, "HY_CAP_FLOAT16"},
    {Capability::Float64, HY_CAP_FLOAT64, "HY_CAP_FLOAT64"},
    {Capability::Int64, HY_CAP_INT64, "HY_CAP_INT64"},
    {Capability::Int64Atomics, HY_CAP_INT64_ATOMICS, "HY_CAP_INT64_ATOMICS"},
    {Capability::AtomicFloat32AddEXT, HY_CAP_FLOAT32_ATOMIC_ADD, "HY_CAP_FLOAT32_ATOMIC_ADD"},
    {Capability::CooperativeMatrixKHR, HY_CAP_COOPERATIVE_MATRIX, "HY_CAP_COOPERATIVE_MATRIX"},
};

// The capabilities that the case's own module declares and the device does not claim, in words; empty: none.
std::string lacking(const Case& item, const HyDeviceProperties& properties) {
    constexpr size_t kHeaderWords = 5;
    const Words words = Batch({&item}).words();
    std::string all;
    for (size_t at = kHeaderWords; at + 1 < words.size() && (words[at] >> 16) != 0; at += words[at] >> 16) {
        if ((words[at] & 0xffff) != static_cast<uint32_t>(Op::Capability)) {
            continue;
        }
        for (const Requirement& each : kRequirements) {
            if (words[at + 1] == static_cast<uint32_t>(each.capability) &&
                (properties.capabilities & each.claim) == 0) {
                all += (all.empty() ? "" : ", ") + std::string(each.name);
            }
        }
    }
    return all;
}

// "OpenCL.std acos" becomes "OpenCL_std_acos".
std::string asName(const std::string& words) {
    std::string name = words;
    std::replace_if(
        name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

using Groups = std::map<std::string, std::shared_ptr<Group>>; // by name

Groups groupsOf(const Family& family) {
    Groups groups;
    for (Case& item : family.cases()) {
        const char* flavour = item.flavour == Flavour::Kernel ? "_kernel" : "_glcompute";
        const std::string name = asName(item.instruction) + flavour;
        auto& group = groups[name];
        if (group == nullptr) {
            group = std::make_shared<Group>(Group{std::string("Opcodes_") + family.name, name, {}});
        }
        group->cases.push_back(std::move(item));
    }
    return groups;
}

// What was registered, made again for subgroups of the size that the device has: no names change.
std::shared_ptr<const Group> groupFor(const std::shared_ptr<const Group>& registered, uint32_t size) {
    static const uint32_t ofRegistered = subgroupSize();
    setSubgroupSize(size);
    if (size == ofRegistered) {
        return registered;
    }
    for (const Family& family : families()) {
        if (registered->suite == std::string("Opcodes_") + family.name) {
            return groupsOf(family).at(registered->name);
        }
    }
    return registered;
}

class Opcodes : public testing::Test {
public:
    explicit Opcodes(const std::shared_ptr<const Group>& group) : registered_(group), group_(group) {}

    static void SetUpTestSuite() {
        std::string why;
        device_ = TestDevice::open(deviceUnderTest(), &why);
        ASSERT_NE(device_, nullptr) << deviceUnderTest() << ": " << why;
    }
    static void TearDownTestSuite() {
        device_.reset();
        reference_.reset();
    }

    void TestBody() override {
        ASSERT_NE(device_, nullptr) << deviceUnderTest() << " cannot be opened";
        const HyDeviceProperties& properties = device_->properties();
        if (properties.subgroupSizeMin == properties.subgroupSizeMax && properties.subgroupSizeMax > 1) {
            // What plain C++ on the host cannot tell is compared with subgroups of the same size.
            const std::string size = std::to_string(properties.subgroupSizeMax);
            setenv("HALYARD_REFERENCE_SUBGROUP_SIZE", size.c_str(), 1);
            group_ = groupFor(registered_, properties.subgroupSizeMax);
        }
        for (const std::vector<const Case*>& batch : batchesOf(group_->cases)) {
            runBatch(batch);
        }
        RecordProperty("judged", static_cast<int>(judged_));
        RecordProperty("unjudged", static_cast<int>(unjudged_));
        EXPECT_LE(failures_, kShownFailures) << "wrong cases in all, of which the first are shown";
        if (failures_ == 0 && judged_ == 0) {
            GTEST_SKIP() << (lacks_.empty() ? "" : "the device claims no " + lacks_ + " and refused what needs it; ")
                         << unjudged_ << " cases ran that only another device can judge: " << whyNoReference_;
        }
    }

private:
    void fail(const Case& item, const std::string& words) {
        if (++failures_ <= kShownFailures) {
            ADD_FAILURE() << item.name << ": " << words;
        }
    }

    TestDevice* reference() {
        const std::string backend = device_->properties().backend;
        if (backend == "reference") {
            whyNoReference_ = "this is the reference device itself";
        } else if (reference_ == nullptr && whyNoReference_.empty()) {
            reference_ = TestDevice::open("reference", &whyNoReference_);
        }
        return reference_.get();
    }

    void runBatch(const std::vector<const Case*>& cases) {
        Results results;
        runOn(*device_, cases, results);
        std::vector<const Case*> open; // for the reference device
        for (const Case* item : cases) {
            const Outputs& mine = results[item];
            if (mine.refused()) {
                refused(*item, mine.refusal);
            } else if (judgedAlone(*item)) {
                ++judged_;
                if (const std::string words = wrongAlone(*item, mine.values); !words.empty()) {
                    fail(*item, words);
                }
            } else {
                open.push_back(item);
            }
        }
        if (!open.empty()) {
            compare(open, results);
        }
    }

    // Right only where the device says beforehand that it cannot.
    void refused(const Case& item, const Outcome& refusal) {
        const std::string lacks = lacking(item, device_->properties());
        if (lacks.empty() || refusal.code != HY_ERROR_UNSUPPORTED_SPIRV) {
            fail(item, refusal.text());
        } else if (lacks_.find(lacks) == std::string::npos) {
            lacks_ += (lacks_.empty() ? "" : ", ") + lacks;
        }
    }

    void compare(const std::vector<const Case*>& cases, const Results& mine) {
        Results theirs;
        if (TestDevice* other = reference(); other != nullptr) {
            runOn(*other, cases, theirs);
        }
        for (const Case* item : cases) {
            const Outputs& judge = theirs[item];
            if (judge.values.empty()) {
                ++unjudged_;
                continue;
            }
            ++judged_;
            const std::string words = wrongBeside(*item, mine.at(item).values, judge.values, "reference");
            if (!words.empty()) {
                fail(*item, words);
            }
        }
    }

    inline static std::unique_ptr<TestDevice> device_, reference_;
    inline static std::string whyNoReference_;
    std::shared_ptr<const Group> registered_, group_;
    size_t judged_ = 0, unjudged_ = 0, failures_ = 0;
    std::string lacks_;
};

bool registerAll() {
    for (const Family& family : families()) {
        for (const auto& [name, group] : groupsOf(family)) {
            testing::RegisterTest(group->suite.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                                  [group = group]() -> Opcodes* { return new Opcodes(group); });
        }
    }
    return true;
}
const bool registered = registerAll();

} // namespace
} // namespace halyard::conformance
