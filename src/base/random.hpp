#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace autonba {

/// A random number generator as a value: copying it copies its future, and its whole state is one word, so that a
/// checkpoint holds it as a number. SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
/// OOPSLA 2014).
struct Rng {
  std::uint64_t state = 0;
};

/// A generator of its own for one purpose: the same seed and purpose always give the same stream, and streams of
/// different purposes or indices are independent of each other.
Rng make_rng(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

/// 64 uniform bits.
std::uint64_t next_bits(Rng& rng);

/// Uniform in [0, 1), with 53 bits.
double uniform(Rng& rng);

/// Uniform integer in [0, count), without bias. Requires count > 0.
std::uint64_t uniform_index(Rng& rng, std::uint64_t count);

/// Standard normal (Box-Muller; the second value is not kept, so the state stays one word).
double normal(Rng& rng);

/// Standard Gumbel: -log(-log(U)).
double gumbel(Rng& rng);

/// A random order of 0 .. count-1 (Fisher-Yates).
std::vector<std::int64_t> permutation(Rng& rng, std::int64_t count);

}  // namespace autonba
