#pragma once

#include <cstddef>
#include <span>

#include "train/kernels/mixture.hpp"

/// Batch normalisation of maps stored as [rows, C] (NHWC; a row is a pixel), fused with ReLU and a mixture of
/// bitwidths.
///
/// A kernel sees a map as a stream of floats, so that no C leaves SIMD lanes idle: what belongs to a channel is
/// repeated to a whole number of vectors, `period` floats, and a stream starts at a multiple of the period.
namespace autonba::kernels {

/// The least multiple of C that fills whole vectors of every instruction set and is long enough to hide the latency of
/// sums.
std::size_t channel_period(std::size_t channels);

/// What is normalised, and how: a = scale·z + shift for each channel, then ReLU where `relu`, then the mixture where it
/// has terms. scale and shift hold `period` floats.
struct Normalisation {
  const float* scale;
  const float* shift;
  std::size_t period;
  bool relu;
  std::span<const MixTerm> terms;
};

/// Adds to sum and sum_of_squares (`period` floats each) the values z[i] − origin[i mod period] and their squares. An
/// origin near the mean keeps the difference of the two from cancelling.
void channel_sums(const float* z, std::size_t count, std::size_t period, const float* origin, float* sum,
                  float* sum_of_squares);

/// y = mixture(relu(scale·z + shift)). y may be z.
void normalise(const float* z, std::size_t count, const Normalisation& normalisation, float* y);

/// With h the gradient to a: adds h to sum and h·(z − origin) to moment, `period` floats each. With `mix_sums` not
/// null, adds to those of each term.
void normalise_gradient_sums(const float* z, const float* g, std::size_t count, const Normalisation& normalisation,
                             const float* origin, float* sum, float* moment, MixSums* mix_sums);

/// dz = scale·h + z_factor·z + constant, where h is the gradient to a and the last two hold `period` floats.
void normalise_gradient(const float* z, const float* g, std::size_t count, const Normalisation& normalisation,
                        const float* z_factor, const float* constant, float* dz);

}  // namespace autonba::kernels
