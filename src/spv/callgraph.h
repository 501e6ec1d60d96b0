// What a function reaches through static calls. Private to src/spv.
#pragma once

#include "spv/module.h"

namespace halyard::spv {

struct Reach {
    std::vector<Id> functions;    // with a body, itself included, in id order
    std::vector<Id> variables;    // module-scope OpVariables, in id order
    std::vector<Id> arrayLengths; // the structure operands of OpArrayLength, in id order
    std::vector<Id> barriers;     // the execution scopes of OpControlBarrier, in id order
};

// Summarises each function once. Cycles are harmless. Not thread-safe; the module must outlive it.
class CallGraph {
public:
    explicit CallGraph(const Module& module);

    // Errors: HY_ERROR_UNSUPPORTED_SPIRV when the entry points of the module together reach more than can be
    // walked in reasonable time.
    Result<Reach> from(Id function);

private:
    struct Summary {
        Reach direct;
        std::vector<Id> callees;
    };
    const Summary& summary(const Function& function);
    void scan(const Instruction& instruction, Summary& summary, std::vector<Id>& pending) const;

    const Module& module_;
    std::unordered_map<Id, Summary> summaries_;
    uint64_t budget_;
};

} // namespace halyard::spv
