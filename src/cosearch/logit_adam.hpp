#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace autonba {

/// Adam (Kingma and Ba, 2015) for one vector of logits of which a step touches a few: the moments and the step count of
/// a logit advance only when it is active, and the active ones are then shifted by logsumexp(old) - logsumexp(new), so
/// that their share of the probability stays what it was and the others do not drift.
struct LogitAdam {
  std::vector<double> first;  // moments [logit]
  std::vector<double> second;
  std::vector<std::int64_t> steps;  // updates that each logit had
  friend bool operator==(const LogitAdam&, const LogitAdam&) = default;
};

LogitAdam make_logit_adam(std::size_t size);

struct LogitAdamOptions {
  double learning_rate = 3e-4;
  double beta1 = 0.5;
  double beta2 = 0.999;
};

/// One step on the logits at `active`.
void update(LogitAdam& adam, const LogitAdamOptions& options, std::span<const int> active,
            std::span<const double> gradient, std::span<double> logits);

}  // namespace autonba
