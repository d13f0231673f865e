#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autonba {

/// "a, b or c"; with one item just that item.
std::string any_of(std::span<const std::string> items);

/// The candidate with the least edit distance to `word`, where that is at most a third of the word's length (at least
/// 2): what the user probably meant.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t value);

/// `seconds` as a person says it: "12 s", "3 min 05 s", "2 h 10 min".
std::string spoken_duration(double seconds);

}  // namespace autonba
