/*
 * counter.cc: global objects with constructors and virtual functions, without a C++ library.
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

/* Called in place of a pure virtual function, which never happens. */
extern "C" void __cxa_pure_virtual() {
    __builtin_trap();
}

int counter_value() {
    const Counter *volatile counter = &second;
    return counter->value();
}
