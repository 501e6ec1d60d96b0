#include "cpu/side.h"

namespace halyard::bench::cpu {

std::unique_ptr<OpenCl> openOpenCl(bool /*hasty*/, std::string& outReason) {
    outReason = "this program was built without OpenCL's headers and loader";
    return nullptr;
}

} // namespace halyard::bench::cpu
