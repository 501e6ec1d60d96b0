#include "random/program.h"

namespace halyard::spirvtest::random {
namespace {

bool isStatement(Form form) {
    return form >= Form::Block;
}

bool jumps(const Node& node) {
    if (node.form == Form::Break || node.form == Form::Continue)
        return true;
    for (const NodePtr& child : node.children) {
        if (jumps(*child))
            return true;
    }
    return false;
}

size_t sizeOf(const Node& node) {
    size_t size = 1;
    for (const NodePtr& child : node.children)
        size += sizeOf(*child);
    return size;
}

NodePtr share(Node node) {
    return std::make_shared<Node>(std::move(node));
}

// What may stand in the place of one node. Nothing here can make uniform control flow diverge.
std::vector<NodePtr> replacements(const Node& node) {
    std::vector<NodePtr> list;
    if (!isStatement(node.form)) {
        if (node.form != Form::Constant) {
            list.push_back(share({.form = Form::Constant, .type = node.type, .value = 0}));
            list.push_back(share({.form = Form::Constant, .type = node.type, .value = 1}));
        }
        for (const NodePtr& child : node.children) {
            if (child->type == node.type && !isStatement(child->form))
                list.push_back(child);
        }
        return list;
    }
    if (node.form == Form::Block) {
        if (node.children.size() > 3) { // halves first
            for (const bool front : {true, false}) {
                Node half = node;
                const auto middle = half.children.begin() + static_cast<ptrdiff_t>(half.children.size() / 2);
                if (front)
                    half.children.erase(middle, half.children.end());
                else
                    half.children.erase(half.children.begin(), middle);
                list.push_back(share(std::move(half)));
            }
        }
        for (size_t i = 0; i < node.children.size(); ++i) {
            Node without = node;
            without.children.erase(without.children.begin() + static_cast<ptrdiff_t>(i));
            list.push_back(share(std::move(without)));
        }
        return list;
    }
    if (node.form == Form::Loop && jumps(node))
        return list;
    if (node.form == Form::If || node.form == Form::Switch || node.form == Form::Loop) {
        for (const NodePtr& child : node.children) {
            if (isStatement(child->form))
                list.push_back(child);
        }
    }
    return list;
}

// Every tree that differs from `node` in one replacement, outermost first.
std::vector<NodePtr> variants(const NodePtr& node) {
    std::vector<NodePtr> list = replacements(*node);
    for (size_t i = 0; i < node->children.size(); ++i) {
        for (NodePtr& child : variants(node->children[i])) {
            Node copy = *node;
            copy.children[i] = std::move(child);
            list.push_back(share(std::move(copy)));
        }
    }
    return list;
}

} // namespace

size_t sizeOf(const Program& program) {
    size_t size = 0;
    for (const Function& function : program.functions)
        size += sizeOf(*function.body);
    return size;
}

std::vector<Program> simplifications(const Program& program) {
    std::vector<Program> list;
    for (int dimension = 0; dimension < 3; ++dimension) {
        if (program.workgroups[dimension] > 1) {
            list.push_back(program);
            list.back().workgroups[dimension] = 1;
        }
        if (program.workgroupSize[dimension] > 1) {
            list.push_back(program);
            list.back().workgroupSize[dimension] /= 2;
        }
    }
    for (size_t i = program.functions.size(); i-- > 0;) {
        for (NodePtr& body : variants(program.functions[i].body)) {
            list.push_back(program);
            list.back().functions[i].body = std::move(body);
        }
    }
    return list;
}

} // namespace halyard::spirvtest::random
