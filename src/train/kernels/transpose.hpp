#pragma once

#include <cstddef>

namespace autonba::kernels {

/// The channels of each of `pixels` pixels, seen as a matrix of rows × columns, transposed: the shuffle of as many
/// groups as there are rows, and its inverse. `to` is not `from`.
void transpose_channels(const float* from, std::size_t pixels, std::size_t rows, std::size_t columns, float* to);

}  // namespace autonba::kernels
