// The backend interface of the library under test: versions, symbols, tables, and the slots behind each claim.
#include "backend_fixture.h"
#include "guarded_struct.h"

#include <algorithm>
#include <cctype>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <ostream>
#include <thread>

using namespace halyard::conformance;

namespace {

using BackendTable = BackendTest;

// Names that the library defines for others, without those reserved for the compiler and the C library.
std::vector<std::string> exportedNames(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    std::vector<std::string> names;
    if (bytes.size() < sizeof(Elf64_Ehdr))
        return names;
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    if (header.e_shoff + sections.size() * sizeof(Elf64_Shdr) > bytes.size())
        return names;
    std::memcpy(sections.data(), bytes.data() + header.e_shoff, sections.size() * sizeof(Elf64_Shdr));
    for (const Elf64_Shdr& section : sections) {
        if (section.sh_type != SHT_DYNSYM)
            continue;
        const Elf64_Shdr& strings = sections.at(section.sh_link);
        for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, bytes.data() + section.sh_offset + at, sizeof symbol);
            const std::string name = bytes.c_str() + strings.sh_offset + symbol.st_name;
            const bool global = ELF64_ST_BIND(symbol.st_info) != STB_LOCAL && symbol.st_shndx != SHN_UNDEF &&
                                symbol.st_shndx != SHN_ABS;
            if (global && name.rfind("_", 0) != 0)
                names.push_back(name);
        }
    }
    return names;
}

TEST_F(BackendTable, OneSymbolIsExported) {
    EXPECT_EQ(exportedNames(path_), std::vector<std::string>{"hyBackendGetInterface"});
}

TEST_F(BackendTable, NothingOfTheRuntimeIsInIt) {
    for (const char* name : {"hyInstanceCreate", "hyGetLastError", "hyGetVersion", "hyLayerGetInterface"}) {
        void* found = dlsym(library_, name);
        Dl_info where{};
        const bool here = found != nullptr && dladdr(found, &where) != 0 && path_ == where.dli_fname;
        EXPECT_FALSE(here) << name << " is defined in " << path_;
    }
}

class BackendMajor : public BackendTest, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Abi, BackendMajor, testing::Values(0u, HY_BACKEND_ABI_MAJOR + 1, 2u << 8, 0xffffu),
                         testing::PrintToStringParamName());
TEST_P(BackendMajor, IsRefused) {
    if (GetParam() == HY_BACKEND_ABI_MAJOR)
        GTEST_SKIP() << "that is the major version itself";
    const BackendServices services;
    for (const uint32_t minor : {0u, HY_BACKEND_ABI_MINOR, 0xffffu}) {
        const HyBackendInterface* found = nullptr;
        EXPECT_TRUE(backendRefuses(HY_ERROR_INCOMPATIBLE_ABI,
                                   [&] { return get_((GetParam() << 16) | minor, services.table(), &found); }));
        EXPECT_EQ(found, nullptr);
    }
}

class BackendMinor : public BackendTest, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Abi, BackendMinor, testing::Values(0u, 1u, 2u, 3u, 100u, 0xffffu),
                         testing::PrintToStringParamName());
TEST_P(BackendMinor, IsNoReasonToRefuse) {
    const BackendServices services;
    const HyBackendInterface* found = nullptr;
    ASSERT_DONE(get_((HY_BACKEND_ABI_MAJOR << 16) | GetParam(), services.table(), &found));
    EXPECT_EQ(found, interface_) << "the tables are static";
}

TEST_F(BackendTable, AnswersEveryThreadAlike) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([] {
            const BackendServices services;
            for (int round = 0; round < 100; ++round) {
                const HyBackendInterface* found = nullptr;
                EXPECT_DONE(get_(HY_BACKEND_ABI, services.table(), &found));
                EXPECT_EQ(found, interface_);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(BackendTable, RootSaysWhatItIs) {
    constexpr size_t kOldestRoot = 88;
    EXPECT_GE(interface_->structSize, kOldestRoot);
    EXPECT_EQ(interface_->abiMajor, HY_BACKEND_ABI_MAJOR);
    EXPECT_STREQ(interface_->name, properties_.backend);
    for (const char* c = interface_->name; *c != '\0'; ++c)
        EXPECT_TRUE(std::islower(static_cast<unsigned char>(*c)) != 0 ||
                    std::isdigit(static_cast<unsigned char>(*c)) != 0 || *c == '-' || *c == '_')
            << *c;
    ASSERT_NE(interface_->vendor, nullptr);
    ASSERT_NE(interface_->buildId, nullptr);
    EXPECT_STRNE(interface_->vendor, "");
    EXPECT_STRNE(interface_->buildId, "");
    EXPECT_NE(interface_->initialise, nullptr);
    EXPECT_NE(interface_->shutdown, nullptr);
}

// A table by its place in the root.
struct Table {
    const char* name;
    size_t offset; // in HyBackendInterface
    size_t known;  // bytes, in this version
};
#define TABLE(name, type)                                                                                              \
    { #name, offsetof(HyBackendInterface, name), sizeof(type) }
constexpr Table kTables[] = {
    TABLE(device, HyBackendDeviceTable),       TABLE(memory, HyBackendMemoryTable),
    TABLE(stream, HyBackendStreamTable),       TABLE(event, HyBackendEventTable),
    TABLE(module, HyBackendModuleTable),       TABLE(semaphore, HyBackendSemaphoreTable),
    TABLE(graph, HyBackendGraphTable),         TABLE(virtualMemory, HyBackendVirtualMemoryTable),
    TABLE(profiling, HyBackendProfilingTable),
};
void PrintTo(const Table& table, std::ostream* out) {
    *out << table.name;
}

// Null when the root is too short for the table or has none.
const uint8_t* tableAt(const HyBackendInterface& interface, size_t offset) {
    if (offset + sizeof(void*) > interface.structSize)
        return nullptr;
    const uint8_t* table = nullptr;
    std::memcpy(&table, reinterpret_cast<const uint8_t*>(&interface) + offset, sizeof table);
    return table;
}
uint32_t sizeOf(const uint8_t* table) {
    uint32_t size = 0;
    std::memcpy(&size, table, sizeof size);
    return size;
}

class BackendTables : public BackendTest, public testing::WithParamInterface<Table> {};
INSTANTIATE_TEST_SUITE_P(Tables, BackendTables, testing::ValuesIn(kTables),
                         [](const auto& about) { return std::string(about.param.name); });
TEST_P(BackendTables, SizeIsOfWholeSlots) {
    const Table& table = GetParam();
    const uint8_t* found = tableAt(*interface_, table.offset);
    if (found == nullptr)
        GTEST_SKIP() << "the backend has no such table";
    EXPECT_GE(sizeOf(found), 2 * sizeof(void*)) << "a table without a slot";
    EXPECT_EQ(sizeOf(found) % sizeof(void*), 0u) << "half a slot";
    if (interface_->abiMinor <= HY_BACKEND_ABI_MINOR) {
        EXPECT_LE(sizeOf(found), table.known) << "more slots than backend ABI " << interface_->abiMinor << " has";
    }
    uint32_t reserved = 0;
    std::memcpy(&reserved, found + 4, sizeof reserved);
    EXPECT_EQ(reserved, 0u);
}

// What a claim promises: a slot that must be there.
struct Slot {
    const char* name;
    size_t table, offset;
    HyCapabilities claim; // 0: of every backend
};
#define SLOT(table, type, slot, claim)                                                                                 \
    { #table "_" #slot, offsetof(HyBackendInterface, table), offsetof(type, slot), claim }
#define DEVICE_SLOT(slot, claim) SLOT(device, HyBackendDeviceTable, slot, claim)
#define MEMORY_SLOT(slot, claim) SLOT(memory, HyBackendMemoryTable, slot, claim)
#define STREAM_SLOT(slot, claim) SLOT(stream, HyBackendStreamTable, slot, claim)
#define EVENT_SLOT(slot, claim) SLOT(event, HyBackendEventTable, slot, claim)
#define MODULE_SLOT(slot, claim) SLOT(module, HyBackendModuleTable, slot, claim)
#define SEMAPHORE_SLOT(slot) SLOT(semaphore, HyBackendSemaphoreTable, slot, HY_CAP_TIMELINE_SEMAPHORES)
#define GRAPH_SLOT(slot) SLOT(graph, HyBackendGraphTable, slot, HY_CAP_GRAPHS)
#define VIRTUAL_SLOT(slot) SLOT(virtualMemory, HyBackendVirtualMemoryTable, slot, HY_CAP_VIRTUAL_MEMORY)
constexpr Slot kSlots[] = {
    DEVICE_SLOT(getCount, 0),
    DEVICE_SLOT(getProperties, 0),
    DEVICE_SLOT(open, 0),
    DEVICE_SLOT(close, 0),
    DEVICE_SLOT(synchronize, HY_CAP_KERNELS),
    DEVICE_SLOT(reset, HY_CAP_DEVICE_RESET),
    DEVICE_SLOT(getCooperativeMatrixCount, HY_CAP_COOPERATIVE_MATRIX),
    DEVICE_SLOT(getCooperativeMatrix, HY_CAP_COOPERATIVE_MATRIX),
    MEMORY_SLOT(allocate, HY_CAP_KERNELS),
    MEMORY_SLOT(free, HY_CAP_KERNELS),
    MEMORY_SLOT(registerHost, HY_CAP_HOST_REGISTRATION),
    MEMORY_SLOT(unregisterHost, HY_CAP_HOST_REGISTRATION),
    MEMORY_SLOT(allocateManaged, HY_CAP_MANAGED_MEMORY),
    MEMORY_SLOT(prefetch, HY_CAP_PREFETCH),
    MEMORY_SLOT(allocateShareable, HY_CAP_IPC),
    MEMORY_SLOT(getIpcHandle, HY_CAP_IPC),
    MEMORY_SLOT(openIpcHandle, HY_CAP_IPC),
    MEMORY_SLOT(closeIpcHandle, HY_CAP_IPC),
    STREAM_SLOT(create, HY_CAP_KERNELS),
    STREAM_SLOT(destroy, HY_CAP_KERNELS),
    STREAM_SLOT(query, HY_CAP_KERNELS),
    STREAM_SLOT(synchronize, HY_CAP_KERNELS),
    STREAM_SLOT(launch, HY_CAP_KERNELS),
    STREAM_SLOT(copy, HY_CAP_KERNELS),
    STREAM_SLOT(hostFunction, HY_CAP_HOST_FUNCTIONS),
    STREAM_SLOT(signalSemaphore, HY_CAP_TIMELINE_SEMAPHORES),
    STREAM_SLOT(waitSemaphore, HY_CAP_TIMELINE_SEMAPHORES),
    EVENT_SLOT(create, HY_CAP_TIMING),
    EVENT_SLOT(destroy, HY_CAP_TIMING),
    EVENT_SLOT(record, HY_CAP_TIMING),
    EVENT_SLOT(query, HY_CAP_TIMING),
    EVENT_SLOT(synchronize, HY_CAP_TIMING),
    EVENT_SLOT(elapsed, HY_CAP_TIMING),
    MODULE_SLOT(load, HY_CAP_KERNELS),
    MODULE_SLOT(unload, HY_CAP_KERNELS),
    MODULE_SLOT(createKernel, HY_CAP_KERNELS),
    MODULE_SLOT(destroyKernel, HY_CAP_KERNELS),
    MODULE_SLOT(getOccupancy, HY_CAP_OCCUPANCY),
    MODULE_SLOT(getKernelCount, HY_CAP_MODULE_PTX),
    MODULE_SLOT(getKernelInterface, HY_CAP_MODULE_PTX),
    SEMAPHORE_SLOT(create),
    SEMAPHORE_SLOT(destroy),
    SEMAPHORE_SLOT(getValue),
    SEMAPHORE_SLOT(signal),
    SEMAPHORE_SLOT(wait),
    GRAPH_SLOT(build),
    GRAPH_SLOT(update),
    GRAPH_SLOT(launch),
    GRAPH_SLOT(destroy),
    VIRTUAL_SLOT(getGranularity),
    VIRTUAL_SLOT(reserve),
    VIRTUAL_SLOT(release),
    VIRTUAL_SLOT(createPhysical),
    VIRTUAL_SLOT(destroyPhysical),
    VIRTUAL_SLOT(map),
    VIRTUAL_SLOT(unmap),
    VIRTUAL_SLOT(setAccess),
    SLOT(virtualMemory, HyBackendVirtualMemoryTable, exportPhysical, HY_CAP_SHARE_OPAQUE_FD),
    SLOT(virtualMemory, HyBackendVirtualMemoryTable, importPhysical, HY_CAP_SHARE_OPAQUE_FD),
};
void PrintTo(const Slot& slot, std::ostream* out) {
    *out << slot.name;
}

const void* slotAt(const HyBackendInterface& interface, size_t table, size_t offset) {
    const uint8_t* found = tableAt(interface, table);
    if (found == nullptr || offset + sizeof(void*) > sizeOf(found))
        return nullptr;
    const void* function = nullptr;
    std::memcpy(&function, found + offset, sizeof function);
    return function;
}

class BackendSlots : public BackendTest, public testing::WithParamInterface<Slot> {};
INSTANTIATE_TEST_SUITE_P(Slots, BackendSlots, testing::ValuesIn(kSlots),
                         [](const auto& about) { return std::string(about.param.name); });
TEST_P(BackendSlots, IsThereWhenClaimed) {
    const Slot& slot = GetParam();
    if (!claims(slot.claim))
        GTEST_SKIP() << "the device does not claim the capability behind it";
    EXPECT_NE(slotAt(*interface_, slot.table, slot.offset), nullptr);
}

TEST_F(BackendTable, SlotsThatBelongTogetherComeTogether) {
    if (!claims(HY_CAP_KERNELS))
        GTEST_SKIP() << "the device makes no objects that a slot could take";
    const auto both = [](size_t table, size_t one, size_t other) {
        return (slotAt(*interface_, table, one) != nullptr) == (slotAt(*interface_, table, other) != nullptr);
    };
    const size_t memory = offsetof(HyBackendInterface, memory);
    EXPECT_TRUE(
        both(memory, offsetof(HyBackendMemoryTable, allocateOnStream), offsetof(HyBackendMemoryTable, freeOnStream)));
    EXPECT_TRUE(both(memory, offsetof(HyBackendMemoryTable, allocate), offsetof(HyBackendMemoryTable, free)));
    EXPECT_TRUE(
        both(memory, offsetof(HyBackendMemoryTable, registerHost), offsetof(HyBackendMemoryTable, unregisterHost)));
    const size_t stream = offsetof(HyBackendInterface, stream);
    EXPECT_TRUE(both(stream, offsetof(HyBackendStreamTable, create), offsetof(HyBackendStreamTable, destroy)));
    EXPECT_TRUE(
        both(stream, offsetof(HyBackendStreamTable, signalSemaphore), offsetof(HyBackendStreamTable, waitSemaphore)));
}

// Services of a runtime that is as old as 1.0, and of one that is newer than the backend.
class BackendHost : public BackendTest, public testing::WithParamInterface<uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Services, BackendHost,
                         testing::Values(uint32_t(offsetof(HyHostServices, print)),
                                         uint32_t(offsetof(HyHostServices, getCorrelation)),
                                         uint32_t(sizeof(HyHostServices))),
                         testing::PrintToStringParamName());
TEST_P(BackendHost, OfAnotherMinorVersionServes) {
    const uint32_t size = GetParam();
    const uint32_t minor = size <= offsetof(HyHostServices, print) ? 0 : size < sizeof(HyHostServices) ? 1 : 2;
    const BackendServices services(size, (HY_BACKEND_ABI_MAJOR << 16) | minor);
    // What lies behind the table is not to be touched.
    GuardedStruct table(size);
    ASSERT_NE(table.data(), nullptr);
    std::memcpy(table.data(), services.table(), size);
    HyBackendContext context = nullptr;
    ASSERT_DONE(interface_->initialise(reinterpret_cast<const HyHostServices*>(table.data()), &context));
    uint32_t count = 0;
    EXPECT_DONE(interface_->device->getCount(context, &count));
    EXPECT_GT(count, properties_.ordinal);
    HyBackendDevice device = nullptr;
    ASSERT_DONE(interface_->device->open(context, properties_.ordinal, &device));
    EXPECT_DONE(interface_->device->close(device, 1'000'000'000));
    interface_->shutdown(context);
}

TEST_F(BackendTable, StartsSeveralTimesAtOnce) {
    const BackendServices services[3];
    HyBackendContext contexts[3] = {};
    for (int i = 0; i < 3; ++i)
        ASSERT_DONE(interface_->initialise(services[i].table(), &contexts[i]));
    EXPECT_NE(contexts[0], contexts[1]);
    EXPECT_NE(contexts[1], contexts[2]);
    interface_->shutdown(contexts[1]);
    for (const int i : {0, 2}) {
        uint32_t count = 0;
        EXPECT_DONE(interface_->device->getCount(contexts[i], &count));
        EXPECT_GT(count, 0u);
        interface_->shutdown(contexts[i]);
    }
    // And again after all were ended.
    ASSERT_DONE(interface_->initialise(services[0].table(), &contexts[0]));
    interface_->shutdown(contexts[0]);
}

TEST_F(BackendTable, StartsInManyThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([] {
            for (int round = 0; round < 10; ++round) {
                const BackendServices services;
                HyBackendContext context = nullptr;
                ASSERT_DONE(interface_->initialise(services.table(), &context));
                uint32_t count = 0;
                EXPECT_DONE(interface_->device->getCount(context, &count));
                EXPECT_GT(count, 0u);
                interface_->shutdown(context);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

// getProperties for runtimes of several ages.
class BackendProperties : public BackendTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes, BackendProperties, testing::Values(-8, 0, 8, 4096), [](const auto& about) {
    const int difference = about.param;
    return difference < 0    ? std::string("Shorter")
           : difference == 0 ? std::string("Whole")
                             : "LongerBy" + std::to_string(difference);
});
TEST_P(BackendProperties, FillNoMoreThanAskedFor) {
    const BackendServices services;
    HyBackendContext context = nullptr;
    ASSERT_DONE(interface_->initialise(services.table(), &context));
    const auto size = static_cast<size_t>(static_cast<ptrdiff_t>(sizeof(HyDeviceProperties)) + GetParam());
    GuardedStruct asked(size);
    ASSERT_NE(asked.data(), nullptr);
    asked.setStructSize(static_cast<uint32_t>(size));
    auto* out = reinterpret_cast<HyDeviceProperties*>(asked.data());
    EXPECT_DONE(interface_->device->getProperties(context, properties_.ordinal, out));
    EXPECT_EQ(asked.structSize(), size);
    EXPECT_STREQ(out->backend, interface_->name);
    EXPECT_EQ(out->totalMemory, properties_.totalMemory);
    EXPECT_EQ(out->maxWorkgroupInvocations, properties_.maxWorkgroupInvocations);
    for (size_t i = sizeof(HyDeviceProperties); i < size; ++i)
        ASSERT_EQ(asked.data()[i], 0) << "byte " << i << ", which no version so far has";
    interface_->shutdown(context);
}

} // namespace
