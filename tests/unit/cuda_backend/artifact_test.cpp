#include "artifact.h"

#include <gtest/gtest.h>

namespace halyard::cuda {
namespace {

TEST(Artifact, readsWhatTheCompilerWrites) {
    ArtifactHeader header;
    EXPECT_EQ(parseArtifact("// halyard-ptx abi=2 entry=hy_1k static=512 dynamic=65536 maxthreads=64 multiple=32 "
                            "hidden=print,program,grid\n.version",
                            header),
              "");
    EXPECT_EQ(header.entry, "hy_1k");
    EXPECT_EQ(header.staticBytes, 512U);
    EXPECT_EQ(header.dynamicBytes, 65536U);
    EXPECT_EQ(header.maxThreads, 64U);
    EXPECT_EQ(header.multiple, 32U);
    EXPECT_EQ(header.hidden, (std::vector<Hidden>{Hidden::Print, Hidden::Program, Hidden::Grid}));
}

TEST(Artifact, noneIsNoHiddenParameter) {
    ArtifactHeader header;
    EXPECT_EQ(parseArtifact("// halyard-ptx abi=2 entry=k static=0 maxthreads=0 hidden=none\n", header), "");
    EXPECT_TRUE(header.hidden.empty());
    EXPECT_EQ(header.multiple, 1U);
}

TEST(Artifact, refusesWhatItDoesNotKnow) {
    for (const char* text :
         {"", ".version 8.0", "// halyard-ptx entry=k", "// halyard-ptx abi=3 entry=k", "// halyard-ptx abi=2",
          "// halyard-ptx abi=2 entry=k static=12x", "// halyard-ptx abi=2 entry=k dynamic=-1",
          "// halyard-ptx abi=2 entry=k hidden=future", "// halyard-ptx abi=2 entry=k maxthreads=99999999999",
          "// halyard-ptx abi=2 entry=k multiple=0"}) {
        ArtifactHeader header;
        EXPECT_NE(parseArtifact(text, header), "") << text;
    }
}

} // namespace
} // namespace halyard::cuda
