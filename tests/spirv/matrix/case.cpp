#include "matrix/case.h"

namespace halyard::spirvtest {

std::string Type::name() const {
    std::string text = isSigned ? std::string("s") + (scalarName(scalar) + 1) : scalarName(scalar);
    if (columns != 0) {
        return text + "m" + std::to_string(columns) + "x" + std::to_string(width);
    }
    return width == 1 ? text : text + "x" + std::to_string(width);
}

namespace {

Id scalarId(Module& module, Scalar scalar, bool isSigned) {
    if (scalar == Scalar::Bool) {
        return module.boolType();
    }
    return isFloat(scalar) ? module.floatType(bitsOf(scalar)) : module.intType(bitsOf(scalar), isSigned);
}

} // namespace

Id Type::id(Module& module) const {
    Id type = scalarId(module, scalar, isSigned);
    if (width > 1) {
        type = module.vectorType(type, width);
    }
    return columns == 0 ? type : module.matrixType(type, columns);
}

Id Type::storedId(Module& module) const {
    if (scalar != Scalar::Bool) {
        return id(module);
    }
    return Type{module.flavour() == Flavour::Kernel ? Scalar::I8 : Scalar::I32, width}.id(module);
}

} // namespace halyard::spirvtest
