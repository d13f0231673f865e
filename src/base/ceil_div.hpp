#pragma once

#include <concepts>
#include <type_traits>

namespace autonba {

/// ⌈value / by⌉ of value ≥ 0 and by > 0. Unsigned, which is faster to divide.
template <std::integral Value, std::integral By>
constexpr std::common_type_t<Value, By> ceil_div(Value value, By by) {
  using Common = std::common_type_t<Value, By>;
  using Unsigned = std::make_unsigned_t<Common>;
  return static_cast<Common>((static_cast<Unsigned>(value) + static_cast<Unsigned>(by) - 1) /
                             static_cast<Unsigned>(by));
}

}  // namespace autonba
