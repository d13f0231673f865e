#include "train/combine.hpp"

#include <torch/torch.h>

namespace autonba {
namespace {

/// ⟨a, b⟩ of two maps, without a copy where both are channels_last.
torch::Tensor inner_product(const torch::Tensor& a, const torch::Tensor& b) {
  const auto values = [](const torch::Tensor& map) { return map.movedim(1, -1).reshape(-1); };
  return at::dot(values(a), values(b));
}

class Combine : public torch::autograd::Function<Combine> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& executed,
                               const torch::Tensor& /*probabilities*/, const std::vector<torch::Tensor>& alternatives) {
    std::vector<torch::Tensor> outputs = {executed};
    outputs.insert(outputs.end(), alternatives.begin(), alternatives.end());
    context->save_for_backward(outputs);

    return executed;
  }

  static std::vector<torch::Tensor> backward(torch::autograd::AutogradContext* context,
                                             const std::vector<torch::Tensor>& gradients) {
    const torch::Tensor& gradient = gradients[0];
    std::vector<torch::Tensor> products;
    for (const torch::Tensor& output : context->get_saved_variables()) {
      products.push_back(inner_product(gradient, output));
    }
    return {gradient, torch::stack(products), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor combine(const torch::Tensor& executed, const std::vector<torch::Tensor>& alternatives,
                      const torch::Tensor& probabilities) {
  return Combine::apply(executed, probabilities, alternatives);
}

}  // namespace autonba
