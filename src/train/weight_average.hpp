#pragma once

#include <cstdint>
#include <string>

#include "train/tensor_archive.hpp"

namespace autonba {

/// The exponential moving average of a net's tensors over the steps of a training (Polyak and Juditsky, 1992).
class WeightAverage {
 public:
  /// Of `tensors`, which stay shared with the net. Each step `decay` of the average stays; less in the first steps, in
  /// which it is min(decay, (1 + t) / (10 + t)), so that the start is forgotten.
  WeightAverage(NamedTensors tensors, double decay);

  /// To be called after every step.
  void update();
  /// Exchanges what the net holds with the average.
  void swap();

  /// Averages and the number of steps. restore() throws InputError, naming `file`, unless the bytes came from save()
  /// for the same tensors.
  std::string save() const;
  void restore(const std::string& bytes, const std::string& file);

 private:
  NamedTensors averages() const;

  NamedTensors tensors_;
  double decay_;
  std::vector<torch::Tensor> average_;
  torch::Tensor steps_;  // int64 [1]
};

}  // namespace autonba
