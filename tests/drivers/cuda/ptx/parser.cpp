#include "parser.h"

#include "function_parser.h"
#include "types.h"
#include "variable_parser.h"
#include "version_gate.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

class ModuleParser {
public:
    ModuleParser(std::string_view text, const LoadOptions& options) : in_(lex(text)), options_(options) {}

    Module parse() {
        header();
        while (!in_.atEnd())
            declaration();
        return std::move(module_);
    }

private:
    void header() {
        if (!in_.acceptDotted("version"))
            in_.fail("expected .version at the beginning but found " + in_.shown());
        version();
        if (!in_.acceptDotted("target"))
            in_.fail("expected .target behind .version but found " + in_.shown());
        const uint32_t line = in_.line();
        module_.target = in_.name("a target");
        while (in_.accept(',')) {
            const std::string_view option = in_.name("an option of the target");
            if (option != "debug" && option != "texmode_unified" && option != "texmode_independent")
                in_.fail("unsupported option '" + std::string(option) + "' of the target");
        }
        checkTarget(module_, options_, line);
        if (!in_.acceptDotted("address_size"))
            in_.fail("expected .address_size behind .target but found " + in_.shown());
        if (const uint64_t size = in_.integer("an address size"); size != 64)
            in_.fail(".address_size " + std::to_string(size) + " is not supported, only 64");
    }

    // "8.7" is a decimal number to the lexer.
    void version() {
        const Token token = in_.next();
        const std::string_view text = token.text;
        if (token.kind != Token::Kind::Real || text.size() != 3 || text[1] != '.')
            throw PtxError(token.line, "'" + std::string(text) + "' is no version of PTX");
        module_.version = static_cast<uint32_t>(text[0] - '0') * 10 + static_cast<uint32_t>(text[2] - '0');
        if (module_.version > options_.maxVersion)
            throw UnsupportedVersionError(token.line, "unsupported .version " + std::string(text) +
                                                          "; this driver takes " +
                                                          std::to_string(options_.maxVersion / 10) + "." +
                                                          std::to_string(options_.maxVersion % 10) + " or less");
        if (module_.version < 60)
            throw PtxError(token.line, ".version " + std::string(text) + " is older than 6.0, the oldest known here");
    }

    void declaration() {
        if (in_.accept(';'))
            return;
        if (in_.isDotted("loc") || in_.isDotted("file"))
            return in_.skipLine();
        if (in_.acceptDotted("section"))
            return section();
        if (in_.acceptDotted("pragma")) {
            if (in_.next().kind != Token::Kind::String)
                in_.fail("expected a string behind .pragma");
            return in_.expect(';');
        }
        Linkage linkage;
        if (in_.acceptDotted("alias"))
            in_.fail("unsupported directive '.alias'");
        for (;; in_.next()) {
            if (in_.isDotted("visible") || in_.isDotted("weak") || in_.isDotted("common"))
                linkage.visible = true;
            else if (in_.isDotted("extern"))
                linkage.external = true;
            else
                break;
        }
        const std::string_view word = in_.dotted("a declaration");
        if (word == "entry" || word == "func")
            return function(word == "entry");
        const auto space = parseSpace(word);
        if (!space || (*space != Space::Global && *space != Space::Const && *space != Space::Shared))
            in_.fail("unknown directive '." + std::string(word) + "'");
        for (Variable& variable : parseVariables(in_, *space, linkage))
            add(std::move(variable));
    }

    void add(Variable variable) {
        const auto is = [&](const auto& other) { return other.name == variable.name; };
        if (std::any_of(module_.functions.begin(), module_.functions.end(), is))
            in_.fail("'" + variable.name + "' is a function already");
        const auto found = std::find_if(module_.variables.begin(), module_.variables.end(), is);
        if (found == module_.variables.end())
            module_.variables.push_back(std::move(variable));
        else if (found->external && found->space == variable.space)
            *found = std::move(variable);
        else if (!variable.external || found->space != variable.space)
            in_.fail("'" + variable.name + "' is defined twice");
    }

    // Debug information: nothing that runs needs it.
    void section() {
        if (in_.peek().kind != Token::Kind::Dotted && in_.peek().kind != Token::Kind::Name)
            in_.fail("expected the name of a .section but found " + in_.shown());
        in_.next();
        in_.expect('{');
        while (!in_.accept('}')) {
            if (in_.atEnd())
                in_.fail("a .section has no end");
            in_.next();
        }
    }

    std::vector<Parameter> parameterList() {
        std::vector<Parameter> parameters;
        in_.expect('(');
        while (!in_.accept(')')) {
            if (!parameters.empty())
                in_.expect(',');
            if (!in_.acceptDotted("param"))
                in_.fail("expected .param but found " + in_.shown());
            parameters.push_back(parseParameter(in_));
        }
        return parameters;
    }

    void function(bool entry) {
        Function function;
        const uint32_t line = in_.line();
        function.entry = entry;
        in_.acceptDotted("noreturn");
        if (!entry && in_.isPunctuation('('))
            function.results = parameterList();
        function.name = in_.name("the name of a function");
        if (in_.isPunctuation('('))
            function.parameters = parameterList();
        function.parameterBytes = layOut(function.parameters, line);
        layOut(function.results, line);
        performance(function);
        const bool prototype = in_.accept(';');
        if (!prototype && !in_.accept('{'))
            in_.fail("expected '{' or ';' behind the head of '" + function.name + "' but found " + in_.shown());
        define(std::move(function), prototype);
    }

    void define(Function function, bool prototype) {
        const auto is = [&](const auto& other) { return other.name == function.name; };
        if (std::any_of(module_.variables.begin(), module_.variables.end(), is))
            in_.fail("'" + function.name + "' is a variable already");
        auto found = std::find_if(module_.functions.begin(), module_.functions.end(), is);
        if (found != module_.functions.end() && (found->entry != function.entry || !agree(*found, function)))
            in_.fail("'" + function.name + "' is declared in two ways");
        if (prototype) {
            if (found == module_.functions.end())
                module_.functions.push_back(std::move(function));
            return;
        }
        if (found == module_.functions.end()) {
            module_.functions.push_back(function); // a head, so that it can call itself
            found = module_.functions.end() - 1;
        } else if (found->defined) {
            in_.fail("'" + function.name + "' is defined twice");
        }
        FunctionParser(in_, module_, function).parse();
        function.defined = true;
        *found = std::move(function);
    }

    static bool agree(const Function& a, const Function& b) {
        const auto same = [](const Parameter& x, const Parameter& y) { return x.bytes == y.bytes; };
        return std::equal(a.parameters.begin(), a.parameters.end(), b.parameters.begin(), b.parameters.end(), same) &&
               std::equal(a.results.begin(), a.results.end(), b.results.begin(), b.results.end(), same);
    }

    void performance(Function& function) {
        while (in_.peek().kind == Token::Kind::Dotted) {
            const std::string_view word = in_.next().text;
            if (word == "maxntid")
                threads(function.maxThreads);
            else if (word == "reqntid")
                threads(function.requiredThreads);
            else if (word == "reqnctapercluster")
                threads(function.requiredCluster);
            else if (word == "minnctapersm" || word == "maxnreg" || word == "maxclusterrank" ||
                     word == "maxnctapersm" || word == "abi_preserve" || word == "abi_preserve_control")
                in_.integer("a number");
            else if (word == "pragma") {
                if (in_.next().kind != Token::Kind::String)
                    in_.fail("expected a string behind .pragma");
                in_.expect(';');
            } else if (word != "noreturn" && word != "explicitcluster" && word != "blocksareclusters")
                in_.fail("unknown directive '." + std::string(word) + "' of a function");
        }
    }

    void threads(std::array<uint32_t, 3>& out) {
        out = {1, 1, 1};
        for (size_t i = 0; i < 3; ++i) {
            const uint64_t count = in_.integer("a count of threads");
            if (count == 0 || count > 65535)
                in_.fail(std::to_string(count) + " is no count of threads");
            out[i] = static_cast<uint32_t>(count);
            if (!in_.accept(','))
                return;
        }
        in_.fail("more than three counts of threads");
    }

    TokenStream in_;
    const LoadOptions& options_;
    Module module_;
};

} // namespace

Module parseModule(std::string_view text, const LoadOptions& options) {
    return ModuleParser(text, options).parse();
}

} // namespace halyard::softcuda::ptx
