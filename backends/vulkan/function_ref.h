// A function that is called before the call it was passed to returns: std::function without the copy and its memory.
#pragma once

#include <type_traits>

namespace halyard::vulkan {

template <typename Signature> class FunctionRef;

template <typename Return, typename... Arguments> class FunctionRef<Return(Arguments...)> {
public:
    template <typename Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>) FunctionRef(Callable&& callable)
        : object_(&callable), call_([](const void* object, Arguments... arguments) -> Return {
              return (*static_cast<const std::remove_reference_t<Callable>*>(object))(arguments...);
          }) {}
    Return operator()(Arguments... arguments) const { return call_(object_, arguments...); }

private:
    const void* object_;
    Return (*call_)(const void* object, Arguments... arguments);
};

} // namespace halyard::vulkan
