// What the SPMD vectoriser makes of small kernels, as text: which accesses are rows, what stays scalar, what is
// refused. That the results are right is shown by spirv_random_lanes_*.
#include "jit/passes/spmd/vectorise.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

namespace {

using halyard::jit::spmd::Lanes;

constexpr const char* kDeclarations = R"(
declare i64 @hy.global_id(i32) memory(none) nounwind willreturn
declare i64 @hy.local_id(i32) memory(none) nounwind willreturn
declare i64 @hy.group_id(i32) memory(none) nounwind willreturn
declare void @hy.barrier(i32, i32, i32) convergent nounwind
declare i1 @hy.subgroup.any(i1) convergent
declare i32 @hy.subgroup.reduce.iadd.i32(i32) convergent
declare float @hy.subgroup.reduce.fadd.f32(float) convergent
declare i32 @hy.subgroup.shuffle_xor.i32(i32, i32) convergent
declare i32 @hy.workgroup.reduce.iadd.i32(i32) convergent
declare void @hy.region.begin(i32) convergent willreturn memory(inaccessiblemem: readwrite)
declare void @hy.region.end(i32) convergent willreturn memory(inaccessiblemem: readwrite)
declare float @llvm.sqrt.f32(float)
)";

struct Result {
    std::string text; // empty: refused
    std::string why;

    size_t count(const std::string& words) const {
        size_t found = 0;
        for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1))
            ++found;
        return found;
    }
};

Result vectorise(const std::string& body, unsigned lanes = 8,
                 halyard::jit::spmd::MaskedMemory masked = halyard::jit::spmd::MaskedMemory::All) {
    llvm::LLVMContext context;
    llvm::SMDiagnostic fault;
    const std::string text = std::string(kDeclarations) +
                             "define void @k(ptr addrspace(1) %a, ptr addrspace(1) %b, i64 %n, i32 %w, float %f) "
                             "\"hy.kernel\" {\n" +
                             body + "}\n";
    const std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, fault, context);
    if (module == nullptr) {
        ADD_FAILURE() << fault.getMessage().str();
        return {};
    }
    Result result;
    llvm::Function* vector =
        halyard::jit::spmd::vectorise(*module->getFunction("k"), {lanes, {64, 1, 1}, 16, masked}, nullptr, result.why);
    if (vector == nullptr)
        return result;
    llvm::raw_string_ostream out(result.text);
    EXPECT_FALSE(llvm::verifyFunction(*vector, &out)) << result.text;
    vector->print(out);
    return result;
}

TEST(Vectorise, NeighboursAreOneAccess) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %y = fmul float %x, %f
  store float %y, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(made.count("load <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("masked"), 0u) << made.text;
}

// `int i = get_global_id(0)` as an index, the way LLVM writes it: an id cut to 32 bits and extended again.
TEST(Vectorise, AnIdThatIsAnIntIsARow) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %shifted = shl i64 %i, 32
  %index = ashr exact i64 %shifted, 32
  %p = getelementptr float, ptr addrspace(1) %a, i64 %index
  %x = load float, ptr addrspace(1) %p
  %y = fmul float %x, %f
  store float %y, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(made.count("load <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("masked"), 0u) << made.text;
}

// `int i = get_global_id(0) + w * get_global_id(1)`: a row unless it wraps round, which a test tells.
TEST(Vectorise, AnIntThatIsExtendedIsLikelyARow) {
    const Result made = vectorise(R"(
  %x = call i64 @hy.global_id(i32 0)
  %y = call i64 @hy.global_id(i32 1)
  %below = mul i64 %y, %n
  %i = add i64 %below, %x
  %shifted = shl i64 %i, 32
  %index = ashr exact i64 %shifted, 32
  %p = getelementptr float, ptr addrspace(1) %a, i64 %index
  %v = load float, ptr addrspace(1) %p
  %masked = and i64 %i, 4294967295
  %q = getelementptr float, ptr addrspace(1) %b, i64 %masked
  store float %v, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count("load <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("icmp sle i32"), 1u) << made.text;
    EXPECT_EQ(made.count("icmp ule i32"), 1u) << made.text;
}

TEST(Vectorise, SomeLanesAreAMask) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %inside = icmp slt i64 %i, %n
  br i1 %inside, label %body, label %end
body:
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %y = call float @llvm.sqrt.f32(float %x)
  store float %y, ptr addrspace(1) %p
  br label %end
end:
  ret void
)");
    EXPECT_EQ(made.count("call <8 x float> @llvm.masked.load"), 1u) << made.text;
    EXPECT_EQ(made.count("call void @llvm.masked.store"), 1u) << made.text;
    EXPECT_EQ(made.count("call <8 x float> @llvm.sqrt"), 1u) << made.text;
}

TEST(Vectorise, UniformLoopsAndLoadsStayScalar) {
    const Result made = vectorise(R"(
entry:
  %i = call i64 @hy.global_id(i32 0)
  %inside = icmp slt i64 %i, 1000
  br i1 %inside, label %loop, label %end
loop:
  %k = phi i64 [ 0, %entry ], [ %next, %loop ]
  %sum = phi float [ 0.0, %entry ], [ %more, %loop ]
  %pk = getelementptr float, ptr addrspace(1) %a, i64 %k
  %x = load float, ptr addrspace(1) %pk
  %ki = add i64 %k, %i
  %pi = getelementptr float, ptr addrspace(1) %b, i64 %ki
  %y = load float, ptr addrspace(1) %pi
  %product = fmul float %x, %y
  %more = fadd float %sum, %product
  %next = add i64 %k, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  %p = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %more, ptr addrspace(1) %p
  br label %end
end:
  ret void
)");
    EXPECT_EQ(made.count("load float"), 1u) << made.text;
    EXPECT_EQ(made.count("gather"), 0u) << made.text;
    EXPECT_EQ(made.count("icmp slt i64"), 1u) << "the loop goes on by one scalar comparison\n" << made.text;
}

TEST(Vectorise, LanesLeaveALoopOneByOne) {
    const Result made = vectorise(R"(
entry:
  %i = call i64 @hy.global_id(i32 0)
  br label %loop
loop:
  %k = phi i64 [ %i, %entry ], [ %next, %loop ]
  %next = add i64 %k, -3
  %again = icmp sgt i64 %next, 0
  br i1 %again, label %loop, label %done
done:
  %p = getelementptr i64, ptr addrspace(1) %b, i64 %i
  store i64 %next, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(made.count("bitcast <8 x i1>"), 1u) << "one test whether any lane goes on\n" << made.text;
    EXPECT_EQ(made.count("store <8 x i64>"), 1u) << made.text;
}

// 32 bits may wrap round between two lanes: rows then, and places apart where it does.
TEST(Vectorise, NarrowIndicesAreTested) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %narrow = trunc i64 %i to i32
  %index = add i32 %narrow, %w
  %wide = zext i32 %index to i64
  %p = getelementptr float, ptr addrspace(1) %a, i64 %wide
  store float %f, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("call void @llvm.masked.scatter"), 1u) << made.text;
    EXPECT_EQ(made.count("icmp ule i32"), 1u) << made.text;
    const Result known = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %narrow = trunc i64 %i to i32
  %index = add nsw i32 %narrow, %w
  %wide = sext i32 %index to i64
  %p = getelementptr float, ptr addrspace(1) %a, i64 %wide
  store float %f, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(known.count("scatter"), 0u) << known.text;
}

TEST(Vectorise, IdsInRowsAreKnown) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.local_id(i32 0)
  %row = lshr i64 %i, 4
  %column = and i64 %i, 15
  %p = getelementptr float, ptr addrspace(1) %a, i64 %row
  %x = load float, ptr addrspace(1) %p
  %q = getelementptr float, ptr addrspace(1) %b, i64 %column
  store float %x, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count("load float"), 1u) << "lanes of one row read one place\n" << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
}

TEST(Vectorise, RefusesInWords) {
    const Result barrier = vectorise(R"(
  %i = call i64 @hy.local_id(i32 0)
  %some = icmp slt i64 %i, %n
  br i1 %some, label %body, label %end
body:
  call void @hy.barrier(i32 2, i32 2, i32 264)
  br label %end
end:
  ret void
)");
    EXPECT_EQ(barrier.text, "");
    EXPECT_EQ(barrier.why, "a barrier that not all invocations may come to");
    const Result subgroup = vectorise(R"(
  %x = call i1 @hy.subgroup.any(i1 true)
  ret void
)");
    EXPECT_EQ(subgroup.text, "");
    EXPECT_EQ(subgroup.why, "operations of a subgroup that is not the lanes");
}

TEST(Vectorise, AtomicsOnOnePlaceAreOne) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %i
  %x = load i32, ptr addrspace(1) %p
  %old = atomicrmw add ptr addrspace(1) %b, i32 %x monotonic
  %least = atomicrmw umin ptr addrspace(1) %b, i32 %x monotonic
  store i32 %old, ptr addrspace(1) %p
  ret void
)");
    EXPECT_EQ(made.count("atomicrmw"), 2u) << made.text;
    EXPECT_EQ(made.count("@llvm.vector.reduce.add"), 1u) << made.text;
    EXPECT_EQ(made.count("@llvm.vector.reduce.umin"), 1u) << made.text;
    EXPECT_EQ(made.count("lane:"), 0u) << made.text;
}

TEST(Vectorise, AtomicsWhoseOrderCountsAreNotOne) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %old = atomicrmw fadd ptr addrspace(1) %b, float %x monotonic
  %given = atomicrmw volatile add ptr addrspace(1) %b, i32 %w monotonic
  ret void
)");
    EXPECT_EQ(made.count("atomicrmw fadd"), 1u) << made.text; // in a loop: each is one itself
    EXPECT_EQ(made.count("lane:"), 1u) << made.text;
    EXPECT_EQ(made.count("atomicrmw volatile add"), 8u) << made.text;
}

// In a row, without a loop, and with addresses that the processor sees to be apart.
TEST(Vectorise, AtomicsOnManyPlacesAreBaseAndIndex) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %i
  %x = load i32, ptr addrspace(1) %p
  %index = zext i32 %x to i64
  %q = getelementptr i32, ptr addrspace(1) %b, i64 %index
  %old = atomicrmw add ptr addrspace(1) %q, i32 1 monotonic
  ret void
)");
    EXPECT_EQ(made.count("atomicrmw"), 8u) << made.text;
    EXPECT_EQ(made.count("lane:"), 0u) << made.text;
    EXPECT_EQ(made.count("extractelement <8 x i32>"), 8u) << made.text;
    EXPECT_EQ(made.count("extractelement <8 x ptr"), 0u) << made.text;
}

// p[i] of float4: four rows and shuffles.
TEST(Vectorise, FieldsOfRecordsAreRows) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr <4 x float>, ptr addrspace(1) %a, i64 %i
  %x = load <4 x float>, ptr addrspace(1) %p
  %y = fadd <4 x float> %x, %x
  %q = getelementptr <4 x float>, ptr addrspace(1) %b, i64 %i
  store <4 x float> %y, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count(" load <8 x float>"), 4u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 4u) << made.text;
    EXPECT_EQ(made.count("shufflevector <8 x float>"), 16u) << made.text;
    EXPECT_EQ(made.count("masked"), 0u) << made.text;
}

// The third number of three is not read, and with it nothing behind the array.
TEST(Vectorise, NothingIsReadBehindTheLastRecord) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %three = mul nuw nsw i64 %i, 3
  %p = getelementptr float, ptr addrspace(1) %a, i64 %three
  %x = load float, ptr addrspace(1) %p
  %next = getelementptr float, ptr addrspace(1) %p, i64 1
  %y = load float, ptr addrspace(1) %next
  %sum = fadd float %x, %y
  %q = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %sum, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count(" load <8 x float>"), 3u) << made.text;
    EXPECT_EQ(made.count("i64 15"), 1u) << made.text; // 7 * 3 + 2 - 8
    EXPECT_EQ(made.count("masked"), 0u) << made.text;
}

TEST(Vectorise, FieldsThatOthersMayWriteInBetweenAreNotReadAtOnce) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr <2 x float>, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %q = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %x, ptr addrspace(1) %q
  %next = getelementptr float, ptr addrspace(1) %p, i64 1
  %y = load float, ptr addrspace(1) %next
  store float %y, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count(" load <8 x float>"), 4u) << made.text;
}

TEST(Vectorise, ASubgroupThatIsTheLanesStaysInRegisters) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %i
  %x = load i32, ptr addrspace(1) %p
  %sum = call i32 @hy.subgroup.reduce.iadd.i32(i32 %x)
  %other = call i32 @hy.subgroup.shuffle_xor.i32(i32 %x, i32 1)
  call void @hy.barrier(i32 3, i32 3, i32 264)
  %large = icmp sgt i32 %sum, 5
  br i1 %large, label %body, label %end
body:
  store i32 %other, ptr addrspace(1) %p
  br label %end
end:
  ret void
)",
                                  16);
    EXPECT_EQ(made.count("@llvm.vector.reduce.add.v16i32"), 1u) << made.text;
    EXPECT_EQ(made.count("shufflevector <16 x i32>"), 1u) << made.text;
    EXPECT_EQ(made.count("@hy.subgroup"), 0u) << made.text;
    EXPECT_EQ(made.count("@hy.barrier"), 0u) << made.text;
    // The sum is one number: the branch stays one.
    EXPECT_EQ(made.count("store <16 x i32>"), 1u) << made.text;
}

// docs/kir.md: floats are combined in lane order, from the first on; lanes that are not there do not count.
TEST(Vectorise, FloatsAreAddedInTheOrderOfTheLanes) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %inside = icmp slt i64 %i, %n
  br i1 %inside, label %body, label %end
body:
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %sum = call float @hy.subgroup.reduce.fadd.f32(float %x)
  store float %sum, ptr addrspace(1) %p
  br label %end
end:
  ret void
)",
                                  16);
    EXPECT_EQ(made.count("= fadd float"), 16u) << made.text;
    EXPECT_EQ(made.count("splat (float -0.000000e+00)"), 1u) << made.text;
}

// Those that leave a loop in one iteration add among themselves; behind the loop they would all be together.
TEST(Vectorise, RefusesWhatBelongsToAnIterationBehindTheLoop) {
    const Result made = vectorise(R"(
entry:
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %i
  %x = load i32, ptr addrspace(1) %p
  br label %loop
loop:
  %turn = phi i32 [ 0, %entry ], [ %next, %loop ]
  call void @hy.region.begin(i32 1)
  %next = add i32 %turn, 1
  %leaves = icmp sge i32 %next, %x
  br i1 %leaves, label %out, label %loop
out:
  %sum = call i32 @hy.subgroup.reduce.iadd.i32(i32 %x)
  br label %end
end:
  call void @hy.region.end(i32 1)
  store i32 %sum, ptr addrspace(1) %p
  ret void
)",
                                  16);
    EXPECT_EQ(made.text, "");
    EXPECT_EQ(made.why, "an operation of those that leave a loop together");
}

TEST(Vectorise, RefusesOperationsOfTheWorkgroup) {
    const Result made = vectorise(R"(
  %x = call i32 @hy.workgroup.reduce.iadd.i32(i32 1)
  ret void
)",
                                  16);
    EXPECT_EQ(made.text, "");
    EXPECT_EQ(made.why, "operations of the workgroup");
}

// Where masks cost, the row of which all lanes are there is read and written without.
TEST(Vectorise, WholeRowsNeedNoMask) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %inside = icmp slt i64 %i, %n
  br i1 %inside, label %body, label %end
body:
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %y = fmul float %x, %f
  store float %y, ptr addrspace(1) %p
  br label %end
end:
  ret void
)",
                                  8, halyard::jit::spmd::MaskedMemory::Loads);
    EXPECT_EQ(made.count("call <8 x float> @llvm.masked.load"), 1u) << made.text;
    EXPECT_EQ(made.count(" load <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("call void @llvm.masked.store"), 1u) << made.text;
    EXPECT_EQ(made.count("add i64 %i, 7"), 1u) << "the last lane alone is compared" << made.text;
}

// One copy, behind all conditions, of ids in two dimensions: only the comparisons of the first and last lane are left.
TEST(Vectorise, ConditionsOneBehindTheOtherGiveOneCopy) {
    const Result made = vectorise(R"(
  %i = call i64 @hy.global_id(i32 0)
  %j = call i64 @hy.global_id(i32 1)
  %inner = icmp ne i64 %i, 0
  br i1 %inner, label %next, label %end
next:
  %outsideI = icmp sge i64 %i, %n
  %outsideJ = icmp uge i64 %j, %n
  %outside = or i1 %outsideI, %outsideJ
  br i1 %outside, label %end, label %body
body:
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %q = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %x, ptr addrspace(1) %q
  br label %end
end:
  %r = phi float [ 1.0, %0 ], [ 2.0, %next ], [ %x, %body ]
  %all = getelementptr float, ptr addrspace(1) %b, i64 %i
  %further = getelementptr float, ptr addrspace(1) %all, i64 1000
  store float %r, ptr addrspace(1) %further
  ret void
)",
                                  8, halyard::jit::spmd::MaskedMemory::Loads);
    EXPECT_EQ(made.count(" load <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("llvm.masked.load"), 1u) << made.text;
    EXPECT_EQ(made.count("icmp ne i64 %i, 0"), 1u) << made.text;
    EXPECT_EQ(made.count("add i64 %i, 7"), 1u) << made.text;
}

// What lanes do together, do without memory or what only one of them does is there once.
TEST(Vectorise, WholeVectorsAreOfWhatGains) {
    const auto under = [](const std::string& condition, const std::string& body) {
        return vectorise("  %l = call i64 @hy.local_id(i32 0)\n  %i = call i64 @hy.global_id(i32 0)\n"
                         "  %p = getelementptr i32, ptr addrspace(1) %a, i64 %i\n"
                         "  %data = load i32, ptr addrspace(1) %p\n" +
                             condition + "  br i1 %c, label %body, label %end\nbody:\n" + body +
                             "  br label %end\nend:\n  ret void\n",
                         16, halyard::jit::spmd::MaskedMemory::Loads);
    };
    const std::string store = "  store i32 1, ptr addrspace(1) %p\n";
    const std::string guard = "  %c = icmp ult i64 %i, %n\n";
    const auto split = [](const Result& made) {
        EXPECT_NE(made.text, "") << made.why;
        return made.count(".whole:") > 0;
    };
    EXPECT_TRUE(split(under(guard, store)));
    EXPECT_FALSE(split(under("  %c = icmp eq i64 %l, %n\n", store))) << "of one lane";
    EXPECT_FALSE(split(under("  %c = icmp eq i32 %data, 0\n", store))) << "of data";
    EXPECT_FALSE(split(under("  %c = icmp ult i64 %n, 5\n", store))) << "of nothing that varies";
    EXPECT_FALSE(split(under(guard, "  %s = call i32 @hy.subgroup.reduce.iadd.i32(i32 %data)\n" + store)));
    EXPECT_FALSE(split(under(guard, "")));
}

// Indices of 32 bits one beside the other: asked once whether they wrap round, one way of rows, and one of a lane at a
// time that has no gather of each.
TEST(Vectorise, NeighboursOfAnIndexAreAskedForTogether) {
    const Result made = vectorise(R"(
  %g = call i64 @hy.global_id(i32 0)
  %x = trunc i64 %g to i32
  %at = add i32 %x, %w
  %left = add i32 %at, -1
  %right = add i32 %at, 1
  %i = zext i32 %at to i64
  %il = zext i32 %left to i64
  %ir = zext i32 %right to i64
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %pl = getelementptr float, ptr addrspace(1) %a, i64 %il
  %pr = getelementptr float, ptr addrspace(1) %a, i64 %ir
  %v = load float, ptr addrspace(1) %p
  %vl = load float, ptr addrspace(1) %pl
  %vr = load float, ptr addrspace(1) %pr
  %s = fadd float %v, %vl
  %t = fadd float %s, %vr
  %q = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %t, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count("load <8 x float>"), 3u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 1u) << made.text;
    EXPECT_EQ(made.count("load float"), 3u) << made.text;
    EXPECT_EQ(made.count("gather"), 0u) << made.text;
    EXPECT_EQ(made.count("icmp ule i32"), 1u) << made.text;
    EXPECT_EQ(made.count(", -10"), 1u) << "2 between them, 7 lanes behind the first" << made.text;
}

// Indices that other blocks, or other indices, are made of.
TEST(Vectorise, IndicesThatAreUsedElsewhereAreExtendedOnce) {
    const Result made = vectorise(R"(
  %g = call i64 @hy.global_id(i32 0)
  %x = trunc i64 %g to i32
  %at = add i32 %x, %w
  %far = add i32 %at, 100
  %i = zext i32 %at to i64
  %j = zext i32 %far to i64
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %q = getelementptr float, ptr addrspace(1) %a, i64 %j
  %v = load float, ptr addrspace(1) %p
  %u = load float, ptr addrspace(1) %q
  %again = trunc i64 %i to i32
  %third = add i32 %again, 7
  %k = zext i32 %third to i64
  %r = getelementptr float, ptr addrspace(1) %a, i64 %k
  %t = load float, ptr addrspace(1) %r
  %s = fadd float %v, %u
  %st = fadd float %s, %t
  %some = icmp ne i32 %w, 0
  br i1 %some, label %more, label %end
more:
  %to = getelementptr float, ptr addrspace(1) %b, i64 %j
  store float %st, ptr addrspace(1) %to
  br label %end
end:
  %to2 = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %st, ptr addrspace(1) %to2
  ret void
)");
    EXPECT_GE(made.count("load <8 x float>"), 2u) << made.text;
    EXPECT_EQ(made.count(" load float"), 3u) << made.text;
}

// 16 lanes, 16 apart, are 256 bytes that an 8-bit number has no sign for.
TEST(Vectorise, RowsThatChangeSignAreNotRows) {
    const std::string body = R"(
  %i = call i64 @hy.local_id(i32 0)
  %cut = trunc i64 %i to i8
  %far = shl i8 %cut, 4
  %at = sext i8 %far to i64
  %p = getelementptr i8, ptr addrspace(1) %a, i64 %at
  %middle = getelementptr i8, ptr addrspace(1) %p, i64 128
  store i8 1, ptr addrspace(1) %middle
  ret void
)";
    EXPECT_EQ(vectorise(body, 16).count("sext <16 x i8>"), 1u);
    EXPECT_EQ(vectorise(body, 8).count("sext <8 x i8>"), 0u);
}

TEST(Vectorise, PrivateArraysAtOneIndexAreRows) {
    const Result made = vectorise(R"(
  %v = alloca [16 x float], align 16
  %i = call i64 @hy.global_id(i32 0)
  %p = getelementptr float, ptr addrspace(1) %a, i64 %i
  %x = load float, ptr addrspace(1) %p
  %at = getelementptr [16 x float], ptr %v, i64 0, i64 %n
  store float %x, ptr %at, align 16
  %next = getelementptr i8, ptr %at, i64 -8
  %y = load float, ptr %next
  %q = getelementptr float, ptr addrspace(1) %b, i64 %i
  store float %y, ptr addrspace(1) %q
  ret void
)");
    EXPECT_EQ(made.count("alloca [512 x i8], align 32"), 1u) << made.text;
    EXPECT_EQ(made.count("store <8 x float>"), 2u) << made.text;
    EXPECT_EQ(made.count("load <8 x float>"), 2u) << made.text;
    EXPECT_EQ(made.count("masked"), 0u) << made.text;
}

// What sees more than an element of the array needs it in one piece.
TEST(Vectorise, PrivateArraysThatAreReadOtherwiseStayWhole) {
    const char* const uses[] = {"  %y = load i16, ptr %at\n  %w2 = zext i16 %y to i32\n",
                                "  %at1 = getelementptr i8, ptr %at, i64 1\n  %w2 = load i32, ptr %at1, align 1\n",
                                "  %y = ptrtoint ptr %at to i64\n  %w2 = trunc i64 %y to i32\n",
                                "  %w2 = load volatile i32, ptr %at\n"};
    for (const std::string use : uses) {
        const Result made = vectorise(R"(
  %v = alloca [16 x i32]
  %i = call i64 @hy.global_id(i32 0)
  %own = trunc i64 %i to i32
  %at = getelementptr [16 x i32], ptr %v, i64 0, i64 %n
  store i32 %own, ptr %at
)" + use + R"(
  %q = getelementptr i32, ptr addrspace(1) %b, i64 %i
  store i32 %w2, ptr addrspace(1) %q
  ret void
)");
        EXPECT_EQ(made.count("alloca [512 x i8], align 32"), 0u) << made.text;
        EXPECT_EQ(made.count("llvm.masked.scatter"), 1u) << use << made.text;
    }
}

} // namespace
