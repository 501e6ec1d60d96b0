#include "alu_table.h"
namespace halyard::softcuda::ptx {
void addHalves(AluTable&) {}
void addNarrowConversions(AluTable&) {}
void addMatrices(AluTable&) {}
} // namespace halyard::softcuda::ptx
