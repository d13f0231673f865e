#pragma once

#include <algorithm>
#include <cmath>

namespace autonba {

/// Mean and standard deviation of what comes in, older values forgotten.
class RunningMean {
 public:
  /// `rate`: weight of the new value; the first ones weigh alike.
  void add(double value, double rate) {
    ++count_;
    const double step = std::max(rate, 1.0 / count_);
    const double difference = value - mean_;
    mean_ += step * difference;
    variance_ += step * (difference * difference - variance_);
  }
  double standardised(double value) const { return (value - mean_) / std::sqrt(variance_ + 1e-9); }

 private:
  double count_ = 0;
  double mean_ = 0;
  double variance_ = 0;
};

}  // namespace autonba
