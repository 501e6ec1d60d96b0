#include "warp.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::testing {

bool find(const std::string& form, Alu& out) {
    std::vector<std::string> parts;
    for (size_t at = 0; at <= form.size();) {
        const size_t dot = std::min(form.find('.', at), form.size());
        parts.push_back(form.substr(at, dot - at));
        at = dot + 1;
    }
    const std::string opcode = parts.front();
    parts.erase(parts.begin());
    return findAlu(opcode, parts, out);
}

std::vector<std::vector<uint64_t>> runAll(const std::string& form, const std::vector<std::vector<uint64_t>>& tuples) {
    Alu alu;
    if (!find(form, alu)) {
        ADD_FAILURE() << "no instruction " << form;
        return std::vector<std::vector<uint64_t>>(tuples.size(), std::vector<uint64_t>(8));
    }
    std::vector<std::vector<uint64_t>> results(tuples.size(), std::vector<uint64_t>(alu.destinations));
    for (size_t first = 0; first < tuples.size(); first += kWarp) {
        const size_t count = std::min<size_t>(kWarp, tuples.size() - first);
        std::vector<Register> in(alu.sources), out(alu.destinations);
        for (size_t lane = 0; lane < count; ++lane) {
            const std::vector<uint64_t>& tuple = tuples[first + lane];
            if (tuple.size() != alu.sources) {
                ADD_FAILURE() << form << " reads " << int{alu.sources} << " registers, not " << tuple.size();
                return results;
            }
            for (size_t source = 0; source < tuple.size(); ++source)
                in[source][lane] = tuple[source];
        }
        std::vector<const uint64_t*> sources;
        std::vector<uint64_t*> destinations;
        for (const Register& source : in)
            sources.push_back(source.data());
        for (Register& destination : out)
            destinations.push_back(destination.data());
        alu.run(destinations.data(), sources.data(), ~uint32_t{0}, alu.data);
        for (size_t lane = 0; lane < count; ++lane)
            for (size_t destination = 0; destination < out.size(); ++destination)
                results[first + lane][destination] = out[destination][lane];
    }
    return results;
}

uint64_t run(const std::string& form, const std::vector<uint64_t>& sources) {
    return runAll(form, {sources})[0][0];
}

} // namespace halyard::softcuda::ptx::testing
