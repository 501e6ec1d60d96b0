// Function -> Code.
#pragma once

#include "handlers.h"
#include "lexer.h"
#include "program_data.h"

#include <map>
#include <unordered_map>

namespace halyard::softcuda::ptx {

class Words;

// Where a variable is for the function: an address or offset in its space.
struct Place {
    enum class Kind : uint8_t { Device, Shared, DynamicShared, Local, KernelParameter, Area, Function } kind;
    uint64_t address = 0;
    Space space = Space::Global;
};
using Places = std::unordered_map<std::string, Place>;

class FunctionDecoder {
public:
    FunctionDecoder(const ProgramData& program, const Function& function, const Places& places, Code& code)
        : program_(program), function_(function), places_(places), code_(code) {}
    void decode();

private:
    using Decode = void (FunctionDecoder::*)(const Instruction&);
    static Decode find(const Instruction& instruction);

    // decode_control.cpp
    void branch(const Instruction& in);
    void branchTable(const Instruction& in);
    void call(const Instruction& in);
    void argumentSize(const Instruction& in, const Operand& operand, const Parameter& parameter) const;
    void end(const Instruction& in);
    void hint(const Instruction& in);
    void yield(const Instruction& in);
    void fence(const Instruction& in);
    void barrier(const Instruction& in);
    void warpBarrier(const Instruction& in);
    void elect(const Instruction& in);
    void activeMask(const Instruction& in);
    // decode_memory.cpp
    void load(const Instruction& in);
    void store(const Instruction& in);
    void atomic(const Instruction& in);
    void copyAsync(const Instruction& in);
    void matrixTransfer(const Instruction& in);
    void loadRows(const Instruction& in);
    // decode_move.cpp
    void move(const Instruction& in);
    void convertAddress(const Instruction& in);
    void isSpace(const Instruction& in);
    // decode_alu.cpp
    void alu(const Instruction& in);

    struct Access {
        Space space = Space::Generic;
        Type type;
        uint8_t elements = 1;
        bool hint = false; // an operand more: a cache policy
        std::string_view strength;
        bool isOrdered() const { return !strength.empty() && strength != "weak"; }
        std::string operation;
    };
    Access access(const Instruction& in, bool withOperation);
    static bool order(Words& words, const Instruction& in, Access& access);
    static void cache(Words& words, const Instruction& in, const Access& access);
    void policy(const Instruction& in, const Access& access, size_t operand);
    struct Base {
        Slot slot = 0;
        int64_t offset = 0;
        Space space = Space::Generic;
        bool kernelParameter = false; // at `offset`
    };
    Base address(const Instruction& in, const Operand& operand, Space space);

    // Operands. `bits` is the width that the instruction wants, 0 for any.
    Slot constant(uint64_t value);
    Slot carry();
    Slot temporary() { return static_cast<Slot>(code_.registers++); }
    Slot source(const Instruction& in, const Operand& operand, Type type, bool widerToo = false);
    Slot destination(const Instruction& in, const Operand& operand, Type type, bool widerToo = false);
    Slot symbol(const Instruction& in, const std::string& name, int64_t offset);
    const Place& place(const Instruction& in, const std::string& name) const;
    static uint64_t immediateBits(const Instruction& in, const Immediate& immediate, Type type);
    static std::vector<Operand> flatten(const Operand& operand);

    Op& emit(const Instruction& in, Handler run, const std::vector<Slot>& destinations,
             const std::vector<Slot>& sources);
    [[noreturn]] static void fail(const Instruction& in, const std::string& words);
    static void operandCount(const Instruction& in, size_t least, size_t most);
    [[noreturn]] static void badModifier(const Instruction& in, const std::string& modifier);

    const ProgramData& program_;
    const Function& function_;
    const Places& places_;
    Code& code_;
    std::map<uint64_t, Slot> constants_;
    std::vector<int32_t> meetings_;
    Slot carry_ = -1;
    uint32_t at_ = 0;       // the instruction
    bool specials_ = false; // it takes special registers
};

std::string shown(const Instruction& instruction);
bool hasModifier(const Instruction& instruction, std::string_view modifier);

} // namespace halyard::softcuda::ptx
