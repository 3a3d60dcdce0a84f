/*
 * counter.cc: objects with constructors and virtual functions, at their start and without a
 * language's library.
 */
#include "sample.h"

namespace {

int made = 0;

class Counter {
  public:
    Counter() {
        made++;
    }
    virtual int value() const = 0;
};

class Made : public Counter {
  public:
    int value() const override {
        return made;
    }
};

Made first, second;

} // namespace

/* Called where a purely virtual function would be: never. */
extern "C" void __cxa_pure_virtual() {
    __builtin_trap();
}

int counter_value() {
    const Counter *volatile counter = &second;
    return counter->value();
}
