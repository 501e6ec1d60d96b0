#include "api/device_filter.h"

#include <algorithm>
#include <charconv>

namespace halyard {
namespace {

constexpr std::string_view kUuidPrefix = "uuid:";

int rank(HyDeviceType type) {
    switch (type) {
    case HY_DEVICE_TYPE_DISCRETE_GPU:
        return 0;
    case HY_DEVICE_TYPE_INTEGRATED_GPU:
        return 1;
    case HY_DEVICE_TYPE_CPU:
        return 3;
    case HY_DEVICE_TYPE_EMULATED:
        return 4;
    default:
        return 2;
    }
}

// All zero: the driver does not tell.
bool hasUuid(const HyDeviceProperties& device) {
    return std::any_of(std::begin(device.uuid), std::end(device.uuid), [](uint8_t byte) { return byte != 0; });
}

std::string uuidText(const Device& device) {
    std::string text;
    for (const uint8_t byte : device.properties.uuid)
        text += fmt::format("{:02x}", byte);
    return text;
}

bool matches(const Device& device, std::string_view selector, size_t position) {
    if (selector.starts_with(kUuidPrefix))
        return hasUuid(device.properties) && uuidText(device) == selector.substr(kUuidPrefix.size());
    size_t index = 0;
    const auto [end, fault] = std::from_chars(selector.data(), selector.data() + selector.size(), index);
    if (fault == std::errc() && end == selector.data() + selector.size())
        return index == position;
    return selector == device.properties.selector || selector == device.backend->name;
}

// Processors and software devices are no hardware of their own: several backends may have one on the same machine.
bool isSameHardware(const HyDeviceProperties& a, const HyDeviceProperties& b) {
    const auto isHardware = [](const HyDeviceProperties& device) {
        return device.type != HY_DEVICE_TYPE_CPU && device.type != HY_DEVICE_TYPE_EMULATED;
    };
    if (!isHardware(a) || !isHardware(b))
        return false;
    if (hasUuid(a) && std::equal(std::begin(a.uuid), std::end(a.uuid), std::begin(b.uuid)))
        return true;
    return a.pciBus != ~0u && a.pciDomain == b.pciDomain && a.pciBus == b.pciBus && a.pciDevice == b.pciDevice &&
           a.pciFunction == b.pciFunction;
}

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

} // namespace

void sortDevices(std::vector<std::unique_ptr<Device>>& devices) {
    std::stable_sort(devices.begin(), devices.end(),
                     [](const auto& a, const auto& b) { return rank(a->properties.type) < rank(b->properties.type); });
}

size_t moveDuplicatesBack(std::vector<std::unique_ptr<Device>>& devices, Log& log) {
    std::vector<std::unique_ptr<Device>> kept;
    std::vector<std::unique_ptr<Device>> duplicates;
    for (auto& device : devices) {
        const auto original = std::find_if(kept.begin(), kept.end(), [&](const auto& other) {
            return other->backend != device->backend && isSameHardware(other->properties, device->properties);
        });
        if (original == kept.end()) {
            kept.push_back(std::move(device));
            continue;
        }
        log.info("core", "{} is the same device as {}: name it to use it", device->properties.selector,
                 (*original)->properties.selector);
        duplicates.push_back(std::move(device));
    }
    const size_t count = kept.size();
    std::move(duplicates.begin(), duplicates.end(), std::back_inserter(kept));
    devices = std::move(kept);
    return count;
}

int findDevice(const std::vector<std::unique_ptr<Device>>& devices, std::string_view selector) {
    for (size_t i = 0; i < devices.size(); ++i) {
        if (matches(*devices[i], selector, i))
            return static_cast<int>(i);
    }
    return -1;
}

HyResult filterDevices(std::vector<std::unique_ptr<Device>>& devices, std::string_view list, const char* argument,
                       Log& log) {
    std::vector<size_t> order;
    for (std::string_view rest = list; !rest.empty();) {
        const size_t comma = rest.find(',');
        const std::string_view entry = trim(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
        bool any = entry.empty();
        for (size_t i = 0; i < devices.size(); ++i) {
            if (!entry.empty() && matches(*devices[i], entry, i)) {
                any = true;
                if (std::find(order.begin(), order.end(), i) == order.end())
                    order.push_back(i);
            }
        }
        if (!any)
            log.warning("core", "{}: nothing matches '{}'; there are: {}", argument, entry, listDevices(devices));
    }
    if (order.empty()) {
        return fail(HY_ERROR_NOT_FOUND, argument, "name one of the devices there are, or see halyard-info --why",
                    "{}='{}' matches no device; there are: {}", argument, list, listDevices(devices));
    }
    std::vector<std::unique_ptr<Device>> kept;
    for (const size_t index : order)
        kept.push_back(std::move(devices[index]));
    devices = std::move(kept);
    return HY_SUCCESS;
}

std::string listDevices(const std::vector<std::unique_ptr<Device>>& devices) {
    std::string text;
    for (const auto& device : devices)
        text += (text.empty() ? "" : ", ") + std::string(device->properties.selector);
    return text.empty() ? "none" : text;
}

} // namespace halyard
