#include "base/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace autonba {
namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

Rng make_rng(std::uint64_t seed, std::string_view purpose, std::uint64_t index) {
  std::uint64_t state = mix(seed + 0x9e3779b97f4a7c15ULL);
  for (const char c : purpose) {
    state = mix(state ^ static_cast<unsigned char>(c));
  }
  return Rng{mix(state ^ mix(index + 0x632be59bd9b4e019ULL))};
}

std::uint64_t next_bits(Rng& rng) {
  rng.state += 0x9e3779b97f4a7c15ULL;
  return mix(rng.state);
}

double uniform(Rng& rng) {
  return static_cast<double>(next_bits(rng) >> 11) * 0x1.0p-53;
}

std::uint64_t uniform_index(Rng& rng, std::uint64_t count) {
  const std::uint64_t excess = -count % count;  // 2^64 mod count: values below it would favour small results
  std::uint64_t bits = next_bits(rng);
  while (bits < excess) {
    bits = next_bits(rng);
  }
  return bits % count;
}

double normal(Rng& rng) {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform(rng)));
  return radius * std::cos(2.0 * std::numbers::pi * uniform(rng));
}

double gumbel(Rng& rng) {
  const double u = uniform(rng) + 0x1.0p-54;  // never 0, never 1
  return -std::log(-std::log(u));
}

std::vector<std::int64_t> permutation(Rng& rng, std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[uniform_index(rng, i)]);
  }
  return order;
}

}  // namespace autonba
