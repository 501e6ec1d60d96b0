#include "shared_event.h"

#include "stream.h"

namespace halyard::cuda {

common::SharedCounters::Growth SharedEvent::mirror() {
    return [this](uint32_t lane, uint64_t value) {
        uint64_t ignored = 0;
        timelines_[lane].raise(value, ignored);
    };
}

void SharedEvent::adoptCounters() {
    recordings_ = std::make_unique<common::SharedRecordings>(*counters_);
    for (uint32_t lane = 0; lane < counters_->lanes(); ++lane) {
        uint64_t ignored = 0;
        timelines_[lane].raise(counters_->value(lane), ignored);
    }
}

HyResult SharedEvent::create(const Host& host, std::shared_ptr<SharedEvent>& out) {
    auto made = std::make_shared<SharedEvent>();
    common::Fault fault;
    if (!common::SharedCounters::create(kSharedOwner, common::SharedKind::Event, 0, made->mirror(), made->counters_,
                                        fault))
        return host.fail(describeFault(fault));
    made->adoptCounters();
    out = std::move(made);
    return HY_SUCCESS;
}

HyResult SharedEvent::adopt(const Host& host, FileDescriptor file, std::shared_ptr<SharedEvent>& out) {
    auto made = std::make_shared<SharedEvent>();
    common::Fault fault;
    if (!common::SharedCounters::adopt(kSharedOwner, common::SharedKind::Event, std::move(file), made->mirror(),
                                       made->counters_, fault))
        return host.fail(describeFault(fault));
    made->adoptCounters();
    out = std::move(made);
    return HY_SUCCESS;
}

HyResult SharedEvent::holdUp(Stream& stream, const Place& place) {
    if (const int error = counters_->follow("hy-cuda-share"); error != 0)
        return stream.device().host().fail(describeFault(common::followFault(error)));
    if (counters_->value(place.lane) >= place.number)
        return HY_SUCCESS;
    return stream.waitFor(timelines_[place.lane], place.number, shared_from_this());
}

} // namespace halyard::cuda
