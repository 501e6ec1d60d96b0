#include "jit/passes/spmd/interleave.h"

#include <algorithm>

#include <llvm/IR/Function.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::spmd {

using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

namespace {

constexpr unsigned kFewFields = 4; // of which one is worth reading all
constexpr unsigned kMostFields = 8;

// An address as the sum of a base, of scaled values and of a constant.
struct Sum {
    struct Term {
        const Value* value;
        unsigned extension; // 0: none
        uint64_t scale;
        bool operator==(const Term&) const = default;
    };
    const Value* base = nullptr;
    std::vector<Term> terms;
    int64_t constant = 0;

    bool differsByConstant(const Sum& other) const { return base == other.base && terms == other.terms; }

    void addIndex(const Value* index, uint64_t scale) {
        unsigned extension = 0;
        if (llvm::isa<llvm::SExtInst, llvm::ZExtInst>(index)) {
            extension = llvm::cast<Instruction>(index)->getOpcode();
            index = llvm::cast<Instruction>(index)->getOperand(0);
        }
        const auto* sum = llvm::dyn_cast<Instruction>(index);
        const bool adds =
            sum != nullptr && sum->getOpcode() == Instruction::Add &&
            (extension == 0 || (extension == Instruction::SExt ? sum->hasNoSignedWrap() : sum->hasNoUnsignedWrap()));
        const bool joins = sum != nullptr && sum->getOpcode() == Instruction::Or &&
                           llvm::cast<llvm::PossiblyDisjointInst>(sum)->isDisjoint();
        const auto* number = adds || joins ? llvm::dyn_cast<llvm::ConstantInt>(sum->getOperand(1)) : nullptr;
        if (number != nullptr && number->getBitWidth() <= 64) {
            const uint64_t value =
                extension == Instruction::ZExt ? number->getZExtValue() : static_cast<uint64_t>(number->getSExtValue());
            constant = static_cast<int64_t>(static_cast<uint64_t>(constant) + value * scale);
            index = sum->getOperand(0);
        }
        terms.push_back({index, extension, scale});
    }

    Sum(const Value* pointer, const llvm::DataLayout& data) {
        while (const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(pointer)) {
            for (auto it = llvm::gep_type_begin(address); it != llvm::gep_type_end(address); ++it) {
                const auto* number = llvm::dyn_cast<llvm::ConstantInt>(it.getOperand());
                if (llvm::StructType* structure = it.getStructTypeOrNull()) {
                    const auto field = static_cast<unsigned>(number->getZExtValue());
                    constant += static_cast<int64_t>(data.getStructLayout(structure)->getElementOffset(field));
                    continue;
                }
                const uint64_t scale = it.getSequentialElementStride(data).getFixedValue();
                if (number != nullptr) {
                    constant = static_cast<int64_t>(static_cast<uint64_t>(constant) +
                                                    static_cast<uint64_t>(number->getSExtValue()) * scale);
                } else {
                    addIndex(it.getOperand(), scale);
                }
            }
            pointer = address->getPointerOperand();
        }
        base = pointer;
    }
};

// Records that may still get fields.
struct Open {
    Sum place; // of the first field that was found
    Type* element;
    int64_t stride;                                             // in bytes
    std::vector<std::pair<const Instruction*, int64_t>> fields; // with its place, in bytes
};

bool isWorthwhile(const Open& open, bool loads, size_t distinct) {
    const auto period = static_cast<size_t>(open.stride) / (open.element->getPrimitiveSizeInBits() / 8);
    return loads ? period <= kFewFields || distinct * 3 >= period : distinct * 2 > period;
}

} // namespace

Interleaved::Interleaved(const llvm::Function& function, const Shapes& shapes) {
    const llvm::DataLayout& data = function.getDataLayout();
    std::vector<Open> loads;
    std::vector<Open> stores; // one at most
    const auto close = [&](std::vector<Open>& all, bool isLoad) {
        for (const Open& open : all) {
            int64_t lowest = open.fields.front().second;
            int64_t highest = lowest;
            std::vector<int64_t> distinct;
            for (const auto& [access, place] : open.fields) {
                lowest = std::min(lowest, place);
                highest = std::max(highest, place);
                distinct.push_back(place);
            }
            std::sort(distinct.begin(), distinct.end());
            distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
            if (!isWorthwhile(open, isLoad, distinct.size())) {
                continue;
            }
            const int64_t size = static_cast<int64_t>(open.element->getPrimitiveSizeInBits() / 8);
            const auto elements = [&](int64_t bytes) { return static_cast<unsigned>(bytes / size); };
            const auto& where = isLoad ? open.fields.front() : open.fields.back();
            Records made{{},
                         where.first,
                         open.element,
                         elements(open.stride),
                         elements(highest - lowest) + 1,
                         elements(where.second - lowest)};
            for (const auto& [access, place] : open.fields) {
                made.fields.push_back({access, elements(place - lowest)});
                index_[access] = records_.size();
            }
            records_.push_back(std::move(made));
        }
        all.clear();
    };
    const auto add = [&](std::vector<Open>& all, const Instruction& access, bool isLoad) {
        const Value* pointer = llvm::getLoadStorePointerOperand(&access);
        Type* element = llvm::getLoadStoreType(&access);
        const bool simple =
            isLoad ? llvm::cast<llvm::LoadInst>(access).isSimple() : llvm::cast<llvm::StoreInst>(access).isSimple();
        const auto bytes = static_cast<int64_t>(element->getPrimitiveSizeInBits() / 8);
        const auto stride = simple && bytes >= 1 && bytes <= 8 ? shapes.likelyStride(pointer) : std::nullopt;
        if (!stride || element->isVectorTy() || *stride % bytes != 0 || *stride < 2 * bytes ||
            *stride > kMostFields * bytes) {
            return false;
        }
        const Sum place(pointer, data);
        for (Open& open : all) {
            int64_t lowest = place.constant;
            int64_t highest = place.constant;
            bool twice = false;
            for (const auto& field : open.fields) {
                lowest = std::min(lowest, field.second);
                highest = std::max(highest, field.second);
                twice = twice || field.second == place.constant;
            }
            if (open.element == element && open.stride == *stride && open.place.differsByConstant(place) &&
                (place.constant - open.place.constant) % bytes == 0 && highest - lowest < *stride &&
                (isLoad || !twice)) {
                open.fields.emplace_back(&access, place.constant);
                return true;
            }
        }
        if (!isLoad) {
            close(all, false);
        }
        all.push_back({place, element, *stride, {{&access, place.constant}}});
        return true;
    };
    for (const llvm::BasicBlock& block : function) {
        for (const Instruction& instruction : block) {
            const bool isLoad = llvm::isa<llvm::LoadInst>(instruction);
            if (llvm::isa<llvm::StoreInst>(instruction)) {
                close(loads, true);
                if (!add(stores, instruction, false)) {
                    close(stores, false);
                }
            } else if (instruction.mayReadOrWriteMemory()) {
                close(stores, false);
                if (instruction.mayWriteToMemory()) {
                    close(loads, true);
                } else if (isLoad) {
                    add(loads, instruction, true);
                }
            }
        }
        close(loads, true);
        close(stores, false);
    }
}

const Records* Interleaved::of(const Instruction* access) const {
    const auto found = index_.find(access);
    return found != index_.end() ? &records_[found->second] : nullptr;
}

namespace {

// A vector whose elements are those of the memory at first, first + step, first + 2 * step...
struct Row {
    Value* value;
    unsigned first;
    unsigned step;
};

class Shuffles {
public:
    Shuffles(IRBuilder<>& at, unsigned lanes) : at_(at), lanes_(lanes) {}

    // The elements at first, first + step... up to `total`, from rows that hold them all.
    Row pick(llvm::ArrayRef<Row> rows, unsigned first, unsigned step, unsigned total) {
        const auto find = [&](const Row& row, unsigned wanted) {
            const bool in = wanted < total && wanted >= row.first && (wanted - row.first) % row.step == 0;
            const unsigned place = in ? (wanted - row.first) / row.step : lanes_;
            return place < lanes_ ? static_cast<int>(place) : -1;
        };
        Value* result = rows[0].value;
        for (size_t i = 1; i < rows.size(); ++i) {
            llvm::SmallVector<int, 16> from;
            for (unsigned lane = 0; lane < lanes_; ++lane) {
                const unsigned wanted = first + lane * step;
                int known = i == 1 ? find(rows[0], wanted) : -1;
                for (size_t before = 0; i > 1 && before < i; ++before) {
                    known = find(rows[before], wanted) >= 0 ? static_cast<int>(lane) : known;
                }
                const int fresh = find(rows[i], wanted);
                from.push_back(known < 0 && fresh >= 0 ? fresh + static_cast<int>(lanes_) : known);
            }
            result = at_.CreateShuffleVector(result, rows[i].value, from);
        }
        return {result, first, step};
    }

    // The fields of records of `period` elements, by their offsets from `first`; rows of every step-th element.
    void split(std::vector<Row> rows, unsigned first, unsigned step, const std::vector<bool>& wanted, unsigned total,
               std::vector<Value*>& fields) {
        const auto period = static_cast<unsigned>(wanted.size());
        const unsigned left = period / step;
        if (left % 2 != 0) {
            for (unsigned offset = first; offset < period; offset += step) {
                if (wanted[offset]) {
                    fields[offset] = left == 1 ? rows[0].value : pick(rows, offset, period, total).value;
                }
            }
            return;
        }
        for (unsigned start : {first, first + step}) {
            bool any = false;
            for (unsigned offset = start; offset < period; offset += 2 * step) {
                any = any || wanted[offset];
            }
            if (!any) {
                continue;
            }
            std::vector<Row> half;
            for (size_t i = 0; i < rows.size(); i += 2) {
                const auto begin = static_cast<unsigned>(start + i / 2 * lanes_ * 2 * step);
                half.push_back(pick({rows[i], rows[i + 1]}, begin, 2 * step, total));
            }
            split(std::move(half), start, 2 * step, wanted, total, fields);
        }
    }

    // One vector after the other of what the parts are in turns; null parts leave nothing in particular.
    std::vector<Value*> join(llvm::ArrayRef<Value*> parts) {
        const auto count = static_cast<unsigned>(parts.size());
        if (count == 1) {
            return {parts[0]};
        }
        std::vector<Value*> rows;
        if (count % 2 == 0) {
            std::vector<Value*> even;
            std::vector<Value*> odd;
            for (unsigned i = 0; i < count; ++i) {
                (i % 2 == 0 ? even : odd).push_back(parts[i]);
            }
            const std::vector<Value*> left = join(even);
            const std::vector<Value*> right = join(odd);
            for (unsigned i = 0; i < count; ++i) {
                llvm::SmallVector<int, 16> from;
                for (unsigned j = 0; j < lanes_; ++j) {
                    from.push_back(static_cast<int>((i % 2 * lanes_ + j) / 2 + j % 2 * lanes_));
                }
                rows.push_back(at_.CreateShuffleVector(left[i / 2], right[i / 2], from));
            }
            return rows;
        }
        for (unsigned i = 0; i < count; ++i) {
            Value* row = parts[0];
            for (unsigned part = 1; part < count; ++part) {
                llvm::SmallVector<int, 16> from;
                for (unsigned j = 0; j < lanes_; ++j) {
                    const unsigned lane = (i * lanes_ + j) / count;
                    const unsigned source = (i * lanes_ + j) % count;
                    from.push_back(static_cast<int>(source == part ? lanes_ + lane : part == 1 ? lane : j));
                }
                row = at_.CreateShuffleVector(row, parts[part], from);
            }
            rows.push_back(row);
        }
        return rows;
    }

    // For elements first, first + 1... of the memory: whether their lane is in the mask and they are of a field.
    Value* elementMask(Value* mask, const std::vector<bool>& fields, unsigned first) {
        const auto period = static_cast<unsigned>(fields.size());
        llvm::SmallVector<int, 16> from;
        llvm::SmallVector<llvm::Constant*, 16> fixed;
        for (unsigned j = 0; j < lanes_; ++j) {
            const bool field = fields[(first + j) % period];
            from.push_back(static_cast<int>(field ? (first + j) / period : lanes_));
            fixed.push_back(at_.getInt1(field));
        }
        return mask == nullptr ? llvm::ConstantVector::get(fixed)
                               : at_.CreateShuffleVector(mask, llvm::ConstantInt::getFalse(mask->getType()), from);
    }

    Value* at(Value* first, Type* element, unsigned offset) { return at_.CreateConstGEP1_64(element, first, offset); }

private:
    IRBuilder<>& at_;
    const unsigned lanes_;
};

llvm::Align alignAt(llvm::Align align, Type* element, unsigned offset) {
    return llvm::commonAlignment(align, uint64_t{offset} * (element->getPrimitiveSizeInBits() / 8));
}

} // namespace

std::vector<Value*> loadRecords(IRBuilder<>& at, const Records& records, Value* first, llvm::Align align, Value* mask,
                                unsigned lanes) {
    auto* wide = llvm::FixedVectorType::get(records.element, lanes);
    const unsigned total = (lanes - 1) * records.period + records.span;
    Shuffles shuffles(at, lanes);
    std::vector<bool> inside(records.period);
    std::fill_n(inside.begin(), records.span, true);
    std::vector<Row> rows;
    for (unsigned i = 0; i < records.period; ++i) {
        const unsigned begin = std::min(i * lanes, total - lanes); // the last ones may overlap: nothing behind is read
        Value* from = shuffles.at(first, records.element, begin);
        const llvm::Align known = alignAt(align, records.element, begin);
        Value* row = mask == nullptr ? static_cast<Value*>(at.CreateAlignedLoad(wide, from, known))
                                     : at.CreateMaskedLoad(wide, from, known, shuffles.elementMask(mask, inside, begin),
                                                           llvm::PoisonValue::get(wide));
        rows.push_back({row, begin, 1});
    }
    std::vector<bool> wanted(records.period);
    for (const Records::Field& field : records.fields) {
        wanted[field.offset] = true;
    }
    std::vector<Value*> fields(records.period);
    shuffles.split(std::move(rows), 0, 1, wanted, total, fields);
    return fields;
}

void storeRecords(IRBuilder<>& at, const Records& records, llvm::ArrayRef<Value*> fields, Value* first,
                  llvm::Align align, Value* mask, unsigned lanes) {
    Shuffles shuffles(at, lanes);
    Value* none = llvm::PoisonValue::get(llvm::FixedVectorType::get(records.element, lanes));
    std::vector<Value*> parts;
    std::vector<bool> written;
    for (Value* field : fields) {
        parts.push_back(field != nullptr ? field : none);
        written.push_back(field != nullptr);
    }
    const bool all = mask == nullptr && llvm::all_of(written, [](bool is) { return is; });
    const std::vector<Value*> rows = shuffles.join(parts);
    for (unsigned i = 0; i < rows.size(); ++i) {
        Value* to = shuffles.at(first, records.element, i * lanes);
        const llvm::Align known = alignAt(align, records.element, i * lanes);
        if (all) {
            at.CreateAlignedStore(rows[i], to, known);
        } else {
            at.CreateMaskedStore(rows[i], to, known, shuffles.elementMask(mask, written, i * lanes));
        }
    }
}

} // namespace halyard::jit::spmd
