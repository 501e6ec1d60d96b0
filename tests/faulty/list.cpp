// halyard-faults: what HALYARD_FAULT takes, a fault a line: name, what it breaks, the tests to try first, separated by
// tabulators.
#include "fault.h"

#include <cstdio>

int main() {
    for (const halyard::faulty::Fault& fault : halyard::faulty::allFaults())
        std::printf("%s\t%s\t%s\n", fault.name, fault.breaks, fault.likely);
    return 0;
}
