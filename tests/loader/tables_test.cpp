// Tables of any minor version become complete ones.
#include "fixture.h"
#include "loader/stubs.h"

#include <cstring>

namespace halyard::test {
namespace {
using testing::HasSubstr;

std::string lastMessage() {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    return hyGetLastError(&info) == HY_SUCCESS ? info.message : "";
}

// No slot can have been forgotten when no pointer-sized word behind the head is null.
template <typename Table> void expectNoHole(const Table& table, const char* name) {
    EXPECT_EQ(table.structSize, sizeof table) << name;
    for (size_t offset = 2 * sizeof(uint32_t); offset < sizeof table; offset += sizeof(void*)) {
        const void* slot;
        std::memcpy(&slot, reinterpret_cast<const char*>(&table) + offset, sizeof slot);
        EXPECT_NE(slot, nullptr) << name << " at byte " << offset;
    }
}

void expectNoHoles(const BackendTables& tables) {
    expectNoHole(tables.device, "device");
    expectNoHole(tables.memory, "memory");
    expectNoHole(tables.stream, "stream");
    expectNoHole(tables.event, "event");
    expectNoHole(tables.module, "module");
    expectNoHole(tables.semaphore, "semaphore");
    expectNoHole(tables.graph, "graph");
}

TEST(StubsTest, EmptyInterfaceBecomesComplete) {
    BackendTables tables;
    std::memset(static_cast<void*>(&tables), 0xee, sizeof tables);
    completeTables(HyBackendInterface{}, tables);
    expectNoHoles(tables);
}

TEST(StubsTest, StubsAnswerUnsupportedAndNameThemselves) {
    BackendTables tables;
    completeTables(HyBackendInterface{}, tables);
    hyClearLastError();
    EXPECT_EQ(tables.stream.fill3D(nullptr, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement stream.fill3D");
    EXPECT_EQ(tables.memory.getAddressRange(nullptr, nullptr, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement memory.getAddressRange");
    EXPECT_EQ(tables.module.getKernelNativeHandle(nullptr, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement module.getKernelNativeHandle");
    EXPECT_EQ(tables.event.elapsed(nullptr, nullptr, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement event.elapsed");
    EXPECT_EQ(tables.event.openIpcHandle(nullptr, nullptr, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement event.openIpcHandle");
    EXPECT_EQ(tables.semaphore.importSemaphore(nullptr, 0, 0, nullptr), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement semaphore.importSemaphore");
    EXPECT_EQ(tables.device.close(nullptr, 0), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement device.close");
}

class TablesTest : public LoaderTest {
protected:
    const BackendTables& tablesOf(const std::string& mock) {
        EXPECT_EQ(loadOnly(mock).status, HY_BACKEND_LOADED);
        static const BackendTables none{};
        return result_.backends.empty() ? none : result_.backends.front()->tables;
    }
};

TEST_F(TablesTest, NullSlotsAreFilledAndTheOthersKept) {
    const BackendTables& tables = tablesOf("good");
    expectNoHoles(tables);
    EXPECT_EQ(tables.stream.query(nullptr), HY_NOT_READY);
    EXPECT_EQ(tables.stream.destroy(nullptr), HY_ERROR_UNSUPPORTED);
}

TEST_F(TablesTest, NullTablesAreFilled) {
    const BackendTables& tables = tablesOf("no_tables");
    expectNoHoles(tables);
    EXPECT_EQ(tables.stream.query(nullptr), HY_ERROR_UNSUPPORTED);
}

TEST_F(TablesTest, NewerMinorWithLongerTablesIsUsed) {
    const BackendTables& tables = tablesOf("newer_minor");
    expectNoHoles(tables);
    EXPECT_EQ(record("newer_minor").abiMinor, 7u);
    EXPECT_EQ(tables.stream.query(nullptr), HY_NOT_READY);
}

TEST_F(TablesTest, SlotsBehindTheSizeOfAShorterTableAreHoles) {
    const BackendTables& tables = tablesOf("shorter_tables");
    expectNoHoles(tables);
    EXPECT_EQ(tables.stream.query(nullptr), HY_NOT_READY);
    EXPECT_EQ(tables.stream.fill(nullptr, 0, nullptr, 0, 0), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(lastMessage(), "this backend does not implement stream.fill");
}

TEST_F(TablesTest, HalfASlotIsAHole) {
    const BackendTables& tables = tablesOf("half_slot");
    expectNoHoles(tables);
    EXPECT_EQ(tables.stream.fill(nullptr, 0, nullptr, 0, 0), HY_ERROR_UNSUPPORTED);
}

} // namespace
} // namespace halyard::test
